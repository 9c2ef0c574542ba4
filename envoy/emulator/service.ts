/** One instance of an emulated service. Its connections come from, and go to, its own address. */
export interface EmulatedService {
  readonly service: string;
  readonly version?: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Headers, in lower case, that it does not hand on though tracing libraries do; `*` are all. Default none. */
  readonly drops?: readonly string[];
  /** Made one after the other for each request. */
  readonly calls: readonly { readonly to: string; readonly protocol: Protocol }[];
  /** Of the headers that tracing libraries hand on, those that this service does. Default all. */
  readonly forwards?: readonly string[];
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
