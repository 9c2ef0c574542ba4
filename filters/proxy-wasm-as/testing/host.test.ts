import { expect, test } from "vitest";
import { generateFilter } from "../../../controlplane/codegen/generate-filter.ts";
import { assemble } from "../build/assemble.ts";
import { createHost } from "./index.ts";
import { rawModule } from "./raw-module.test-helper.ts";

const configuration = "f\toutbound\t*\n";

async function filter(body: string): Promise<Uint8Array> {
  const code = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { ${body} }`;
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({ name: "f", code }),
    files: { "policy.ts": code },
    runtime: "minimal",
  });
  expect(stderr).toBe("");
  return bytes;
}

async function raw(body: string): Promise<Uint8Array> {
  const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(body));
  expect(stderr).toBe("");
  return bytes;
}

const trapping = await filter('if (request.headers.get("trap") !== null) unreachable();');
const headers = [["trap", "1"]] as const;

test("a trap fails the VM for good: closed answers 503", () => {
  const host = createHost(trapping, { configuration });
  expect(host.request({}).action).toBe("continue");
  const trapped = host.request({ headers });
  expect(trapped.action).toBe("stop");
  expect(trapped.localReply).toMatchObject({ status: 503, details: "wasm_fail_stream" });
  expect(host.failure).toContain("unreachable");
  expect(host.request({}).localReply?.status).toBe(503);
});

test("a trap fails the VM for good: open lets requests pass, but not the one that it failed on", () => {
  const host = createHost(trapping, { configuration, failure: "open" });
  expect(host.request({ headers }).localReply?.status).toBe(503);
  const later = host.exchange({ headers });
  expect(later.action).toBe("continue");
  expect(later.localReply).toBeUndefined();
  expect(later.response?.status).toBe(200);
  expect(host.failure).not.toBeNull();
});

test("a trap fails one worker, the others go on", () => {
  const host = createHost(trapping, { configuration, workers: 2 });
  expect(host.request({ headers }).localReply?.status).toBe(503);
  expect(host.request({}).action).toBe("continue");
  expect(host.request({}).localReply?.status).toBe(503);
});

test("an assertion says where before it traps", async () => {
  const host = createHost(await filter('assert(false, "no way");'), { configuration });
  const { logs } = host.request({});
  expect(logs[0]).toMatchObject({ level: 5 });
  expect(logs[0]?.message).toMatch(/^no way at policy\.ts:2:\d+$/);
});

test("only logging is allowed while a module starts or allocates", async () => {
  const early = "proxy_get_current_time_nanoseconds(cell);";
  const starting = createHost(await raw(early));
  expect(starting.failure).toBe("restricted_callback: proxy_get_current_time_nanoseconds");
  expect(starting.request({}).localReply?.status).toBe(503);
  const later = await raw(`export function proxy_on_request_headers(context: u32, count: u32, end: u32): u32 {
  return proxy_get_current_time_nanoseconds(cell) == 12 ? 0 : 1;
}`);
  expect(createHost(later).failure).toBeNull();
});

test("more than 1024 pairs given to the host are none", async () => {
  const copy = await raw(`export function proxy_on_request_headers(context: u32, count: u32, end: u32): u32 {
  proxy_get_header_map_pairs(0, cell, cell + 4);
  proxy_set_header_map_pairs(0, load<u32>(cell), load<u32>(cell + 4));
  return 0;
}`);
  const many = (count: number) => Array.from({ length: count }, (_, i) => [`h${i}`, "1"] as const);
  const host = createHost(copy);
  expect(host.request({ headers: many(1024) }).requestHeaders).toHaveLength(1024);
  expect(host.request({ headers: many(1025) }).requestHeaders).toEqual([]);
});

test("metrics are shared by workers; a counter only goes up, a gauge goes both ways, a histogram keeps all", async () => {
  const counting = await raw(`const name: usize = memory.data<u8>([97, 98, 99]);
function idOf(kind: u32): u32 { assert(proxy_define_metric(kind, name + kind, 1, cell) == 0); return load<u32>(cell); }
export function proxy_on_request_headers(context: u32, count: u32, end: u32): u32 {
  const counter = idOf(0), gauge = idOf(1);
  assert(proxy_increment_metric(counter, 2) == 0);
  assert(proxy_increment_metric(counter, 0) == 2);
  assert(proxy_increment_metric(counter, -1) == 2);
  assert(proxy_record_metric(counter, 1) == 0);
  assert(proxy_increment_metric(gauge, -3) == 0 && proxy_record_metric(gauge, 7) == 0);
  assert(proxy_get_metric(counter, cell) == 0 && load<u64>(cell) >= 2);
  assert(proxy_increment_metric(1000, 1) == 1);
  const histogram = idOf(2);
  assert(proxy_increment_metric(histogram, 1) == 2 && proxy_get_metric(histogram, cell) == 2);
  assert(proxy_record_metric(histogram, 5) == 0);
  return 0;
}`);
  const host = createHost(counting, { workers: 2 });
  for (let n = 0; n < 3; n++) host.request({});
  expect(host.failure).toBeNull();
  expect(Object.fromEntries(host.metrics)).toEqual({ a: 9, b: 7, c: 3 });
  expect(host.histograms.get("c")).toEqual([5, 5, 5]);
});
