import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { buildFilter } from "./build-filter.ts";

/** Reads two headers, compares, replaces one, adds one, and adds one to the response: what filters are measured by. */
const filter = `import { Request, Response } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const headers = request.headers;
  if (headers.get("x-tenant") == "blue" && headers.get("x-canary") == "true") {
    headers.set("x-version", "2");
    headers.add("x-seen-by", "wire");
  }
}
export function onResponse(response: Response): void {
  response.headers.add("x-served-by", "wire");
}
`;
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
    ["x-tenant", "blue"],
    ["x-canary", "true"],
    ["x-version", "1"],
  ] as const;
  const host = createHost(bytes);
  const { requestHeaders, response } = host.exchange({ headers });
  expect(requestHeaders).toEqual([...headers.slice(0, 2), ["x-version", "2"], ["x-seen-by", "wire"]]);
  expect(response?.headers).toContainEqual(["x-served-by", "wire"]);
  const other = [["x-tenant", "blue"]] as const;
  expect(host.exchange({ headers: other }).requestHeaders).toEqual(other);
});
