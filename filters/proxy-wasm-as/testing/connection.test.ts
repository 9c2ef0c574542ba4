import { beforeAll, describe, expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost } from "./index.ts";

let bytes: Uint8Array;
beforeAll(async () => {
  const { bytes: found, stderr } = await assemble({
    entry: `import "proxy-wasm-as/assembly/abort";
import { proxy_close_stream, proxy_set_effective_context } from "proxy-wasm-as/assembly/env";
import { begin, append, appendNumber, view } from "proxy-wasm-as/assembly/line";
import { bytes, log, property } from "proxy-wasm-as/assembly/bytes";
let first: u32 = 0;
function say(what: string, size: u32): void { begin(what); append(" "); appendNumber(size); log(2, view()); }
export function proxy_on_new_connection(context: u32): u32 {
  log(2, property(bytes(memory.data<u8>([115, 111, 117, 114, 99, 101, 0, 97, 100, 100, 114, 101, 115, 115]), 14)));
  if (first == 0) first = context;
  return 0;
}
export function proxy_on_downstream_data(context: u32, size: u32, _end: u32): u32 {
  say("downstream", size);
  if (size == 13) proxy_close_stream(2);
  return 0;
}
export function proxy_on_upstream_data(context: u32, size: u32, _end: u32): u32 { say("upstream", size); return 0; }
export function proxy_on_delete(context: u32): void { say("deleted", context); }
export function proxy_on_configure(root: u32, size: u32): u32 {
  if (size == 5 && proxy_set_effective_context(first) == 0) proxy_close_stream(2);
  return 1;
}
export function proxy_on_memory_allocate(size: usize): usize { return heap.alloc(size); }
export function proxy_abi_version_0_2_1(): void {}
`,
  });
  if (found === undefined) throw new Error(stderr);
  bytes = found;
});

const said = (logs: readonly { readonly message: string }[]): readonly string[] =>
  logs.map(({ message }) => message);

describe("a connection in the in-process host", () => {
  test("tells where it comes from, and how much passes either way", () => {
    const connection = createHost(bytes).connect({ address: "127.1.0.7" });
    expect(connection.receive(5)).toBe(true);
    expect(connection.send(7)).toBe(true);
    connection.close();
    expect(connection.isOpen).toBe(false);
    expect(said(connection.logs)).toEqual(["127.1.0.7:40000", "downstream 5", "upstream 7", "deleted 2"]);
    expect(connection.receive(1)).toBe(false);
  });

  test("is closed by the filter when the call is over", () => {
    const connection = createHost(bytes).connect({ address: "127.1.0.7" });
    expect(connection.receive(13)).toBe(false);
    expect(connection.isOpen).toBe(false);
    expect(connection.received).toEqual(new Uint8Array());
  });

  test("is closed by another configuration in the same VM, and its own lives until then", () => {
    const host = createHost(bytes, { configuration: "old" });
    const [first, second] = [host.connect({ address: "127.1.0.7" }), host.connect({ address: "127.1.0.8" })];
    expect(host.configure("newer")).toBe(true);
    expect([first.isOpen, second.isOpen]).toEqual([false, true]);
    expect(said(host.logs)).toEqual([]);
    second.close();
    expect(said(host.logs)).toEqual(["deleted 1"]);
  });
});
