/** A mesh, checked: services, the calls between them, replicas, protocols, rates (design §7). */
export interface Mesh {
  readonly name: string;
  readonly identity: "none" | "address" | "mtls";
  /** `tracestate`, `baggage` or `header:NAME`. */
  readonly stateHeader: string;
  readonly services: ReadonlyMap<string, Service>;
  /** In the order of the file; `from` is never null here, calls from outside are those into entries. */
  readonly calls: readonly Call[];
  /** Who signs the JSON Web Tokens whose claims policies read, by a name of the mesh file's own. */
  readonly jwt?: ReadonlyMap<string, TokenProvider>;
  /** Whether every listener writes the access log, and not only those whose policies add tags to it. */
  readonly accessLog?: boolean;
  /** The share of the requests that a policy has denied or changed, above 0 up to 1, of which proxies log by which policies and where. Default none. */
  readonly decisionLog?: number;
  /** What makes one number of CPU and memory, where data planes say what they take. Default: `defaultPrices`. */
  readonly prices?: Prices;
}

/** What a CPU and a GiB of memory cost in the same time. Only their ratio counts. */
export interface Prices {
  readonly cpu: number;
  readonly memory: number;
}

/** In dollars an hour: what OpenCost takes where it knows no better (`configs/default.json`), prices of Google's us-central1. */
export const defaultPrices: Prices = { cpu: 0.031611, memory: 0.004237 };

/** Tokens of one issuer, and the keys that they are verified with. */
export interface TokenProvider {
  readonly issuer: string;
  /** A token has to be for one of these; empty: whoever it is for. */
  readonly audiences: readonly string[];
  /** A JSON Web Key Set, as JSON. */
  readonly jwks: string;
}

export type Protocol = "http" | "grpc" | "tcp";

/** Headers that carry an id of what a request belongs to, one of which is all that some applications hand on. */
export const idHeaders = ["traceparent", "x-request-id", "b3", "x-b3-traceid"] as const;

export type IdHeader = (typeof idHeaders)[number];

export interface Service {
  readonly name: string;
  readonly entry: boolean;
  readonly origin: boolean;
  /** All that the service hands on from a request to those that it leads to is the id in this header. Default: the state header. */
  readonly forwards?: IdHeader;
  readonly protocol: Protocol;
  /** Where the service listens; default 8080, and 6379 for TCP. */
  readonly port: number;
  readonly replicas: number;
  /** Empty when the service has no versions. */
  readonly versions: ReadonlyMap<string, { readonly replicas: number }>;
  /** `any` data plane that fits, `never` a proxy, or the name of a data plane (pinned). */
  readonly proxy: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly version?: string;
}

export interface Call {
  /** Null for a request from outside, into an entry service. */
  readonly from: string | null;
  readonly to: string;
  /** Requests per second; default 1. */
  readonly rate: number;
}
