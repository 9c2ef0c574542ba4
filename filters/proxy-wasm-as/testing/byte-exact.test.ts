import * as fc from "fast-check";
import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost } from "./index.ts";
import { rawModule } from "./raw-module.test-helper.ts";

const copying = `function copy(from: string, to: string): void {
  if (proxy_get_header_map_value(0, at(from), sizeOf(from), cell, cell + 4) != 0) return;
  proxy_add_header_map_value(0, at(to), sizeOf(to), load<u32>(cell), load<u32>(cell + 4));
  proxy_set_property(at("copy"), 4, load<u32>(cell), load<u32>(cell + 4));
}
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  copy("x-a", "x-b");
  proxy_get_header_map_pairs(0, cell, cell + 4);
  proxy_set_header_map_pairs(0, load<u32>(cell), load<u32>(cell + 4));
  return 0;
}`;

test("headers of any bytes come through as they went, read, written and as pairs", {
  timeout: 180_000,
}, async () => {
  const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(copying));
  expect(stderr).toBe("");
  const host = createHost(bytes);
  const value = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(value, fc.array(value, { maxLength: 3 }), (first, others) => {
      const headers = [first, ...others].map((each) => ["x-a", each] as const);
      const { requestHeaderBytes } = host.request({ headers });
      expect(requestHeaderBytes).toEqual([...headers, ["x-b", first]]);
    }),
    { numRuns: 10_000 },
  );
  expect(host.failure).toBeNull();
});
