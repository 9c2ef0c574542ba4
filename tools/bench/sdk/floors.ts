// Modules that nobody would write, in AssemblyScript: what a filter costs before it does anything, and what its host calls cost alone.

const marker = 'import "proxy-wasm-as/assembly/abort";\nexport function proxy_abi_version_0_2_1(): void {}\n';
const allocator = `let size: usize = 0;
const room: usize = memory.data(4096);
export function proxy_on_memory_allocate(wanted: usize): usize { size += wanted; return room + size - wanted; }
`;

/** Envoy makes a context for each request and enters the module for none. */
export const noCallback: string = `${marker}${allocator}`;

export const emptyCallbacks: string = `${noCallback}${callback("request")}${callback("response")}`;

/** Those of the filter, on what is known to be there: five host calls, for two of which the host asks the module for memory. */
export const hostCalls: string = `${noCallback}
import { proxy_add_header_map_value, proxy_get_header_map_value, proxy_replace_header_map_value } from "proxy-wasm-as/assembly/env";
const cell: usize = memory.data(8);
${callback(
  "request",
  `size = 0;
  proxy_get_header_map_value(0, ${text("x-tenant")}, cell, cell + 4);
  if (load<u32>(load<u32>(cell)) != 0x656d6361) return 0;
  proxy_get_header_map_value(0, ${text("x-plan")}, cell, cell + 4);
  if (load<u32>(load<u32>(cell)) != 0x646c6f67) return 0;
  proxy_replace_header_map_value(0, ${text("x-plan")}, ${text("platinum")});
  proxy_add_header_map_value(0, ${text("x-checked")}, ${text("yes")});`,
)}
${callback("response", `proxy_add_header_map_value(2, ${text("x-served-by")}, ${text("wire")});`)}`;

/** The same with all headers read by one call, and looked through for the two. */
export const hostCallsOnce: string = `${noCallback}
import { proxy_add_header_map_value, proxy_get_header_map_pairs, proxy_replace_header_map_value } from "proxy-wasm-as/assembly/env";
const cell: usize = memory.data(8);
${callback(
  "request",
  `size = 0;
  proxy_get_header_map_pairs(0, cell, cell + 4);
  const pairs = load<usize>(cell);
  const number = load<u32>(pairs);
  let at = pairs + 4 + 8 * number;
  let found = 0;
  for (let i: u32 = 0; i < number; i++) {
    const name = load<u32>(pairs + 8 * i, 4);
    if (name == 8 && load<u64>(at) == 0x746e616e65742d78 && load<u32>(at, 9) == 0x656d6361) found++;
    if (name == 6 && load<u32>(at) == 0x6c702d78 && load<u32>(at, 7) == 0x646c6f67) found++;
    at += name + load<u32>(pairs + 8 * i, 8) + 2;
  }
  if (found != 2) return 0;
  proxy_replace_header_map_value(0, ${text("x-plan")}, ${text("platinum")});
  proxy_add_header_map_value(0, ${text("x-checked")}, ${text("yes")});`,
)}
${callback("response", `proxy_add_header_map_value(2, ${text("x-served-by")}, ${text("wire")});`)}`;

function callback(kind: "request" | "response", body = ""): string {
  return `export function proxy_on_${kind}_headers(context: u32, count: u32, last: u32): u32 { ${body} return 0; }\n`;
}

/** A text's place and its size, as two arguments. */
function text(value: string): string {
  return `memory.data<u8>([${[...Buffer.from(value)].join(", ")}]), ${value.length}`;
}
