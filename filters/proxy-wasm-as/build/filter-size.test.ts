import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { buildFilter } from "./build-filter.ts";

/** Reads two headers, compares, replaces one, adds one, and adds one to the response: what `npm run bench -- '^sdk/'` compares. */
const filter = readFileSync(new URL("../../../tools/bench/sdk-filter/filter.ts", import.meta.url), "utf8");
let bytes = new Uint8Array();
beforeAll(async () => {
  const built = await buildFilter({ files: { "filter.ts": filter } });
  expect(built.problems).toEqual([]);
  bytes = Uint8Array.from(built.bytes ?? []);
});

test("the filter that others are measured by has 1,200 bytes at most, and as many as the README says, once", () => {
  expect(bytes.length).toBeLessThanOrEqual(1200);
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const said = [...readme.matchAll(/\b(1,\d{3}) bytes/g)].map(([, size]) => size);
  expect(said).toEqual([bytes.length.toLocaleString("en-US")]);
});

test("it asks the host for what it uses, and offers what it is called for", () => {
  const module = new WebAssembly.Module(bytes);
  expect(WebAssembly.Module.imports(module)).toMatchInlineSnapshot(`
    [
      {
        "kind": "function",
        "module": "env",
        "name": "proxy_replace_header_map_value",
      },
      {
        "kind": "function",
        "module": "env",
        "name": "proxy_get_header_map_value",
      },
      {
        "kind": "function",
        "module": "env",
        "name": "proxy_add_header_map_value",
      },
    ]
  `);
  expect(WebAssembly.Module.exports(module)).toMatchInlineSnapshot(`
    [
      {
        "kind": "function",
        "name": "proxy_on_request_headers",
      },
      {
        "kind": "function",
        "name": "proxy_on_response_headers",
      },
      {
        "kind": "function",
        "name": "proxy_on_memory_allocate",
      },
      {
        "kind": "function",
        "name": "proxy_abi_version_0_2_1",
      },
      {
        "kind": "memory",
        "name": "memory",
      },
    ]
  `);
});

test("it does what it says", () => {
  const headers = [
    ["x-tenant", "acme"],
    ["x-plan", "gold"],
    ["x-plan", "free"],
  ] as const;
  const host = createHost(bytes);
  const { requestHeaders, response } = host.exchange({ headers });
  expect(requestHeaders).toEqual([headers[0], ["x-plan", "platinum"], ["x-checked", "yes"]]);
  expect(response?.headers).toContainEqual(["x-served-by", "wire"]);
  const other = [["x-tenant", "acme"]] as const;
  expect(host.exchange({ headers: other }).requestHeaders).toEqual(other);
});
