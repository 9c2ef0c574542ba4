import { type AlibabaCall, observeCall } from "../../mesh/traces/alibaba-rows.ts";
import { createObservations, type Observations, type Observed } from "../../mesh/traces/observations.ts";
import { ownText } from "../../mesh/traces/own-text.ts";

/** What the requests into one service led to, or those for one online service where the traces name them. */
export interface FoundApplication {
  /** Of the online service, or else of the entry. */
  readonly name: string;
  /** The service that took these requests from outside. */
  readonly entry: string;
  /** How many requests it took, of which the first row was there. */
  readonly requests: number;
  readonly observed: Observed;
}

export interface Found {
  /** By name. */
  readonly applications: readonly FoundApplication[];
  /** Rows of which nobody knows whose request they were for. */
  readonly lost: number;
}

/** Takes calls in any order; its size is that of the applications and of the traces under way, whatever the size of the files. */
export interface ApplicationFinder {
  add(call: AlibabaCall): void;
  finish(): Found;
}

/** Of a trace's rows those that come after so many other traces may be lost. */
const tracesMax = 200_000;
/** Rows that wait for the first one of their trace; with more, those are lost that have waited longest. */
const waitingMax = 500_000;

interface Group {
  rows: number;
  readonly observations: Observations;
  /** Who took requests from outside, as callers and callees have written it down. */
  readonly entries: Map<string, Record<AlibabaCall["witness"], number>>;
  /** Who made the second calls, and so took the first. */
  readonly seconds: Map<string, number>;
}

interface Trace {
  entry: string | undefined;
  readonly waiting: AlibabaCall[];
}

export function createApplicationFinder(
  limits: { readonly tracesMax?: number; readonly waitingMax?: number } = {},
): ApplicationFinder {
  const most = { tracesMax, waitingMax, ...limits };
  const groups = new Map<string, Group>();
  const traces = new Map<string, Trace>();
  let waiting = 0;
  let lost = 0;

  function newTrace(id: string): Trace {
    const trace: Trace = { entry: undefined, waiting: [] };
    traces.set(ownText(id), trace);
    return trace;
  }

  function isTooMuch(): boolean {
    return traces.size > most.tracesMax || waiting > most.waitingMax;
  }

  /** Those that began first. */
  function forget(): void {
    for (const [id, trace] of traces) {
      traces.delete(id);
      waiting -= trace.waiting.length;
      lost += trace.waiting.length;
      if (!isTooMuch()) return;
    }
  }

  function take(name: string, call: AlibabaCall): void {
    const group = groups.get(name) ?? newGroup();
    groups.set(name, group);
    group.rows++;
    const { from, to, witness } = call;
    const isFirst = from === undefined || call.depth === 1;
    if (isFirst) {
      const counts = group.entries.get(to) ?? { caller: 0, callee: 0 };
      group.entries.set(to, counts);
      counts[witness]++;
    } else if (call.depth === 2) group.seconds.set(from, (group.seconds.get(from) ?? 0) + 1);
    // When it was is of no use: the placements that are compared do not weigh rates.
    observeCall(isFirst ? fromOutside(call) : call, group.observations.on("rows"));
  }

  return {
    add(call) {
      if (call.service !== undefined) return take(call.service, call);
      if (call.trace === "") {
        lost++;
        return;
      }
      const trace = traces.get(call.trace) ?? newTrace(call.trace);
      trace.entry ??= entryOf(call);
      if (trace.entry === undefined) {
        // Without the id of its trace, which would keep the row in memory.
        trace.waiting.push({ ...call, trace: "" });
        waiting++;
      } else {
        for (const each of trace.waiting) take(trace.entry, each);
        waiting -= trace.waiting.length;
        trace.waiting.length = 0;
        take(trace.entry, call);
      }
      if (isTooMuch()) forget();
    },
    finish() {
      const applications: FoundApplication[] = [];
      for (const [name, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const { rows, entries, seconds, observations } = group;
        // Both ends may have missed some, and neither has made up any.
        const requests = new Map(
          [...entries].map(([to, { caller, callee }]) => [to, Math.max(caller, callee)]),
        );
        const entry = mostNamed(requests) ?? mostNamed(seconds);
        if (entry === undefined) lost += rows;
        else
          applications.push({
            name,
            entry,
            requests: requests.get(entry) ?? 0,
            observed: observations.result(),
          });
      }
      return { applications, lost: lost + waiting };
    },
  };
}

/** The service that took a trace's request from outside, where this row says it. */
function entryOf({ from, to, depth }: AlibabaCall): string | undefined {
  if (from === undefined || depth === 1) return to;
  return depth === 2 ? from : undefined;
}

function fromOutside(call: AlibabaCall): AlibabaCall {
  return { ...call, from: undefined, fromInstance: undefined };
}

function newGroup(): Group {
  return { rows: 0, observations: createObservations(), entries: new Map(), seconds: new Map() };
}

/** Of those with the same number, the first by name: the order of rows does not matter. */
function mostNamed(counts: ReadonlyMap<string, number>): string | undefined {
  const [most] = [...counts].sort(([a, more], [b, other]) => other - more || (a < b ? -1 : 1));
  return most?.[0];
}
