import { status } from "../abi/table.ts";
import { type Buffer, splice } from "./buffer.ts";
import { bytesOf, join, noBytes } from "./bytes.ts";
import { type Context, plainContext } from "./context.ts";
import type { LogLine } from "./log-line.ts";
import {
  derivedProperty,
  givenProperty,
  type PropertyValue,
  type StreamFacts,
  serializeProperty,
} from "./properties.ts";
import type { Root } from "./root.ts";
import type { Vm } from "./vm.ts";

/** Who connects. */
export interface HostConnect {
  /** The caller's, without a port. */
  readonly address: string;
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Which worker takes it, from 0. By default they take turns. */
  readonly worker?: number;
}

/** Bytes that pass, or only how many: then each is a zero. */
export type Data = number | string | Uint8Array;

/** A TCP connection through the filter, open until the caller or the filter closes it, or the ends of both sides have gone on. */
export interface HostConnection {
  readonly isOpen: boolean;
  readonly logs: readonly LogLine[];
  /** Host functions called, in order. */
  readonly calls: readonly string[];
  /** What has gone on to the callee, and to the caller. */
  readonly received: Uint8Array;
  readonly sent: Uint8Array;
  /** So much comes from the caller, perhaps the last; whether it went on. */
  receive(data: Data, isLast?: boolean): boolean;
  /** So much comes back from the callee; whether it went on. */
  send(data: Data, isLast?: boolean): boolean;
  /** The caller closes it. */
  close(): void;
}

/** A connection as its worker sees it. */
export interface WorkerConnection extends Omit<HostConnection, "logs" | "calls" | "close">, Context {
  /** The caller closes it. */
  hangUp(): void;
  /** Close it, if that was asked for in a call that is over now. */
  settle(): void;
}

const UNKNOWN = 0;
const LOCAL = 1;
const REMOTE = 2;

/** One direction: what the filter holds of it, and what has gone on. */
interface Pipe {
  held: Uint8Array;
  passed: Uint8Array;
  isAtHand: boolean;
  /** Its end has come, and has gone on. */
  hasEnded: boolean;
  isThrough: boolean;
}

/** Begin a connection; `ended` is called when it is over and the module has forgotten it. */
export function createConnection(
  vm: Vm,
  root: Root,
  { address, properties = {} }: HostConnect,
  ended: (connection: WorkerConnection) => void,
): WorkerConnection {
  const given = { "source.address": `${address}:40000`, ...vm.parts.properties, ...properties };
  const filterState = new Map<string, Uint8Array>();
  const startedAt = vm.parts.proxy.loop.now;
  let arrived = 0;
  const pipe = (): Pipe => ({
    held: noBytes,
    passed: noBytes,
    isAtHand: false,
    hasEnded: false,
    isThrough: false,
  });
  const down = pipe();
  const up = pipe();
  let endedFirst: Pipe | undefined;
  let state: "open" | "closing" | "over" = "open";
  const failsOpen = root.plugin.failure === "open";

  const bufferOf = (way: Pipe): Buffer => ({
    bytes: way.held,
    set(start, size, value) {
      const spliced = splice(way.held, start, size, value);
      if (spliced === undefined) return status.badArgument;
      way.held = spliced;
      return status.ok;
    },
  });
  /** Of what the filter closes in its callback, and of what it fails on, nothing goes on. */
  const isPassing = (): boolean => state === "open" && (vm.failure === null || failsOpen);
  const pass = (way: Pipe): void => {
    way.passed = join(way.passed, way.held);
    way.held = noBytes;
    if (!way.hasEnded || way.isThrough) return;
    way.isThrough = true;
    endedFirst ??= way;
  };
  /** With both ends the server's connection is over, and Envoy closes the client's: what the filter holds of the server's is lost. */
  const closeEnded = (): void => {
    if (state === "open" && down.isThrough && up.hasEnded) over(endedFirst === up ? REMOTE : LOCAL);
  };

  /** What Envoy says of a request, and of an answer, where there are none. */
  const facts = (): StreamFacts => ({
    requestHeaders: null,
    isLogging: false,
    responseCode: undefined,
    requestSize: arrived,
    responseHeaders: null,
    responseTrailers: null,
    responseSize: up.passed.length,
    startedAt,
    now: vm.parts.proxy.loop.now,
    codeDetails: undefined,
    flags: 0n,
    filterState: (name) => filterState.get(name),
  });

  const connection: WorkerConnection = {
    ...plainContext,
    id: vm.nextId(),
    root,
    logs: [],
    calls: [],
    get isOpen() {
      return state === "open";
    },
    get received() {
      return down.passed;
    },
    get sent() {
      return up.passed;
    },
    buffer(kind) {
      const way = kind === 2 ? down : kind === 3 ? up : undefined;
      return way?.isAtHand ? bufferOf(way) : null;
    },
    property(key) {
      const told = givenProperty(given, key) ?? derivedProperty(key, facts());
      if (told !== undefined) return serializeProperty(told);
      return key.includes("\0") ? undefined : filterState.get(`wasm.${key}`);
    },
    setProperty(name, value) {
      filterState.set(`wasm.${name}`, value);
      return status.ok;
    },
    resume(kind) {
      if (kind === 3) return status.unimplemented;
      if (kind === 2)
        vm.after(() => {
          if (isPassing()) pass(down);
          closeEnded();
        });
      return status.ok;
    },
    setFilterState(path, value) {
      if (!path.startsWith("envoy.")) return status.notFound;
      filterState.set(path, value);
      return status.ok;
    },
    // Envoy closes it after the call that asked for it, which may be a timer's or the answer to a call.
    close(kind) {
      if (kind > 1 && state === "open") {
        state = "closing";
        vm.after(settle);
      }
      return status.ok;
    },
    settle,
    receive(bytes, isLast = false) {
      const went = data("proxy_on_downstream_data", down, bytes, isLast);
      closeEnded();
      return went;
    },
    send(bytes, isLast = false) {
      const went = data("proxy_on_upstream_data", up, bytes, isLast);
      // Envoy tells so of the callee's end.
      if (isLast && state === "open") {
        vm.enter(connection, "proxy_on_upstream_connection_close", connection.id, UNKNOWN);
        settle();
        closeEnded();
      }
      return went;
    },
    hangUp: () => over(REMOTE),
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
      vm.enter(connection, name, connection.id, ...args);
    vm.contexts.delete(connection.id);
    ended(connection);
  }

  function settle(): void {
    if (vm.failure !== null && !failsOpen && state === "open") state = "closing";
    if (state === "closing") over(LOCAL);
  }

  function data(callback: string, way: Pipe, given: Data, isLast: boolean): boolean {
    if (state !== "open") return false;
    const bytes = typeof given === "number" ? new Uint8Array(given) : bytesOf(given);
    if (way === down) arrived += bytes.length;
    // What is held comes again with more.
    way.held = join(way.held, bytes);
    way.isAtHand = true;
    way.hasEnded ||= isLast;
    const action = vm.enter(connection, callback, connection.id, way.held.length, isLast ? 1 : 0) ?? 0;
    if (action === 0 && isPassing()) {
      way.isAtHand = false;
      pass(way);
    }
    settle();
    vm.parts.proxy.loop.settle();
    return state === "open" && action === 0;
  }

  vm.contexts.set(connection.id, connection);
  vm.enter(connection, "proxy_on_context_create", connection.id, root.id);
  vm.enter(connection, "proxy_on_new_connection", connection.id);
  settle();
  vm.parts.proxy.loop.settle();
  return connection;
}
