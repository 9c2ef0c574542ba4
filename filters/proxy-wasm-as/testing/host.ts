import { hostFunctions, status } from "../abi/table.ts";
import { readPairs, writePairs } from "./pairs.ts";

/** A header as name and value; values may be bytes that are not UTF-8. */
export type Header = readonly [string, string | Uint8Array];

/** How the host is set up. */
export interface HostOptions {
  readonly configuration?: string;
  readonly pluginName?: string;
  /** What happens when the module fails: `closed` answers 503, `open` lets requests pass. Default `closed`. */
  readonly failure?: "closed" | "open";
  /** How many workers, each with an instance of its own; requests go to them in turn. Default 1. */
  readonly workers?: number;
}

/** One request. Properties are named as `source.address`. */
export interface HostRequest {
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** An answer by the filter itself. */
export interface LocalReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly details: string;
}

/** A line of the filter's log; level 0 is trace and 5 critical. */
export interface LogLine {
  readonly level: number;
  readonly message: string;
}

/** What became of a request. */
export interface HostResult {
  readonly action: "continue" | "stop";
  readonly requestHeaders: readonly (readonly [string, string])[];
  /** The same with the bytes as they are, where `requestHeaders` shows U+FFFD for what is not UTF-8. */
  readonly requestHeaderBytes: readonly (readonly [string, Uint8Array])[];
  readonly localReply?: LocalReply;
  readonly logs: readonly LogLine[];
  /** Host functions called, in order; foreign functions as `call_foreign_function:NAME`. */
  readonly calls: readonly string[];
}

/** A module in a host that behaves as Envoy does, as far as request headers go. */
export interface Host {
  /** Why the plugin did not start or has failed; null when it runs. */
  readonly failure: string | null;
  /** Lines said while starting and configuring. */
  readonly logs: readonly LogLine[];
  /** Pages of 64 KiB that the instances have, together. */
  readonly memoryPages: number;
  /** The metrics that the module defined, with what all instances made of them. */
  readonly metrics: ReadonlyMap<string, number>;
  request(request: HostRequest): HostResult;
  /** A new configuration beside the old one in the same VMs, as Envoy does it; false when refused. */
  configure(configuration: string): boolean;
}

/** Start a module: `_initialize`, `proxy_on_vm_start`, `proxy_on_configure`. Throws only on bytes that are no module. */
export function createHost(bytes: Uint8Array, options: HostOptions = {}): Host {
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const metrics = new Metrics();
  const workers = Array.from({ length: options.workers ?? 1 }, () => new Worker(module, options, metrics));
  let turn = 0;
  return {
    get failure() {
      return workers.map((worker) => worker.failure).find((failure) => failure !== null) ?? null;
    },
    get logs() {
      return workers.flatMap((worker) => worker.startLogs);
    },
    get memoryPages() {
      return workers.reduce((sum, worker) => sum + worker.pages(), 0);
    },
    get metrics() {
      return metrics.values;
    },
    request(request) {
      const worker = workers[turn++ % workers.length];
      if (worker === undefined) throw new Error("a host has one worker at least");
      return worker.request(request);
    },
    configure: (configuration) => workers.map((worker) => worker.configure(configuration)).every(Boolean),
  };
}

type Callback = (...args: number[]) => number | undefined;
/** What an import is called with: 64-bit integers come as bigints. */
type Import = (...args: (number | bigint)[]) => number | undefined;

const encoder = new TextEncoder();
const bytesOf = (value: string | Uint8Array): Uint8Array =>
  typeof value === "string" ? encoder.encode(value) : value;
const textOf = (value: Uint8Array): string => new TextDecoder().decode(value);

// What may be called while the host itself is calling the allocator or `_initialize`.
const restrictedAllowed = new Set(["proxy_log"]);

/** Metrics are Envoy's, not a worker's. An id says the kind in its last two bits, as there. */
class Metrics {
  readonly values = new Map<string, number>();
  private readonly names = new Map<number, string>();

  define(kind: number, name: string): number {
    if (!this.values.has(name)) this.values.set(name, 0);
    const id = (this.names.size + 1) * 4 + kind;
    this.names.set(id, name);
    return id;
  }

  get(id: number): number | undefined {
    return this.values.get(this.names.get(id) ?? "");
  }

  set(id: number, value: number): void {
    const name = this.names.get(id);
    if (name !== undefined) this.values.set(name, value);
  }
}

class Worker {
  failure: string | null = null;
  readonly startLogs: LogLine[] = [];
  private readonly options: HostOptions;
  private readonly metrics: Metrics;
  private exports: WebAssembly.Exports = {};
  private logs: LogLine[] = this.startLogs;
  private calls: string[] = [];
  private headers: [string, Uint8Array][] | null = null;
  private properties: Readonly<Record<string, string>> = {};
  private reply: LocalReply | undefined;
  private restricted = false;
  private configuration = "";
  private nextId = 1;
  private root = 0;

  constructor(module: WebAssembly.Module, options: HostOptions, metrics: Metrics) {
    this.options = options;
    this.metrics = metrics;
    this.guard(() => {
      const env: Record<string, Import> = {};
      for (const name of Object.keys(hostFunctions))
        env[name] = (...args) => this.call(name, args.map(Number));
      const wasi = { fd_write: () => 0, proc_exit: () => undefined };
      this.exports = new WebAssembly.Instance(module, { env, wasi_snapshot_preview1: wasi }).exports;
      this.restricted = true;
      this.enter("_initialize");
      this.enter("_start");
      this.restricted = false;
    });
    this.configure(options.configuration ?? "");
  }

  pages(): number {
    return this.memory().byteLength / 65536;
  }

  configure(configuration: string): boolean {
    if (this.failure !== null) return false;
    this.logs = this.startLogs;
    const root = this.nextId++;
    this.configuration = configuration;
    const size = encoder.encode(configuration).length;
    let accepted = false;
    this.guard(() => {
      this.enter("proxy_on_context_create", root, 0);
      if (this.enter("proxy_on_vm_start", root, 0) === 0) return;
      accepted = this.enter("proxy_on_configure", root, size) !== 0;
    });
    const old = this.root;
    if (accepted) this.root = root;
    else if (old === 0) this.failure ??= "the plugin refused its configuration";
    const gone = accepted ? old : root;
    if (gone !== 0) this.guard(() => this.enter("proxy_on_delete", gone));
    return accepted;
  }

  request(request: HostRequest): HostResult {
    this.logs = [];
    this.calls = [];
    this.reply = undefined;
    this.properties = request.properties ?? {};
    this.headers = (request.headers ?? []).map(([name, value]) => [name.toLowerCase(), bytesOf(value)]);
    const id = this.nextId++;
    let action = 0;
    if (this.failure === null) {
      this.guard(() => {
        this.enter("proxy_on_context_create", id, this.root);
        const eos = request.body === undefined ? 1 : 0;
        action = this.enter("proxy_on_request_headers", id, this.headers?.length ?? 0, eos) ?? 0;
        if (request.body !== undefined && action === 0 && this.reply === undefined) {
          action = this.enter("proxy_on_request_body", id, encoder.encode(request.body).length, 1) ?? 0;
        }
        this.enter("proxy_on_done", id);
        this.enter("proxy_on_delete", id);
      });
    }
    if (this.failure !== null && this.options.failure !== "open") {
      this.reply = { status: 503, headers: [], body: "", details: "wasm_fail_stream" };
    }
    const passed = this.failure !== null && this.options.failure === "open";
    const requestHeaderBytes = this.headers;
    const requestHeaders = requestHeaderBytes.map(([name, value]) => [name, textOf(value)] as const);
    this.headers = null;
    // Replies are held back until the callback is over, and stop the request whatever it returned.
    const stops = !passed && (this.reply !== undefined || action === 1);
    return {
      action: stops ? "stop" : "continue",
      requestHeaders,
      requestHeaderBytes,
      ...(this.reply !== undefined && !passed ? { localReply: this.reply } : {}),
      logs: this.logs,
      calls: this.calls,
    };
  }

  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.logs.push({ level: 5, message: `wasm failed: ${this.failure}` });
    }
  }

  private enter(name: string, ...args: number[]): number | undefined {
    const callback = this.exports[name];
    return typeof callback === "function" ? (callback as Callback)(...args) : undefined;
  }

  private memory(): ArrayBuffer {
    const memory = this.exports["memory"];
    return memory instanceof WebAssembly.Memory ? memory.buffer : new ArrayBuffer(0);
  }

  private read(pointer: number, size: number): Uint8Array {
    return new Uint8Array(this.memory(), pointer >>> 0, size >>> 0).slice();
  }

  private store(pointer: number, value: number): void {
    new DataView(this.memory()).setUint32(pointer >>> 0, value, true);
  }

  /** Hand bytes over: in memory that the module allocates, and nothing is allocated for nothing. */
  private give(value: Uint8Array, pointer: number, size: number): number {
    let at = 0;
    if (value.length > 0) {
      const before = this.restricted;
      this.restricted = true;
      const allocator = this.exports["malloc"] === undefined ? "proxy_on_memory_allocate" : "malloc";
      at = this.enter(allocator, value.length) ?? 0;
      this.restricted = before;
      if (at === 0) return status.invalidMemory;
      new Uint8Array(this.memory()).set(value, at >>> 0);
    }
    this.store(pointer, at);
    this.store(size, value.length);
    return status.ok;
  }

  private call(name: string, args: readonly number[]): number {
    if (this.restricted && !restrictedAllowed.has(name)) throw new Error(`restricted_callback: ${name}`);
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
    const short = name.slice("proxy_".length);
    const isForeign = name === "proxy_call_foreign_function";
    this.calls.push(isForeign ? `${short}:${textOf(this.read(a, b))}` : short);
    switch (name) {
      case "proxy_log":
        this.logs.push({ level: a, message: textOf(this.read(b, c)) });
        return status.ok;
      case "proxy_get_log_level":
        this.store(a, 2);
        return status.ok;
      case "proxy_get_header_map_value": {
        if (a !== 0 || this.headers === null) return status.badArgument;
        const key = textOf(this.read(b, c)).toLowerCase();
        const found = this.headers.find(([header]) => header === key);
        return found === undefined ? status.notFound : this.give(found[1], d, e);
      }
      case "proxy_get_header_map_pairs":
        if (a !== 0 || this.headers === null) return status.badArgument;
        return this.give(writePairs(this.headers), b, c);
      case "proxy_set_header_map_pairs":
        if (a !== 0 || this.headers === null) return status.badArgument;
        this.headers = readPairs(this.read(b, c)).map(([key, value]) => [key.toLowerCase(), value]);
        return status.ok;
      case "proxy_add_header_map_value":
      case "proxy_replace_header_map_value": {
        if (a !== 0 || this.headers === null) return status.badArgument;
        const key = textOf(this.read(b, c)).toLowerCase();
        if (name === "proxy_replace_header_map_value") this.drop(key);
        this.headers.push([key, this.read(d, e)]);
        return status.ok;
      }
      case "proxy_remove_header_map_value":
        if (a !== 0 || this.headers === null) return status.badArgument;
        this.drop(textOf(this.read(b, c)).toLowerCase());
        return status.ok;
      case "proxy_get_property": {
        const path = textOf(this.read(a, b)).replaceAll("\0", ".");
        const value = path === "plugin_name" ? (this.options.pluginName ?? "") : this.properties[path];
        return value === undefined ? status.notFound : this.give(encoder.encode(value), c, d);
      }
      case "proxy_get_buffer_bytes": {
        if (a !== 7) return status.badArgument;
        const whole = encoder.encode(this.configuration);
        return this.give(whole.subarray(b, b + c), d, e);
      }
      case "proxy_send_local_response": {
        const [, , , , , headers = 0, headersSize = 0] = args;
        this.reply ??= {
          status: a,
          details: textOf(this.read(b, c)),
          body: textOf(this.read(d, e)),
          headers: readPairs(this.read(headers, headersSize)).map(([key, value]) => [key, textOf(value)]),
        };
        return status.ok;
      }
      case "proxy_define_metric":
        if (a > 2) return status.badArgument;
        this.store(d, this.metrics.define(a, textOf(this.read(b, c))));
        return status.ok;
      case "proxy_increment_metric":
      case "proxy_record_metric": {
        const value = this.metrics.get(a);
        if (value === undefined) return status.notFound;
        const isCounter = (a & 3) === 0;
        const isIncrement = name === "proxy_increment_metric";
        // A counter only goes up, and nothing but a histogram or a gauge is recorded.
        if (isCounter ? !isIncrement || b <= 0 : isIncrement && (a & 3) === 2) return status.badArgument;
        this.metrics.set(a, isIncrement ? value + b : b);
        return status.ok;
      }
      case "proxy_get_metric": {
        const value = this.metrics.get(a);
        if (value === undefined) return status.notFound;
        new DataView(this.memory()).setBigUint64(b >>> 0, BigInt(value), true);
        return status.ok;
      }
      case "proxy_call_foreign_function":
        if (textOf(this.read(a, b)) !== "clear_route_cache") return status.notFound;
        return this.give(new Uint8Array(), e, f);
      default:
        return status.unimplemented;
    }
  }

  private drop(key: string): void {
    this.headers = (this.headers ?? []).filter(([header]) => header !== key);
  }
}
