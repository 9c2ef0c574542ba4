import type { Protocol } from "../mesh.ts";
import type { Observations } from "./observations.ts";
import type { Span, SpanKind } from "./span.ts";

/** What spans did not say. */
export interface Unlinked {
  /** Their parents are in none of the files. */
  readonly orphans: number;
  /** Calls to somebody whom neither a span of its own nor the caller names. */
  readonly unnamed: number;
  /** Calls of a service to itself, which no proxy sees. */
  readonly toItself: number;
}

/** Spans of any order and from any file; the ends of a call find each other when all are there. */
export interface SpanLinker {
  add(span: Span): void;
  /** Observe the calls. To be called once, at the end. */
  finish(): Unlinked;
}

interface Kept {
  readonly parent: string | undefined;
  readonly service: string;
  readonly kind: SpanKind | undefined;
  readonly protocol: Protocol | undefined;
  readonly peer: string | undefined;
  /** Whether the one who was called has a span of its own. */
  isAnswered: boolean;
}

export function createSpanLinker(observations: Observations): SpanLinker {
  const spans = new Map<string, Kept>();
  return {
    add({ trace, id, parent, service, instance, kind, protocol, peer, startMs, endMs }) {
      // A server may share the id of the client's span (Zipkin's B3).
      const key =
        kind === "server" && spans.has(`${trace} ${id}`) ? `${trace} ${id} server` : `${trace} ${id}`;
      spans.set(key, {
        parent: key.endsWith(" server")
          ? `${trace} ${id}`
          : parent === undefined
            ? undefined
            : `${trace} ${parent}`,
        service,
        kind,
        protocol,
        peer,
        isAnswered: false,
      });
      if (instance !== undefined) observations.instance(service, instance);
      observations.at(startMs);
      observations.at(endMs);
    },
    finish: () => finish(spans, observations),
  };
}

function finish(spans: ReadonlyMap<string, Kept>, observations: Observations): Unlinked {
  let [orphans, unnamed, toItself] = [0, 0, 0];
  for (const span of spans.values()) {
    const parent = span.parent === undefined ? undefined : spans.get(span.parent);
    if (span.kind === "consumer") {
      // A message waits in a queue: whoever takes it out begins a path of its own.
      observations.started(span.service);
    } else if (span.parent === undefined) {
      if (span.kind === "server" || span.kind === undefined)
        observations.fromOutside(span.service, span.protocol ?? "http");
      else observations.started(span.service);
    } else if (parent === undefined) {
      orphans++;
    } else if (parent.service !== span.service) {
      parent.isAnswered = true;
      observations.call(parent.service, span.service, span.protocol ?? parent.protocol ?? "http");
    } else if (span.kind === "server" && parent.kind === "client") {
      parent.isAnswered = true;
      toItself++;
    }
  }
  for (const { service, kind, isAnswered, peer, protocol } of spans.values()) {
    if (isAnswered || kind === "server" || kind === "internal" || kind === undefined) continue;
    if (peer === undefined) unnamed++;
    else if (peer === service) toItself++;
    else observations.call(service, peer, protocol ?? "http");
  }
  return { orphans, unnamed, toItself };
}
