import type { HostConnect, HostConnection } from "./connection.ts";
import { createMetrics } from "./metrics.ts";
import { createSharedData, type SharedData } from "./shared-data.ts";
import type { HostRequest, HostResponse, HostResult, LogLine, Stream } from "./stream.ts";
import { createWorker, type Worker } from "./worker.ts";

/** How the host is set up. */
export interface HostOptions {
  readonly configuration?: string;
  readonly pluginName?: string;
  /**
   * What happens when the module fails: `closed` answers 503, `open` lets later requests pass. The one that it failed on is
   * answered 503 either way. Default `closed`.
   */
  readonly failure?: "closed" | "open";
  /** How many workers, each with an instance of its own; requests go to them in turn. Default 1. */
  readonly workers?: number;
  /** That of a VM id, to be shared with another host; by default one of its own. */
  readonly sharedData?: SharedData;
  /** Where the clock stands, in nanoseconds since 1970; it goes on only by `advance`. By default some day in 2026. */
  readonly now?: bigint;
  /**
   * Envoy's `allow_on_headers_stop_iteration`: a filter that holds the headers back sees the body meanwhile. Without it, which is the
   * default, nothing more comes.
   */
  readonly allowOnHeadersStopIteration?: boolean;
  /** How many bytes of a body a filter may have buffered, until Envoy answers 413 or 500. Default 1 MiB. */
  readonly bufferLimit?: number;
  /** Said before each call of a host function, so that a test can let another worker go first. */
  readonly onCall?: (name: string, worker: number) => void;
}

/** A request, and what the service answers to it. */
export interface HostExchange extends HostRequest {
  readonly response?: HostResponse;
}

/** A stream that a test drives itself: it is open until `end`. */
export type HostStream = Pick<Stream, "respond" | "end" | "result">;

/** A module in a host that behaves as Envoy does, as far as one HTTP filter goes. */
export interface Host {
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
  /** A request as far as the filter lets it go; nobody answers it. */
  request(request: HostRequest): HostResult;
  /** A request, the answer to it (200 by default), and the end of both. */
  exchange(exchange: HostExchange): HostResult;
  /** Begin a request; answer and end it at will. */
  open(request: HostRequest): HostStream;
  /** A TCP connection, for a module that stands in front of a TCP proxy. */
  connect(connect: HostConnect): HostConnection;
  /** A new configuration beside the old one in the same VMs, as Envoy does it; false when refused. */
  configure(configuration: string): boolean;
}

/** Start a module: `_initialize`, `proxy_on_vm_start`, `proxy_on_configure`. Throws only on bytes that are no module. */
export function createHost(bytes: Uint8Array, options: HostOptions = {}): Host {
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const metrics = createMetrics();
  const sharedData = options.sharedData ?? createSharedData();
  let now = options.now ?? 1_780_000_000_000_000_000n;
  let turn = 0;
  const setting = {
    metrics,
    sharedData,
    pluginName: options.pluginName ?? "",
    failsOpen: options.failure === "open",
    allowsStopIteration: options.allowOnHeadersStopIteration ?? false,
    bufferLimit: options.bufferLimit ?? 1024 * 1024,
    now: () => now,
    called: (name: string, worker: number) => options.onCall?.(name, worker),
  };
  const workers = Array.from({ length: options.workers ?? 1 }, (_, index) =>
    createWorker(module, index, setting),
  );
  const configure = (configuration: string): boolean =>
    workers.map((worker) => worker.configure(configuration)).every(Boolean);
  configure(options.configuration ?? "");

  const next = (index: number): Worker => {
    const worker = workers[index % workers.length];
    if (worker === undefined) throw new Error("a host has one worker at least");
    return worker;
  };
  const open = (request: HostRequest): Stream => next(request.worker ?? turn++).open(request);
  return {
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
      return now;
    },
    advance(nanoseconds) {
      now += nanoseconds;
    },
    request(request) {
      const stream = open(request);
      stream.end();
      return stream.result();
    },
    exchange({ response, ...request }) {
      const stream = open(request);
      stream.respond(response ?? {});
      stream.end();
      return stream.result();
    },
    open,
    connect: (connect) => next(connect.worker ?? turn++).connect(connect),
    configure,
  };
}
