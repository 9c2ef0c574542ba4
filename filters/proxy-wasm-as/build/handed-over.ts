import { type AbiFunction, hostFunctions, wasiFunctions } from "../abi/table.ts";

/** What a copy of so many bytes costs, for one instruction: 2 to the power of this. */
export const BYTES_SHIFT = 4;

/** What it costs to go over bytes: `(bytes + up) >> shift`, so many `times`. */
export interface Rate {
  readonly up: number;
  readonly shift: number;
  readonly times: number;
  /** How many times as long as a copy it takes with all that the memory has. */
  readonly passes: number;
  /** It is paid on the way to the host, where more is known of it. */
  readonly isMetered?: true;
}

/** As what is copied or filled at once. */
export const COPY: Rate = { up: 0, shift: BYTES_SHIFT, times: 1, passes: 1 };
/**
 * What the host keeps beyond the call is fresh memory, 2.4 ns for each byte in Envoy, and stays taken: of a body, for as long as the stream lasts. What it keeps
 * in one callback is bounded by that, to twice as many bytes as the budget has instructions.
 */
const KEPT: Rate = { up: 0, shift: 1, times: 1, passes: 8 };
/** The same of headers, which a filter writes by the dozen and that are short, and of calls, of which only one operand of several is what is sent. */
const KEPT_BESIDES: Rate = { ...KEPT, passes: 1 };
const keeping: ReadonlyMap<string, Rate> = new Map([
  ...[
    ...["proxy_set_buffer_bytes", "proxy_send_local_response", "proxy_grpc_send", "proxy_set_shared_data"],
    ...["proxy_enqueue_shared_queue", "proxy_set_property"],
  ].map((name) => [name, KEPT] as const),
  ...[
    ...["proxy_http_call", "proxy_grpc_call"],
    ...["proxy_add_header_map_value", "proxy_replace_header_map_value"],
  ].map((name) => [name, KEPT_BESIDES] as const),
]);
/** Of a map, which Envoy makes headers of: half a microsecond for one of 12 bytes. It refuses more than 1,024, so that one takes no longer than a copy. */
const MAP: Rate = { up: 0, shift: 0, times: 8, passes: 1 };
/**
 * Of what a foreign function is given, 512 for each byte, and for 256 bytes at least: `uncompress` makes a thousand bytes of one, several times over when it
 * has to begin again with more room, and `expr_evaluate` goes through an expression for the number that it is given.
 */
export const FOREIGN: Rate = {
  up: 255,
  shift: 8,
  times: 512 << 8,
  passes: 512 << BYTES_SHIFT,
  isMetered: true,
};
/** Of what `compress` is given, for each byte. In Envoy that takes up to 110 ns, of few letters without an order, and 20 to 40 of what bodies have. */
export const COMPRESS_PER_BYTE = 32;

/** An operand of a host function that is the size of what it is given. */
export interface HandedOver {
  readonly place: number;
  readonly rate: Rate;
}

export const FOREIGN_CALL = "proxy_call_foreign_function";
const functions: readonly (readonly [string, AbiFunction])[] = Object.entries({
  ...hostFunctions,
  ...wasiFunctions,
});

/** Of each host function that is given bytes, which of its operands are their sizes: the host goes over them. */
export const handedOver: ReadonlyMap<string, readonly HandedOver[]> = new Map(
  functions.flatMap(([name, { takes, names }]) => {
    const sizes = takes
      .filter(([, type]) => type === "bytes" || type === "pairs")
      .map(([given, type]): HandedOver => {
        const isForeign = name === FOREIGN_CALL && given === "arguments";
        const rate = isForeign ? FOREIGN : type === "pairs" ? MAP : (keeping.get(name) ?? COPY);
        return { place: names.indexOf(`${given}Size`), rate };
      });
    return sizes.length === 0 ? [] : [[name, sizes]];
  }),
);

/** A call of the host, which takes so much longer than an instruction. */
const CALL = 200;
/** Those that take longer: of headers, more of which make each look at them slower, and those that may choose a route. */
const heavyCalls: ReadonlyMap<string, number> = new Map([
  ["proxy_add_header_map_value", 2000],
  ["proxy_replace_header_map_value", 2000],
  [FOREIGN_CALL, 2000],
]);

/**
 * What a look costs for each header that callbacks have added. In Envoy one of a name takes 2.7 ns for each header of that name, and a property of the
 * request's headers, which has all of their values, 21 ns. Those of other names are not gone through.
 */
export const perHeader: ReadonlyMap<string, number> = new Map([
  ["proxy_get_header_map_value", 1],
  ["proxy_get_property", 4],
]);

/** What a call of this host function costs, besides what it is given. */
export function hostCallCost(name: string): number {
  return heavyCalls.get(name) ?? CALL;
}

/** Those in which a host may enter a callback, of the end that the call makes of a stream or of a call that fails at once. */
const reentering: readonly string[] = [
  ...["proxy_continue_stream", "proxy_close_stream", "proxy_send_local_response", "proxy_http_call"],
  ...["proxy_grpc_call", "proxy_grpc_stream", "proxy_grpc_send", "proxy_grpc_cancel", "proxy_grpc_close"],
  "proxy_done",
];

/** The host functions in which the module is entered again, if only to allocate memory for what they give: what is left of a budget is less after them. */
export const entering: ReadonlySet<string> = new Set([
  ...functions
    .filter(([, { takes }]) => takes.some(([, type]) => type === "out bytes" || type === "out pairs"))
    .map(([name]) => name),
  ...reentering,
]);

/** What going over so many bytes costs. */
export function costOf(bytes: number, { up, shift, times }: Rate): number {
  return Math.floor((bytes + up) / 2 ** shift) * times;
}
