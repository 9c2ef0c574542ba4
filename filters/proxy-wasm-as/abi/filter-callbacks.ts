/** What a callback is about: what a stream sends there or back, a new connection, the end of a stream, a call's answer, or the plugin itself. */
export type CallKind = "request" | "response" | "connection" | "end" | "answer" | "plugin";

/** How a callback that a filter exports is called. */
export interface FilterCallback {
  readonly kind: CallKind;
  /** It is for TCP connections. Default false. */
  readonly isTcp?: true;
  /** The callback of the ABI, with its parameters. */
  readonly signature: string;
  /** The parameter that says for whom it is called. */
  readonly context: "context" | "root";
  /** What the filter's own gets, in this order; it may take fewer. */
  readonly arguments: readonly string[];
  /** A function of the entry's to tell of the context first. */
  readonly before?: string;
  /** What the ABI's callback comes to for streams, for which the filter's own is not called, where it is for these as well. */
  readonly ofStreams?: string;
  /** What it may return besides nothing, and what is returned when it returns nothing. */
  readonly result?: { readonly type: "Flow" | "bool"; readonly otherwise: string };
}

const flow = { type: "Flow", otherwise: "0" } as const;

function onHeaders(kind: "request" | "response", part: "headers" | "trailers"): FilterCallback {
  const isFirst = part === "headers";
  const last = isFirst ? ", last: u32" : "";
  return {
    kind,
    signature: `proxy_on_${kind}_${part}(context: u32, _count: u32${last}): u32`,
    context: "context",
    arguments: [
      `to${kind === "request" ? "Request" : "Response"}(context)`,
      ...(isFirst ? ["last != 0"] : []),
    ],
    result: flow,
  };
}

function onData(name: string, convert: string, kind: CallKind): FilterCallback {
  return {
    kind,
    signature: `proxy_on_${name}(context: u32, size: u32, last: u32): u32`,
    context: "context",
    arguments: [`${convert}(context)`, "size", "last != 0"],
    result: flow,
  };
}

function onClose(side: "downstream" | "upstream"): FilterCallback {
  return {
    kind: side === "upstream" ? "response" : "request",
    isTcp: true,
    signature: `proxy_on_${side}_connection_close(context: u32, peer: u32): void`,
    context: "context",
    arguments: ["toConnection(context)", "peer"],
  };
}

/** All that a filter may export to be called, by the names of a filter's. `onDelete` is called by the entry's own `proxy_on_delete`. */
export const filterCallbacks: Readonly<Record<string, FilterCallback>> = {
  onVmStart: {
    kind: "plugin",
    signature: "proxy_on_vm_start(root: u32, size: u32): u32",
    context: "root",
    arguments: ["text"],
    result: { type: "bool", otherwise: "1" },
  },
  onConfigure: {
    kind: "plugin",
    signature: "proxy_on_configure(root: u32, size: u32): u32",
    context: "root",
    arguments: ["text"],
    result: { type: "bool", otherwise: "1" },
  },
  onDone: {
    kind: "plugin",
    signature: "proxy_on_done(context: u32): u32",
    context: "context",
    arguments: [],
    ofStreams: "1",
    result: { type: "bool", otherwise: "1" },
  },
  onTick: { kind: "plugin", signature: "proxy_on_tick(root: u32): void", context: "root", arguments: [] },
  onQueue: {
    kind: "plugin",
    signature: "proxy_on_queue_ready(root: u32, queue: u32): void",
    context: "root",
    arguments: ["toQueue(queue)"],
  },
  onForeign: {
    kind: "plugin",
    signature: "proxy_on_foreign_function(root: u32, id: u32, _size: u32): void",
    context: "root",
    arguments: ["id"],
  },
  onRequest: onHeaders("request", "headers"),
  onRequestBody: onData("request_body", "toRequest", "request"),
  onRequestTrailers: onHeaders("request", "trailers"),
  onResponse: onHeaders("response", "headers"),
  onResponseBody: onData("response_body", "toResponse", "response"),
  onResponseTrailers: onHeaders("response", "trailers"),
  onConnection: {
    kind: "connection",
    isTcp: true,
    signature: "proxy_on_new_connection(context: u32): u32",
    context: "context",
    arguments: ["toConnection(context)"],
    result: flow,
  },
  onData: { ...onData("downstream_data", "toConnection", "request"), isTcp: true },
  onUpstreamData: { ...onData("upstream_data", "toConnection", "response"), isTcp: true },
  onClose: onClose("downstream"),
  onUpstreamClose: onClose("upstream"),
  onLog: {
    kind: "end",
    signature: "proxy_on_log(context: u32): void",
    context: "context",
    arguments: ["toStream(context)"],
    before: "endStream",
  },
  onDelete: { kind: "end", signature: "", context: "context", arguments: ["toStream(context)"] },
};

const parameterNames: Readonly<Record<string, string>> = {
  text: "configuration: string",
  size: "size: u32",
  peer: "peer: Peer",
  id: "id: u32",
};

/** How a callback is written, in full. */
export function signatureOf(name: string): string {
  const { arguments: given = [], result } =
    (Object.hasOwn(filterCallbacks, name) && filterCallbacks[name]) || {};
  const parameters = given.map((argument) => {
    const [, type] = /^to(\w+)\(/.exec(argument) ?? [];
    if (type !== undefined) return `${type.toLowerCase()}: ${type}`;
    return parameterNames[argument] ?? "last: bool";
  });
  return `export function ${name}(${parameters.join(", ")}): ${result?.type ?? "void"} { … }`;
}
