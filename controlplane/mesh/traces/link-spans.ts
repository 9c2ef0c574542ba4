import type { Protocol } from "../mesh.ts";
import type { Observer } from "./observations.ts";
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

/** Spans of any order and from any file; the ends of a call find each other when all are there. When they were is not looked at. */
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

/** Spans by trace and id. A server may share the id of the client's span (Zipkin's B3), and is apart. */
interface Spans {
  readonly servers: ReadonlyMap<string, Kept>;
  readonly others: ReadonlyMap<string, Kept>;
}

export function createSpanLinker(observer: Observer): SpanLinker {
  const servers = new Map<string, Kept>();
  const others = new Map<string, Kept>();
  return {
    add({ trace, id, parent, service, instance, kind, protocol, peer }) {
      (kind === "server" ? servers : others).set(`${trace} ${id}`, {
        parent: parent === undefined ? undefined : `${trace} ${parent}`,
        service,
        kind,
        protocol,
        peer,
        isAnswered: false,
      });
      if (instance !== undefined) observer.instance(service, instance);
    },
    finish: () => finish({ servers, others }, observer),
  };
}

function parentOf(key: string, span: Kept, { servers, others }: Spans): Kept | undefined {
  const shared = span.kind === "server" ? others.get(key) : undefined;
  if (shared !== undefined || span.parent === undefined) return shared;
  const [client, server] = [others.get(span.parent), servers.get(span.parent)];
  return server?.service === span.service ? server : (client ?? server);
}

function finish(spans: Spans, observer: Observer): Unlinked {
  let [orphans, unnamed, toItself] = [0, 0, 0];
  const link = (span: Kept, key: string): void => {
    const parent = parentOf(key, span, spans);
    if (span.kind === "consumer") {
      // A message waits in a queue: whoever takes it out begins a path of its own.
      observer.started(span.service);
    } else if (parent === undefined) {
      if (span.parent !== undefined) orphans++;
      else if (span.kind === "server" || span.kind === undefined)
        observer.fromOutside(span.service, span.protocol ?? "http");
      else observer.started(span.service);
    } else if (parent.service !== span.service) {
      parent.isAnswered = true;
      observer.call(parent.service, span.service, span.protocol ?? parent.protocol ?? "http");
    } else if (span.kind === "server" && parent.kind === "client") {
      parent.isAnswered = true;
      toItself++;
    }
  };
  spans.servers.forEach(link);
  spans.others.forEach(link);
  for (const { service, kind, isAnswered, peer, protocol } of spans.others.values()) {
    if (isAnswered || kind === "internal" || kind === undefined) continue;
    if (peer === undefined) unnamed++;
    else if (peer === service) toItself++;
    else observer.call(service, peer, protocol ?? "http");
  }
  return { orphans, unnamed, toItself };
}
