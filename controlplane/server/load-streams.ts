import type { Refusal } from "./counts.ts";
import { framed } from "./encode.ts";
import { type LoadReport, readLoads, writeInterest } from "./load-report.ts";
import type { Call, CallEnd } from "./transport.ts";

export interface LoadStreamsOptions {
  readonly intervalMs: number;
  /** Of a node, by its client's configuration. */
  readonly clustersOf: (node: string) => ReadonlySet<string>;
  /** Why the client may not be this node, or have one more stream of `open`. */
  readonly refuses: (
    call: Call,
    node: string,
    open: number,
  ) => { readonly why: Refusal; readonly details: string } | undefined;
  readonly refuse: (call: Call, why: Refusal, details: string, node?: string) => void;
  readonly onReport: (report: LoadReport) => void;
  readonly onEnded: (node: string, stream: number) => void;
  readonly nowMs: () => number;
}

/** The streams on which clients report their load. */
export interface LoadStreams {
  readonly accept: (call: Call) => CallEnd;
  /** The node is to have other clusters: ask for them before it has them, since a client loses what it counts before it is asked. */
  readonly changed: (node: string) => void;
  readonly endNode: (node: string, end: (call: Call) => void) => void;
  readonly calls: () => Iterable<Call>;
  readonly count: () => number;
}

interface LoadStream {
  readonly call: Call;
  readonly number: number;
  readonly node: string;
  /** What the client was asked for last. */
  asked: ReadonlySet<string>;
  writable: boolean;
}

/**
 * Clusters are asked for by name. An Envoy that is asked for all of them would tell nothing of a new one's first interval; of one that it was
 * asked for before it had it, it tells all.
 */
export function createLoadStreams(options: LoadStreamsOptions): LoadStreams {
  const { intervalMs, clustersOf, onReport, onEnded, nowMs } = options;
  const streams = new Map<string, Set<LoadStream>>();
  let opened = 0;

  const all = (): LoadStream[] => [...streams.values()].flatMap((each) => [...each]);

  function ask(stream: LoadStream, clusters: ReadonlySet<string>): void {
    // A question begins the client's interval anew, so it is asked only where it is another.
    if (!stream.writable || isSame(stream.asked, clusters) || clusters.size === 0) return;
    stream.asked = clusters;
    stream.writable = stream.call.send(framed(writeInterest([...clusters].sort(), intervalMs)));
  }

  function open(call: Call, node: string): LoadStream | undefined {
    const own = streams.get(node) ?? new Set();
    const refusal =
      node === ""
        ? ({ why: "invalid_argument", details: "the first report has no node.id" } as const)
        : options.refuses(call, node, own.size);
    if (refusal !== undefined) {
      options.refuse(call, refusal.why, refusal.details, node === "" ? undefined : node);
      return undefined;
    }
    const stream: LoadStream = { call, number: ++opened, node, asked: new Set(), writable: true };
    streams.set(node, own.add(stream));
    return stream;
  }

  return {
    accept: (call) => {
      let stream: LoadStream | undefined;
      let over = false;
      const leave = (): void => {
        if (over) return;
        over = true;
        if (stream === undefined) return;
        const own = streams.get(stream.node);
        own?.delete(stream);
        if (own?.size === 0) streams.delete(stream.node);
        onEnded(stream.node, stream.number);
      };
      return {
        message: (bytes) => {
          if (over) return;
          const read = readLoads(bytes);
          if (read === undefined) {
            leave();
            options.refuse(call, "invalid_argument", "not a load report");
            return;
          }
          stream ??= open(call, read.node);
          if (stream === undefined) {
            over = true;
            return;
          }
          const { node, number, asked } = stream;
          const wanted = clustersOf(node);
          // A client that comes back still tells of what it was asked for on an earlier stream. Of what nobody asked for nothing is kept.
          const clusters = read.clusters.filter(
            ({ cluster, overMs }) => overMs > 0 && (asked.has(cluster) || wanted.has(cluster)),
          );
          if (clusters.length > 0) onReport({ node, stream: number, atMs: nowMs(), clusters });
          // The client's interval has just begun: now is the time to leave out what has gone.
          ask(stream, wanted);
        },
        drained: () => {
          if (stream === undefined) return;
          stream.writable = true;
          ask(stream, clustersOf(stream.node));
        },
        ended: leave,
      };
    },
    changed: (node) => {
      const own = streams.get(node);
      if (own === undefined) return;
      const wanted = clustersOf(node);
      for (const stream of own) {
        if ([...wanted].every((cluster) => stream.asked.has(cluster))) continue;
        ask(stream, new Set([...stream.asked, ...wanted]));
      }
    },
    endNode: (node, end) => {
      for (const { call } of [...(streams.get(node) ?? [])]) end(call);
    },
    calls: () => all().map(({ call }) => call),
    count: () => all().length,
  };
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}
