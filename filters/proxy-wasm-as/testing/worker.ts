import { createConnection, type HostConnect, type WorkerConnection } from "./connection.ts";
import { createGuest } from "./guest.ts";
import { bytesOf } from "./header-map.ts";
import { type Caller, importsFor } from "./imports.ts";
import type { Metrics } from "./metrics.ts";
import type { SharedData } from "./shared-data.ts";
import {
  type Busy,
  createStream,
  type HostRequest,
  type LogLine,
  type Stream,
  type StreamVm,
} from "./stream.ts";

/** What all workers of a host share. */
export interface WorkerSetting {
  readonly metrics: Metrics;
  readonly sharedData: SharedData;
  readonly pluginName: string;
  readonly failsOpen: boolean;
  readonly allowsStopIteration: boolean;
  readonly bufferLimit: number;
  now(): bigint;
  /** Said before each call of a host function, with the worker that makes it. */
  called(name: string, worker: number): void;
}

/** A thread of Envoy's with its own instance of the module, that looks at one request at a time. */
export interface Worker {
  /** Why the plugin did not start or has failed; null when it runs. */
  readonly failure: string | null;
  readonly startLogs: readonly LogLine[];
  readonly pages: number;
  configure(configuration: string): boolean;
  open(request: HostRequest): Stream;
  connect(connect: HostConnect): WorkerConnection;
}

export function createWorker(module: WebAssembly.Module, index: number, setting: WorkerSetting): Worker {
  const startLogs: LogLine[] = [];
  const { guest, begin } = createGuest();
  let failure: string | null = null;
  let configuration = "";
  let nextId = 1;
  let root = 0;
  let busy: Busy | null = null;
  let effective: Busy | null = null;
  const connections = new Map<number, WorkerConnection>();
  let isInside = false;

  const caller: Caller = {
    guest,
    get stream() {
      return effective ?? busy;
    },
    get logs() {
      return busy?.logs ?? startLogs;
    },
    get configuration() {
      return configuration;
    },
    metrics: setting.metrics,
    sharedData: setting.sharedData,
    pluginName: setting.pluginName,
    now: () => setting.now(),
    actFor(id) {
      const found = connections.get(id);
      if (found !== undefined) effective = found;
      return found !== undefined;
    },
    called(name) {
      busy?.calls.push(name);
      setting.called(name, index);
    },
  };

  /** A trap, or a host function that refuses, fails the VM for good. */
  const guarded = <T>(run: () => T): T | undefined => {
    if (isInside) throw new Error("a worker does one thing at a time: let another worker do this");
    isInside = true;
    try {
      return run();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      caller.logs.push({ level: 5, message: `wasm failed: ${failure}` });
      return undefined;
    } finally {
      isInside = false;
      effective = null;
    }
  };

  const vm: StreamVm = {
    get isFailed() {
      return failure !== null;
    },
    get root() {
      return root;
    },
    failsOpen: setting.failsOpen,
    allowsStopIteration: setting.allowsStopIteration,
    bufferLimit: setting.bufferLimit,
    nextId: () => nextId++,
    enter(stream, name, ...args) {
      busy = stream;
      try {
        return guarded(() => guest.enter(name, ...args));
      } finally {
        busy = null;
      }
    },
  };

  /** A configuration that was replaced lives until its last connection has ended. */
  function letGo(gone: number): void {
    const isUsed = [...connections.values()].some((connection) => connection.root === gone);
    if (!isUsed && failure === null) guarded(() => guest.enter("proxy_on_delete", gone));
  }

  guarded(() => begin(module, importsFor(caller)));
  return {
    get failure() {
      return failure;
    },
    startLogs,
    get pages() {
      return guest.pages;
    },
    configure(given) {
      if (failure !== null) return false;
      const next = nextId++;
      configuration = given;
      const accepted =
        guarded(() => {
          guest.enter("proxy_on_context_create", next, 0);
          if (guest.enter("proxy_on_vm_start", next, 0) === 0) return false;
          return guest.enter("proxy_on_configure", next, bytesOf(given).length) !== 0;
        }) ?? false;
      const old = root;
      if (accepted) root = next;
      else if (old === 0) failure ??= "the plugin refused its configuration";
      const gone = accepted ? old : next;
      if (gone !== 0) letGo(gone);
      for (const connection of connections.values()) connection.settle();
      return accepted;
    },
    connect(connect) {
      const connection = createConnection(vm, connect, (ended) => {
        connections.delete(ended.id);
        if (ended.root !== root) letGo(ended.root);
      });
      if (connection.isOpen) connections.set(connection.id, connection);
      return connection;
    },
    open: (request) => createStream(vm, request),
  };
}
