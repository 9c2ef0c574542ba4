import { capMemory, PAGES_MAX } from "./cap-memory.ts";
import {
  checkAnswer,
  checkCallback,
  checkConfiguration,
  checkConnect,
  checkHost,
  checkMore,
  checkNanoseconds,
  checkPlugin,
  checkRequest,
  compile,
} from "./check-input.ts";
import { createClusters } from "./clusters.ts";
import type { HostConnect, HostConnection } from "./connection.ts";
import type { Fetch, FetchHandler } from "./fetches.ts";
import type { Foreign } from "./foreign.ts";
import type { GrpcCall, GrpcHandler } from "./grpc.ts";
import type { LogLine } from "./log-line.ts";
import { createMetrics } from "./metrics.ts";
import { type PluginOptions, pluginSetting } from "./plugin.ts";
import type { PropertyValue } from "./properties.ts";
import { createProxy, type VirtualProxy } from "./proxy.ts";
import type { SharedData } from "./shared-data.ts";
import type { HostRequest, HostResponse, HostResult, Stream } from "./stream.ts";
import type { HostParts } from "./vm.ts";
import { createWorker, type Worker } from "./worker.ts";

/** How the host is set up. */
export interface HostOptions extends PluginOptions {
  /** How many workers, each with an instance of its own; requests go to them in turn. Default 1. */
  readonly workers?: number;
  /** The Envoy that this host is in, for several hosts in one; by default one of its own. */
  readonly proxy?: VirtualProxy;
  /** Hosts of one proxy with the same id share their data, and find each other's queues by it. Default empty. */
  readonly vmId?: string;
  /** What the module reads in `proxy_on_vm_start`. */
  readonly vmConfiguration?: string;
  /** That of a VM id, to be shared with another host; by default that of the proxy. */
  readonly sharedData?: SharedData;
  /** Where the clock stands, in nanoseconds since 1970; it goes on only by `advance`. By default some day in 2026. */
  readonly now?: bigint;
  /** How many bytes of a body a filter may have buffered, until Envoy answers 413, or 500 where the headers are still held, or breaks off. Default 1 MiB. */
  readonly bufferLimit?: number;
  /** The memory that an instance may have, in pages of 64 KiB. Default 16,384, which is Envoy's 1 GiB. */
  readonly memoryPagesMax?: number;
  /** The least level that is logged, from 0 (trace) to 5 (critical). Default 2 (info). */
  readonly logLevel?: number;
  /** Environment variables, for WASI. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Properties of all requests and connections, such as `xds.node.id`. */
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Foreign functions besides Envoy's, or instead of them. */
  readonly foreign?: Readonly<Record<string, Foreign>>;
  /** Of `random_get`. Default 1. */
  readonly seed?: number;
  /** Said of each line of the module's, as it comes. */
  readonly onLog?: (line: LogLine, worker: number) => void;
  /** Said before each call of a host function, so that a test can let another worker go first. */
  readonly onCall?: (name: string, worker: number) => void;
}

/** A request, and what the service answers to it. */
export interface HostExchange extends HostRequest {
  readonly response?: HostResponse;
}

/** A stream that a test drives itself: it is open until `end`. */
export type HostStream = Pick<Stream, "send" | "respond" | "respondMore" | "end" | "result">;

/** One configuration of the module, which takes requests and connections. */
export interface Plugin {
  /** A request as far as the filter lets it go; nobody answers it. */
  request(request: HostRequest): HostResult;
  /** A request, the answer to it (200 by default), and the end of both. */
  exchange(exchange: HostExchange): HostResult;
  /** Begin a request; send what is left of it, answer and end it at will. */
  open(request: HostRequest): HostStream;
  /** A TCP connection, for a module that stands in front of a TCP proxy. */
  connect(connect: HostConnect): HostConnection;
  /** Enter a callback of the plugin's own context on all workers, as nothing has led to: an answer that nobody asked for. Its number comes first. */
  enter(name: string, ...args: readonly number[]): void;
  /** A new configuration beside the old one in the same VMs, as Envoy does it; false when refused. */
  configure(configuration: string): boolean;
}

/** A module in a host that behaves as Envoy does, with one plugin at least. */
export interface Host extends Plugin {
  /** Why the plugin did not start or has failed; null when it runs. */
  readonly failure: string | null;
  /** Lines said while starting and configuring. */
  readonly logs: readonly LogLine[];
  /** Pages of 64 KiB that the instances have, together. */
  readonly memoryPages: number;
  /** The metrics that the module defined, with what all instances made of them; of a histogram the number of its values. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly histograms: ReadonlyMap<string, readonly number[]>;
  readonly sharedData: SharedData;
  /** In nanoseconds since 1970. */
  readonly now: bigint;
  /** Let the clock go on, or back. */
  advance(nanoseconds: bigint): void;
  /** Another plugin in the same VMs; null when it is refused. */
  addPlugin(options: PluginOptions): Plugin | null;
  /** Make a cluster known to HTTP callouts, and answer them; without a handler the test does that, by `fetches`. `*` is every cluster that is not named. */
  onFetch(cluster: string, handler?: FetchHandler): void;
  /** HTTP callouts that nobody has answered yet. */
  readonly fetches: readonly Fetch[];
  /** Make a cluster known to gRPC, and answer: the handler is called when a call opens and of each message that the filter sends. `*` is as in `onFetch`. */
  onGrpc(cluster: string, handler?: GrpcHandler): void;
  /** Calls and streams of gRPC that are open. */
  readonly grpcCalls: readonly GrpcCall[];
  /** Do what a handler or a test has set going. */
  settle(): void;
  /** End all plugins: `proxy_on_done`, and `proxy_on_delete` unless the filter wants to be waited for. */
  stop(): void;
}

/** Start a module: `_initialize`, `proxy_on_vm_start`, `proxy_on_configure`. Throws only on what no host could be made of, such as bytes that are no module. */
export function createHost(bytes: Uint8Array, options: HostOptions = {}): Host {
  checkHost(bytes, options);
  const module = compile(capMemory(bytes, options.memoryPagesMax ?? PAGES_MAX));
  const metrics = createMetrics();
  const proxy = options.proxy ?? createProxy(options.now === undefined ? {} : { now: options.now });
  const vmId = options.vmId ?? "";
  const sharedData = options.sharedData ?? proxy.sharedData(vmId);
  const clusters = createClusters();
  let turn = 0;
  let seed = options.seed ?? 1;
  const parts: HostParts = {
    proxy,
    vmId,
    vmConfiguration: options.vmConfiguration ?? "",
    metrics,
    sharedData,
    clusters,
    foreign: options.foreign ?? {},
    properties: options.properties ?? {},
    environment: options.environment ?? {},
    logLevel: options.logLevel ?? 2,
    bufferLimit: options.bufferLimit ?? 1024 * 1024,
    random: (size) =>
      Uint8Array.from({ length: size }, () => {
        // The generator of Park and Miller.
        seed = (seed * 48_271) % 2_147_483_647;
        return seed & 0xff;
      }),
    logged: (line, worker) => options.onLog?.(line, worker),
    called: (name, worker) => options.onCall?.(name, worker),
  };
  const workers = Array.from({ length: options.workers ?? 1 }, (_, index) =>
    createWorker(module, index, parts),
  );
  const next = (index: number): Worker => {
    const worker = workers[index % workers.length];
    if (worker === undefined) throw new Error("a host has one worker at least");
    return worker;
  };
  const start = (given: PluginOptions): Plugin | null => {
    const setting = pluginSetting(given);
    const configure = (configuration: string): boolean => {
      const accepted = workers.map((worker) => worker.configure(setting, configuration)).every(Boolean);
      if (accepted) setting.configuration = configuration;
      return accepted;
    };
    const open = (request: HostRequest): HostStream => {
      checkRequest(request, workers.length);
      const { send, respond, respondMore, end, result } = next(request.worker ?? turn++).open(
        setting,
        request,
      );
      let { isUnfinished = false } = request;
      let isAnswerUnfinished = false;
      return {
        send(more) {
          checkMore("request", more, isUnfinished);
          ({ isUnfinished = false } = more);
          send(more);
        },
        respond(response) {
          checkAnswer(response);
          ({ isUnfinished: isAnswerUnfinished = false } = response);
          respond(response);
        },
        respondMore(more) {
          checkMore("response", more, isAnswerUnfinished);
          ({ isUnfinished: isAnswerUnfinished = false } = more);
          respondMore(more);
        },
        end,
        result,
      };
    };
    const plugin: Plugin = {
      request(request) {
        const stream = open(request);
        stream.end();
        return stream.result();
      },
      exchange(exchange) {
        const stream = open(exchange);
        stream.respond(exchange.response ?? {});
        stream.end();
        return stream.result();
      },
      open,
      enter(name, ...args) {
        checkCallback(name);
        for (const worker of workers) worker.enter(setting, name, ...args);
      },
      connect(connect) {
        checkConnect(connect, workers.length);
        const connection = next(connect.worker ?? turn++).connect(setting, connect);
        return {
          get isOpen() {
            return connection.isOpen;
          },
          logs: connection.logs,
          calls: connection.calls,
          get received() {
            return connection.received;
          },
          get sent() {
            return connection.sent;
          },
          receive: connection.receive,
          send: connection.send,
          close: connection.hangUp,
        };
      },
      configure(configuration) {
        checkConfiguration(configuration);
        return configure(configuration);
      },
    };
    const accepted = configure(setting.configuration);
    return accepted || given === options ? plugin : null;
  };
  const first = start(options);
  if (first === null) throw new Error("the first plugin is there even when it was refused");
  return {
    ...first,
    get failure() {
      return workers.map((worker) => worker.failure).find((failure) => failure !== null) ?? null;
    },
    get logs() {
      return workers.flatMap((worker) => worker.startLogs);
    },
    get memoryPages() {
      return workers.reduce((sum, worker) => sum + worker.pages, 0);
    },
    metrics: metrics.values,
    histograms: metrics.histograms,
    sharedData,
    get now() {
      return proxy.loop.now;
    },
    advance(nanoseconds) {
      checkNanoseconds("what `advance` takes", nanoseconds);
      proxy.loop.advance(nanoseconds);
    },
    addPlugin(given) {
      checkPlugin(given);
      return start(given);
    },
    onFetch: (cluster, handler) => clusters.onFetch(cluster, handler),
    get fetches() {
      return clusters.fetches;
    },
    onGrpc: (cluster, handler) => clusters.onGrpc(cluster, handler),
    get grpcCalls() {
      return clusters.grpcCalls;
    },
    settle: () => proxy.loop.settle(),
    stop() {
      for (const worker of workers) worker.stop();
    },
  };
}
