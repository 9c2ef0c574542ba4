/** One instance of an emulated service. Its connections come from, and go to, its own address. */
export interface EmulatedService {
  readonly service: string;
  readonly version?: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Headers, in lower case, that it does not hand on though tracing libraries do; `*` are all. Default none. */
  readonly drops?: readonly string[];
  /** Made for each request, in this order. */
  readonly calls: readonly EmulatedCall[];
  /** Whether calls are made all at once. Default one after the other. */
  readonly isParallel?: boolean;
  /** How often a request may pass a service that this one calls: it is not called once it has been passed so often, so that cycles in the graph end. Default once. */
  readonly passesMax?: number;
  /** Whether it keeps its connections to stores for later requests, as the clients of databases do. Default one for each request. */
  readonly keepsTcp?: boolean;
  /** What it does for each request before it calls anybody, and a store for each line. Default nothing. */
  readonly work?: Work;
  /** The headers, in lower case, that its answers show of a request. Default all. */
  readonly shows?: readonly string[];
  /** The headers, in lower case, that it hands on beside those that applications do. Default those of tracing libraries. */
  readonly forwards?: readonly string[];
}

export interface EmulatedCall {
  readonly to: string;
  readonly protocol: Protocol;
  /** The paths, without their queries, of the requests for which it is made. Default all. */
  readonly paths?: readonly string[];
}

export interface Work {
  /** Microseconds that the process computes. Default 0. */
  readonly cpuUs?: number;
  /** Whole milliseconds that the request waits meanwhile, as for a disk. Default 0. */
  readonly waitMs?: number;
}

/** `http`: HTTP/1.1. `grpc`: HTTP/2 without TLS. `tcp`: a store that answers lines. */
export type Protocol = "http" | "grpc" | "tcp";

/** What a service is asked to answer in place of its tree. */
export interface EmulatedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** In the pieces in which it is sent; none: an empty body. */
  readonly body: readonly string[];
}

/** What a service answers: what it saw, and what its callees answered. */
export interface CallTree {
  readonly service: string;
  readonly version?: string;
  /** Where the instance listens. */
  readonly address?: string;
  readonly status: number;
  /** The request's headers as this service saw them, names in lower case, each value apart. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly calls?: readonly CallTree[];
  /** Only of a call that was asked for by name: what its caller got. */
  readonly got?: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
  };
  /** Only where no service answered: what came instead. Status 0 stands for no answer at all. */
  readonly body?: string;
}
