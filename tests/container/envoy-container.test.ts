import { main } from "assemblyscript/asc";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { EnvoyContainer, type StartedEnvoyContainer } from "../../envoy/index.ts";

const containers = inject("containers");
const image = "image" in containers ? containers.image : "";
const labels = { "wire.run": "run" in containers ? containers.run : "" };
if ("env" in containers) Object.assign(process.env, containers.env);

/** The smallest filter that does something: it adds a request header. */
const sources: Readonly<Record<string, string>> = {
  "env.ts": `
    export declare function proxy_add_header_map_value(map: i32, key: usize, keySize: i32, value: usize, valueSize: i32): i32;
    export declare function proxy_log(level: i32, message: usize, size: i32): i32;
  `,
  "filter.ts": `
    import { proxy_add_header_map_value, proxy_log } from "./env";
    const key = memory.data<u8>([120, 45, 119, 105, 114, 101]);
    const value = memory.data<u8>([121, 101, 115]);
    export function proxy_abi_version_0_2_1(): void {}
    export function proxy_on_memory_allocate(size: i32): usize { return heap.alloc(size); }
    export function proxy_on_vm_start(context: i32, size: i32): i32 { return 1; }
    export function proxy_on_configure(context: i32, size: i32): i32 { proxy_log(2, key, 6); return 1; }
    export function proxy_on_request_headers(context: i32, count: i32, end: i32): i32 {
      proxy_add_header_map_value(0, key, 6, value, 3);
      return 0;
    }
  `,
};

async function compile(): Promise<Uint8Array> {
  let wasm = new Uint8Array();
  const { error, stderr } = await main(
    [
      "filter.ts",
      "--outFile",
      "filter.wasm",
      "--runtime",
      "stub",
      "--exportStart",
      "_initialize",
      "-O3",
      "--use",
      "abort=",
    ],
    {
      readFile: (name) => sources[name] ?? null,
      writeFile: (name, contents) => {
        if (name === "filter.wasm" && typeof contents !== "string") wasm = new Uint8Array(contents);
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(stderr.toString());
  return wasm;
}

describe.skipIf("skip" in containers)("EnvoyContainer", () => {
  let started: StartedEnvoyContainer;
  beforeAll(async () => {
    started = await new EnvoyContainer(image, { filter: { wasm: await compile() } })
      .withLabels(labels)
      .start();
  });
  afterAll(() => started?.stop());

  test("runs the filter before the application, which answers with the headers it got", async () => {
    const response = await started.request("/hotels", { headers: { "x-mine": "1" } });
    expect(response.status).toBe(200);
    const { headers } = JSON.parse(response.body);
    expect(headers).toEqual(
      expect.arrayContaining([
        [":path", "/hotels"],
        ["x-mine", "1"],
        ["x-wire", "yes"],
      ]),
    );
  });

  test("gives stats and logs", async () => {
    await started.request("/");
    const stats = await started.stats("^http.filter.downstream_rq_2xx$");
    expect(stats.get("http.filter.downstream_rq_2xx")).toBeGreaterThan(0);
    expect(await started.logText()).toContain("x-wire");
  });

  test("a module that does not parse ends the start with an error", async () => {
    const broken = new EnvoyContainer(image, { filter: { wasm: new Uint8Array([1, 2, 3]) } });
    await expect(broken.withLabels(labels).start()).rejects.toThrow();
  });
});
