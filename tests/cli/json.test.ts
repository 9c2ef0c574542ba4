import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, hotel, runWire } from "./run-wire.ts";

const policy = `policy mark ( act (Request request) context ('frontend -> search') ) {
  SetHeader(request, 'x-mark', 'yes');
}
policy nowhere ( act (Request request) context ('rate -> frontend') ) {
  [Ingress]
  SetHeader(request, 'x-mark', 'no');
}
`;

const filter = `import { Request } from "proxy-wasm-as";
export const context = "frontend -> search";
export function onRequest(request: Request): void { request.headers.remove("x-mark"); }
`;

/** The keys, in order: what a program that reads them relies on. */
function keys(value: object): readonly string[] {
  return Object.keys(value);
}

describe("the JSON of design §7", () => {
  test("check: diagnostics with their places", async () => {
    using folder = folderWith({
      "a.cup": "policy a ( act (Request r) context ('frontend -> serch') ) { Deny(r); }\n",
    });
    const file = join(folder.path, "a.cup");
    const { code, stdout, stderr } = await runWire(["check", file, "--mesh", hotel, "--json"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const help = expect.stringContaining("search");
    expect(JSON.parse(stdout)).toEqual({
      diagnostics: [
        {
          ...{ code: "CTX0201", severity: "error", message: "the mesh has no service `serch`", help, file },
          ...{ line: 1, column: 50, endLine: 1, endColumn: 55 },
        },
      ],
      bounds: [{ policy: "a", hostCalls: 2, bytes: 544 }],
    });
  });

  test("place: what the proxies take, where costs have units", async () => {
    using folder = folderWith({
      "a.cup": `policy mark ( act (Request request) context ('a -> b') ) { SetHeader(request, 'x-mark', 'yes'); }\n`,
      "planes.cui": `import "standard.cui";
dataplane envoy
cost: { cpu: 2mCPU, memory: 64MiB, request: 50us }
act Request { action SetHeader(self, const header name, string value) cost 3us, }
`,
      "mesh.yaml":
        "name: m\nidentity: address\nprices: { cpu: 8, memory: 1 }\nservices: { a: { entry: true, replicas: 3 }, b: { replicas: 2 } }\ncalls: { a: [{ to: b, rate: 200 }] }\n",
    });
    const args = ["place", join(folder.path, "a.cup"), "--mesh", join(folder.path, "mesh.yaml")];
    const { code, stdout } = await runWire([...args, "--json"]);
    expect(code).toBe(0);
    const placed = JSON.parse(stdout);
    // Two proxies, and 200 requests a second of 53 us.
    expect(placed.amounts).toEqual({ cpuMilli: expect.closeTo(2 * 2 + 200 * 0.053, 6), memoryMib: 128 });
    expect(placed.cost).toBeCloseTo(14.6 + 128 * (1000 / 8 / 1024), 4);
    expect((await runWire(args)).stdout).toContain(
      "\n  together they take 14.6 mCPU and 128 MiB; the cost is in mCPU, at 0.122 for each MiB\n",
    );
  });

  test("check: nothing wrong is an empty list, beside what each policy takes at most", async () => {
    using folder = folderWith({ "a.cup": policy, "b.ts": filter });
    const { code, stdout, stderr } = await runWire(["check", folder.path, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      diagnostics: [],
      bounds: [
        { policy: "b", hostCalls: null, bytes: null },
        { policy: "mark", hostCalls: 2, bytes: 544 },
        { policy: "nowhere", hostCalls: 2, bytes: 544 },
      ],
    });
    const { stdout: text } = await runWire(["check", folder.path, "--verbose"]);
    expect(text).toContain("mark: at most 2 host calls and 1 KiB for a request\n");
    expect(text).toContain("b: no static bound, since filter code may loop\n");
  });

  test("compile: the manifest, and the files that it names", async () => {
    using folder = folderWith({ "a.cup": policy });
    const out = join(folder.path, "out");
    const args = ["compile", join(folder.path, "a.cup"), "--mesh", hotel, "--out", out, "--json"];
    const { code, stdout } = await runWire(args);
    expect(code).toBe(0);
    const manifest = JSON.parse(stdout);
    expect(keys(manifest)).toEqual(["modules", "proxies"]);
    expect(manifest.modules.map(keys)).toEqual([["sha256", "bytes", "policies", "imports", "exports"]]);
    const [module] = manifest.modules;
    expect(module).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), policies: ["mark"] });
    expect(module.imports).toContain("env.proxy_replace_header_map_value");
    expect(module.exports).toContain("proxy_on_request_headers");
    expect(manifest.proxies).toEqual({ frontend: [module.sha256] });
    expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))).toEqual(manifest);
    expect(readFileSync(join(out, `${module.sha256}.wasm`)).length).toBe(module.bytes);
    expect(existsSync(join(out, "wire.frontend.outbound.mark.as.ts"))).toBe(true);
    // What was written there is no policy, also where it lies among them.
    expect(await runWire(["check", folder.path])).toMatchObject({ code: 0, stderr: "" });
  });

  test("place: the placement, what it costs, and what matches nothing", async () => {
    using folder = folderWith({ "a.cup": policy });
    const { code, stdout } = await runWire(["place", folder.path, "--mesh", hotel, "--json"]);
    expect(code).toBe(0);
    const placement = JSON.parse(stdout);
    expect(keys(placement)).toEqual(["status", "cost", "bound", "ms", "proxies", "unmatched"]);
    expect(placement).toEqual({
      ...{ status: "optimal", cost: 1, bound: 1, ms: expect.any(Number), unmatched: ["nowhere"] },
      proxies: [
        {
          ...{ service: "frontend", dataplane: "envoy", stamps: false },
          policies: [{ policy: "mark", side: "egress", calls: [["frontend", "search"]] }],
        },
      ],
    });
  });

  test("place: a request from outside comes from null", async () => {
    using folder = folderWith({
      "a.cup": "policy a ( act (Request r) context ('^frontend') ) { SetHeader(r, 'a', 'b'); }\n",
    });
    const { stdout } = await runWire(["place", folder.path, "--mesh", hotel, "--json"]);
    expect(JSON.parse(stdout).proxies[0].policies).toEqual([
      { policy: "a", side: "ingress", calls: [[null, "frontend"]] },
    ]);
  });
});
