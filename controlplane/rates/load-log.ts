import type { LoadReport } from "../server/load-report.ts";
import { type Load, type Span, spread } from "./spread.ts";

/** What is remembered of the reports of proxies: for a time, and of all of it how many requests there were. */
export interface LoadLog {
  report(report: LoadReport): void;
  /** Of this stream comes no more. */
  ended(node: string, stream: number): void;
  /** By node and target, in the time before now. */
  loads(nowMs: number): ReadonlyMap<string, ReadonlyMap<string, Load>>;
  /** Since the log began, by node and target. */
  totals(): ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface LoadLogOptions {
  readonly windowMs: number;
  /** A stream that has been silent for so long tells nothing of whether there is load. */
  readonly silentMsMax: number;
  /** Under which name the load of a cluster is added up with that of others; undefined where it is of no interest. */
  readonly targetOf: (node: string, cluster: string) => string | undefined;
}

interface NodeLog {
  /** When each stream that has not ended reported last. */
  readonly heardMs: Map<number, number>;
  readonly spans: Map<string, Span[]>;
  readonly totals: Map<string, number>;
}

export function createLoadLog({ windowMs, silentMsMax, targetOf }: LoadLogOptions): LoadLog {
  const nodes = new Map<string, NodeLog>();

  function logOf(node: string): NodeLog {
    const known = nodes.get(node);
    if (known !== undefined) return known;
    const made: NodeLog = { heardMs: new Map(), spans: new Map(), totals: new Map() };
    nodes.set(node, made);
    return made;
  }

  function forget({ heardMs, spans }: NodeLog, nowMs: number): void {
    for (const [stream, atMs] of heardMs) if (atMs < nowMs - windowMs) heardMs.delete(stream);
    for (const [target, all] of spans) {
      const left = all.filter(({ toMs }) => toMs > nowMs - windowMs);
      if (left.length === 0) spans.delete(target);
      else if (left.length < all.length) spans.set(target, left);
    }
  }

  return {
    report: ({ node, stream, atMs, clusters }) => {
      const log = logOf(node);
      forget(log, atMs);
      log.heardMs.set(stream, atMs);
      for (const { cluster, overMs, requests } of clusters) {
        const target = targetOf(node, cluster);
        if (target === undefined) continue;
        const spans = log.spans.get(target) ?? [];
        spans.push({ fromMs: atMs - overMs, toMs: atMs, requests });
        log.spans.set(target, spans);
        log.totals.set(target, (log.totals.get(target) ?? 0) + requests);
      }
    },
    ended: (node, stream) => {
      nodes.get(node)?.heardMs.delete(stream);
    },
    loads: (nowMs) =>
      new Map(
        [...nodes].map(([node, log]) => {
          forget(log, nowMs);
          // What the replicas have sent since is known of none of them before all have told.
          const heard = [...log.heardMs.values()].filter((atMs) => atMs >= nowMs - silentMsMax);
          const untilMs = Math.min(nowMs, ...heard);
          return [
            node,
            new Map(
              [...log.spans].flatMap(([target, spans]) => {
                const load = spread(spans, { fromMs: nowMs - windowMs, toMs: untilMs });
                return load === undefined ? [] : [[target, load] as const];
              }),
            ),
          ];
        }),
      ),
    totals: () => new Map([...nodes].map(([node, { totals }]) => [node, totals])),
  };
}
