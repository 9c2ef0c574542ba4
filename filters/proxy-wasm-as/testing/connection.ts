import { type PropertyValue, serializeProperty } from "./properties.ts";
import type { Busy, LogLine, StreamVm } from "./stream.ts";

/** Who connects. */
export interface HostConnect {
  /** The caller's, without a port. */
  readonly address: string;
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Which worker takes it, from 0. By default they take turns. */
  readonly worker?: number;
}

/** A TCP connection through the filter, open until one side or the filter closes it. */
export interface HostConnection {
  readonly isOpen: boolean;
  readonly logs: readonly LogLine[];
  /** Host functions called, in order. */
  readonly calls: readonly string[];
  /** So many bytes come from the caller; whether they went on. */
  receive(size: number): boolean;
  /** So many bytes come back from the callee; whether they went on. */
  send(size: number): boolean;
  /** The caller closes it. */
  close(): void;
}

/** A connection as its worker sees it. */
export interface WorkerConnection extends Omit<HostConnection, "logs" | "calls">, Busy {
  readonly root: number;
  /** Close it, if that was asked for in a call that is over now. */
  settle(): void;
}

const LOCAL = 1;
const REMOTE = 2;

/** Begin a connection; `ended` is called when it is over and the module has forgotten it. */
export function createConnection(
  vm: StreamVm,
  { address, properties = {} }: HostConnect,
  ended: (connection: WorkerConnection) => void,
): WorkerConnection {
  const given = new Map<string, Uint8Array>(
    Object.entries({ "source.address": `${address}:40000`, ...properties }).map(([name, value]) => [
      name,
      serializeProperty(value),
    ]),
  );
  let state: "open" | "closing" | "over" = "open";

  const connection: WorkerConnection = {
    id: vm.nextId(),
    root: vm.root,
    logs: [],
    calls: [],
    get isOpen() {
      return state === "open";
    },
    isLogging: false,
    map: () => null,
    readableMap: () => null,
    body: () => null,
    property: (path) => given.get(path),
    setProperty: (path, value) => void given.set(`wasm.${path}`, value),
    // There is no request to answer.
    reply: () => undefined,
    // Envoy closes it after the call that asked for it.
    reset() {
      if (state === "open") state = "closing";
    },
    settle,
    receive: (size) => data("proxy_on_downstream_data", size),
    send: (size) => data("proxy_on_upstream_data", size),
    close: () => over(REMOTE),
  };

  function over(by: number): void {
    if (state === "over") return;
    state = "over";
    for (const [name, ...args] of [
      ["proxy_on_downstream_connection_close", by],
      ["proxy_on_done"],
      ["proxy_on_log"],
      ["proxy_on_delete"],
    ] as const)
      if (!vm.isFailed) vm.enter(connection, name, connection.id, ...args);
    ended(connection);
  }

  function settle(): void {
    if (vm.isFailed && !vm.failsOpen && state === "open") state = "closing";
    if (state === "closing") over(LOCAL);
  }

  function data(callback: string, size: number): boolean {
    if (state !== "open") return false;
    const action = vm.isFailed ? 0 : (vm.enter(connection, callback, connection.id, size, 0) ?? 0);
    settle();
    return state === "open" && action === 0;
  }

  if (!vm.isFailed) vm.enter(connection, "proxy_on_context_create", connection.id, vm.root);
  if (!vm.isFailed) vm.enter(connection, "proxy_on_new_connection", connection.id);
  settle();
  return connection;
}
