import { hostFunctions, status, wasiFunctions } from "../abi/table.ts";
import type { Guest } from "./guest.ts";
import { bytesOf, textOf } from "./header-map.ts";
import type { Metrics } from "./metrics.ts";
import { readPairs, writePairs } from "./pairs.ts";
import type { SharedData } from "./shared-data.ts";
import type { Busy, LogLine } from "./stream.ts";

/** Whom the host functions work for: a worker and the stream that it is busy with. */
export interface Caller {
  readonly guest: Guest;
  readonly stream: Busy | null;
  readonly logs: LogLine[];
  readonly metrics: Metrics;
  readonly sharedData: SharedData;
  readonly configuration: string;
  readonly pluginName: string;
  /** In nanoseconds since 1970. */
  now(): bigint;
  /** Act for another connection until the callback ends; false when there is none of this id. */
  actFor(id: number): boolean;
  /** Said of every call before it is made. */
  called(name: string): void;
}

type Arguments = readonly [number, number, number, number, number, number, number, number];
/** What a host function does with its arguments; the status. */
type HostFunction = (caller: Caller, args: Arguments) => number;

/** All that a module can import. What Envoy has and this host does not answers UNIMPLEMENTED, which tests should not meet. */
export function importsFor(caller: Caller): WebAssembly.Imports {
  const env = Object.keys(hostFunctions).map((name) => {
    const run = functions[name];
    const call = (...args: (number | bigint)[]): number => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = args.map(Number);
      const { guest } = caller;
      if (guest.isRestricted && name !== "proxy_log") throw new Error(`restricted_callback: ${name}`);
      const short = name.slice("proxy_".length);
      const isForeign = name === "proxy_call_foreign_function";
      caller.called(isForeign ? `${short}:${textOf(guest.read(a, b))}` : short);
      return run === undefined ? status.unimplemented : run(caller, [a, b, c, d, e, f, g, h]);
    };
    return [name, call] as const;
  });
  const clock = (_id: number, _precision: bigint, time: number): number => {
    caller.guest.store64(time, caller.now());
    return 0;
  };
  const wasi = Object.keys(wasiFunctions).map(
    (name) => [name, name === "clock_time_get" ? clock : () => 0] as const,
  );
  return { env: Object.fromEntries(env), wasi_snapshot_preview1: Object.fromEntries(wasi) };
}

const PLUGIN_CONFIGURATION = 7;

/** The bytes of a buffer; null when there is none of this kind now. */
function bufferOf({ stream, configuration }: Caller, kind: number): Uint8Array | null {
  if (kind === PLUGIN_CONFIGURATION) return bytesOf(configuration);
  const body = stream?.body(kind);
  return body === undefined || body === null ? null : (body.seen ?? new Uint8Array());
}

const text = ({ guest }: Caller, pointer: number, size: number): string => textOf(guest.read(pointer, size));

const setHeader =
  (how: "add" | "replace"): HostFunction =>
  (caller, [kind, name, nameSize, value, size]) => {
    const map = caller.stream?.map(kind) ?? null;
    if (map === null) return status.badArgument;
    map[how](text(caller, name, nameSize), caller.guest.read(value, size));
    return status.ok;
  };

const functions: Readonly<Record<string, HostFunction>> = {
  proxy_log(caller, [level, pointer, size]) {
    caller.logs.push({ level, message: text(caller, pointer, size) });
    return status.ok;
  },
  proxy_get_log_level({ guest }, [level]) {
    guest.store32(level, 2);
    return status.ok;
  },
  proxy_get_current_time_nanoseconds({ guest, now }, [time]) {
    guest.store64(time, now());
    return status.ok;
  },

  proxy_get_header_map_size({ guest, stream }, [kind, size]) {
    const map = stream?.map(kind) ?? null;
    if (map === null) return status.badArgument;
    guest.store32(size, map.size);
    return status.ok;
  },
  proxy_get_header_map_value(caller, [kind, name, nameSize, value, size]) {
    const { guest, stream } = caller;
    const map = stream?.readableMap(kind) ?? null;
    if (map === null) return stream?.isLogging ? status.notFound : status.badArgument;
    const found = map.get(text(caller, name, nameSize));
    return found === undefined ? status.notFound : guest.give(found, value, size);
  },
  // The only one that takes headers which are not at hand for none.
  proxy_get_header_map_pairs({ guest, stream }, [kind, pairs, size]) {
    const found = stream?.readableMap(kind)?.pairs ?? [];
    return guest.give(found.length === 0 ? new Uint8Array() : writePairs(found), pairs, size);
  },
  proxy_set_header_map_pairs({ guest, stream }, [kind, pairs, size]) {
    const map = stream?.map(kind) ?? null;
    if (map === null) return status.badArgument;
    map.setAll(readPairs(guest.read(pairs, size)));
    return status.ok;
  },
  proxy_add_header_map_value: setHeader("add"),
  proxy_replace_header_map_value: setHeader("replace"),
  proxy_remove_header_map_value(caller, [kind, name, nameSize]) {
    const map = caller.stream?.map(kind) ?? null;
    if (map === null) return status.badArgument;
    map.remove(text(caller, name, nameSize));
    return status.ok;
  },

  proxy_get_buffer_bytes(caller, [kind, start, length, data, size]) {
    const whole = bufferOf(caller, kind);
    if (whole === null) return kind < 9 ? status.notFound : status.badArgument;
    if (start + length > 0xffffffff) return status.badArgument;
    return caller.guest.give(whole.slice(start, start + length), data, size);
  },
  proxy_get_buffer_status(caller, [kind, length, flags]) {
    const whole = bufferOf(caller, kind);
    if (whole === null) return status.notFound;
    caller.guest.store32(length, whole.length);
    caller.guest.store32(flags, 0);
    return status.ok;
  },
  proxy_set_buffer_bytes({ guest, stream }, [kind, start, length, data, size]) {
    const body = stream?.body(kind) ?? null;
    return body === null ? status.badArgument : body.set(start, length, guest.read(data, size));
  },

  proxy_get_property(caller, [path, pathSize, value, size]) {
    const name = text(caller, path, pathSize).replaceAll("\0", ".");
    const found = name === "plugin_name" ? bytesOf(caller.pluginName) : caller.stream?.property(name);
    return found === undefined ? status.notFound : caller.guest.give(found, value, size);
  },
  proxy_set_property(caller, [path, pathSize, value, size]) {
    if (caller.stream === null) return status.notFound;
    caller.stream.setProperty(text(caller, path, pathSize), caller.guest.read(value, size));
    return status.ok;
  },

  proxy_send_local_response(
    caller,
    [code, details, detailsSize, body, bodySize, headers, headersSize, grpcStatus],
  ) {
    const pairs = readPairs(caller.guest.read(headers, headersSize));
    caller.stream?.reply({
      status: code,
      details: text(caller, details, detailsSize).replace(/[ \t\n\v\f\r]/g, "_"),
      body: text(caller, body, bodySize),
      headers: pairs.map(([key, value]) => [key.toLowerCase(), textOf(value)]),
      ...((grpcStatus | 0) < 0 ? {} : { grpcStatus }),
    });
    return status.ok;
  },
  proxy_set_effective_context(caller, [id]) {
    return caller.actFor(id) ? status.ok : status.badArgument;
  },
  proxy_close_stream({ stream }) {
    stream?.reset();
    return status.ok;
  },

  proxy_get_shared_data(caller, [key, keySize, value, size, cas]) {
    const found = caller.sharedData.get(text(caller, key, keySize));
    if (found === undefined) return status.notFound;
    caller.guest.store32(cas, found.cas);
    return caller.guest.give(found.value, value, size);
  },
  proxy_set_shared_data(caller, [key, keySize, value, size, cas]) {
    return caller.sharedData.set(text(caller, key, keySize), caller.guest.read(value, size), cas >>> 0);
  },

  proxy_define_metric(caller, [kind, name, nameSize, id]) {
    const defined = caller.metrics.define(kind, text(caller, name, nameSize));
    if (defined === undefined) return status.badArgument;
    caller.guest.store32(id, defined);
    return status.ok;
  },
  proxy_increment_metric: ({ metrics }, [id, by]) => metrics.increment(id, by),
  proxy_record_metric: ({ metrics }, [id, value]) => metrics.record(id, value),
  proxy_get_metric({ guest, metrics }, [id, value]) {
    const found = metrics.get(id);
    if ("status" in found) return found.status;
    guest.store64(value, BigInt(found.value));
    return status.ok;
  },

  proxy_call_foreign_function(caller, [name, nameSize, , , result, size]) {
    if (text(caller, name, nameSize) !== "clear_route_cache") return status.notFound;
    return caller.guest.give(new Uint8Array(), result, size);
  },
};
