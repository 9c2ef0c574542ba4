import type { Protocol } from "../mesh.ts";

export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

/** A span of any tracing system, with what matters to a call graph. */
export interface Span {
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  /** `namespace/name` where it says a namespace. */
  readonly service: string;
  readonly instance?: string;
  /** Absent where nothing says it. */
  readonly kind?: SpanKind;
  readonly protocol?: Protocol;
  /** Whom the span is about, as far as a caller knows. */
  readonly peer?: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What was read of one part of a file. */
export interface Read {
  readonly spans: readonly Span[];
  /** What could not be read. */
  readonly faults: readonly string[];
}
