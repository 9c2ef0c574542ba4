import type { Clusters } from "./clusters.ts";
import type { CompiledModule } from "./compiled-module.ts";
import type { Context } from "./context.ts";
import type { Timer } from "./event-loop.ts";
import type { Foreign } from "./foreign.ts";
import type { GrpcEnd } from "./grpc.ts";
import { createGuest, type Guest } from "./guest.ts";
import { importsFor } from "./imports/index.ts";
import type { LogLine } from "./log-line.ts";
import type { Metrics, MetricView } from "./metrics.ts";
import type { PropertyValue } from "./properties.ts";
import type { VirtualProxy } from "./proxy.ts";
import type { Root } from "./root.ts";
import type { SharedData } from "./shared-data.ts";

/** What all VMs of a host share. */
export interface HostParts {
  readonly proxy: VirtualProxy;
  readonly vmId: string;
  readonly vmConfiguration: string;
  readonly metrics: Metrics;
  readonly sharedData: SharedData;
  readonly clusters: Clusters;
  readonly foreign: Readonly<Record<string, Foreign>>;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly logLevel: number;
  readonly bufferLimit: number;
  /** Random bytes, the same in each run. */
  random(size: number): Uint8Array;
  /** Said of each line of the module's. */
  logged(line: LogLine, worker: number): void;
  /** Said before each call of a host function, with the worker that makes it. */
  called(name: string, worker: number): void;
}

/** An instance of the module on one worker, with all that it has under way. */
export interface Vm {
  readonly parts: HostParts;
  readonly guest: Guest;
  readonly metrics: MetricView;
  /** Whom the host functions work for: the context that was entered, or that which it acts for. */
  readonly context: Context | null;
  readonly contexts: Map<number, Context>;
  readonly grpc: Map<number, GrpcEnd>;
  readonly ticks: Map<Root, Timer>;
  /** Contexts of plugins that are over but for what `proxy_done` says. */
  readonly waiting: Set<Root>;
  readonly startLogs: LogLine[];
  failure: string | null;
  nextId(): number;
  /** The ids of HTTP callouts (0), gRPC calls (1) and gRPC streams (2) each have their own row. */
  nextCallId(kind: 0 | 1 | 2): number;
  /** Act for another context until the callback ends; false when there is none of this id. */
  actFor(id: number): boolean;
  /** When the callback has ended. */
  after(action: () => void): void;
  /** Have callbacks come while one waits for its host function, as Envoy has them of what that sets going at once. */
  nest(run: () => void): void;
  /** The filter has answered: whatever its callback returns, nothing goes on. */
  stopNext(): void;
  called(name: string): void;
  /** A line of the module's. */
  log(line: LogLine): void;
  /** Enter the module; undefined when it has no such callback, or failed. */
  enter(context: Context, name: string, ...args: number[]): number | undefined;
}

/** More than any action of the ABI, so that it stops what it is answered to. */
const STOP = 4;

export function createVm(module: CompiledModule, worker: number, parts: HostParts, startLogs: LogLine[]): Vm {
  const { guest, begin } = createGuest();
  const after: (() => void)[] = [];
  const calls = [0, 1, 2];
  let entered: Context | null = null;
  let effective: Context | null = null;
  let isInside = false;
  let isStopped = false;
  let nextId = 1;

  /** A trap, or a host function that refuses, fails the VM for good. */
  const guarded = <T>(name: string, run: () => T): T | undefined => {
    if (isInside) throw new Error("a worker does one thing at a time: let another worker do this");
    isInside = true;
    try {
      return run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // V8 names nobody. The line in the log does, as an Envoy's.
      vm.failure ??= error instanceof RangeError ? `callback ${name}: ${message}` : message;
      (entered?.logs ?? startLogs).push({ level: 5, message: `wasm failed in ${name}: ${message}` });
      return undefined;
    } finally {
      isInside = false;
      effective = null;
    }
  };

  const vm: Vm = {
    parts,
    guest,
    metrics: parts.metrics.view(),
    get context() {
      return effective ?? entered;
    },
    contexts: new Map(),
    grpc: new Map(),
    ticks: new Map(),
    waiting: new Set(),
    startLogs,
    failure: null,
    nextId: () => nextId++,
    nextCallId(kind) {
      const id = (calls[kind] ?? 0) + 4;
      calls[kind] = id;
      return id;
    },
    actFor(id) {
      const found = vm.contexts.get(id);
      // 0 is the VM, which is nobody to act for.
      if (found !== undefined || id === 0) effective = found ?? null;
      if (id === 0) return true;
      return found !== undefined;
    },
    after: (action) => void after.push(action),
    nest(run) {
      const before = { entered, effective };
      isInside = false;
      try {
        run();
      } finally {
        isInside = true;
        ({ entered, effective } = before);
      }
    },
    stopNext() {
      isStopped = true;
    },
    called(name) {
      vm.context?.calls.push(name);
      parts.called(name, worker);
    },
    log(line) {
      (vm.context?.logs ?? startLogs).push(line);
      parts.logged(line, worker);
    },
    enter(context, name, ...args) {
      if (vm.failure !== null) return undefined;
      const before = entered;
      if (!isInside) entered = context;
      let answer: number | undefined;
      try {
        answer = guarded(name, () => parts.proxy.loop.hold(() => guest.enter(name, ...args)));
      } finally {
        if (!isInside) entered = before;
      }
      const overruled = isStopped && /_(headers|body|trailers)$/.test(name);
      isStopped = false;
      for (let action = after.shift(); action !== undefined; action = after.shift()) action();
      return overruled && vm.failure === null ? STOP : answer;
    },
  };
  guarded("_initialize", () => begin(module, importsFor(vm)));
  return vm;
}
