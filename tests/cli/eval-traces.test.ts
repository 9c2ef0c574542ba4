import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type PlacementRecord, placementRecord } from "../../controlplane/eval/traces/placement-record.ts";
import { folderWith, root, runWire, startWire } from "./run-wire.ts";

const hash = (name: string): string => `${name}-${"0123456789abcdef".repeat(3)}`;

/** Requests as Alibaba wrote them down in 2021: columns with a number before them, no instances. */
function rows2021(requests: number): string {
  const lines = Array.from({ length: requests }, (_, n) => {
    const [trace, at] = [`0b13${n}`, 1000 + n];
    const [web, search, cache, store] = ["web", "search", "cache", "store"].map(hash);
    return [
      `${trace},${at},0,(?),http,${web},i,31.0`,
      `${trace},${at},0.1,${web},rpc,${search},i,13.0`,
      `${trace},${at},0.1,${web},rpc,${search},i,-12.0`,
      `${trace},${at},0.1.1,${search},mc,${cache},,0.0`,
      ...(n % 2 === 0 ? [`${trace},${at},0.1.2,${search},db,${store},,2.0`] : []),
    ];
  }).flat();
  return [
    ",traceid,timestamp,rpcid,um,rpctype,dm,interface,rt",
    ...lines.map((line, n) => `${n},${line}`),
    "",
  ].join("\n");
}

/** And in 2022, with online services and instances: two services with one entry. */
function rows2022(requests: number): string {
  const lines = Array.from({ length: requests }, (_, n) => {
    const service = `S_${n % 2}`;
    const start = `${n},T_${n},${service}`;
    return [
      `${start},0,http,USER,UNKNOWN,i,MS_1,MS_1_POD_${n % 3},20.0`,
      `${start},0.1,rpc,MS_1,MS_1_POD_0,i,MS_2,MS_2_POD_${n % 4},2.0`,
      ...(n % 2 === 0 ? [] : [`${start},0.1.1,rpc,MS_2,MS_2_POD_0,i,MS_3,MS_3_POD_0,1.0`]),
    ];
  }).flat();
  return [
    "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt",
    ...lines,
    "",
  ].join("\n");
}

function recordsIn(folder: string): readonly PlacementRecord[] {
  const text = readFileSync(join(folder, "placements.jsonl"), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => placementRecord.parse(JSON.parse(line)));
}

const wire = (...args: readonly string[]) => runWire(["eval", "traces", ...args]);

describe("wire eval traces", () => {
  test("files of both years, in parts and compressed, are applications by their entries or online services", async () => {
    using folder = folderWith({ "2022.csv": rows2022(40) });
    const text = rows2021(30);
    const middle = text.indexOf("\n", text.length / 2) + 1;
    const header = text.slice(0, text.indexOf("\n") + 1);
    writeFileSync(join(folder.path, "2021-1.csv.gz"), gzipSync(text.slice(0, middle)));
    writeFileSync(join(folder.path, "2021-2.csv"), header + text.slice(middle));
    const files = ["2021-2.csv", "2022.csv", "2021-1.csv.gz"].map((name) => join(folder.path, name));
    const out = join(folder.path, "out");
    const { code, stdout, stderr } = await wire(...files, "--out", out, "--min-calls", "20", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      ...{ source: "traces", seed: 1, complete: true, file: join(out, "placements.jsonl") },
      ...{ applications: { called: 3, large: 3, kept: 3, placed: 3 }, found: 3, rows: 235, lost: 0 },
      faults: { count: 0, kinds: [] },
    });
    const records = recordsIn(out);
    expect(told.sets[0]).toMatchObject({ set: "p1", size: "all", placements: 3, optimal: 3, none: 0 });
    const figures = (records: readonly PlacementRecord[]) =>
      records.map(({ application, set, services, calls, requests, leaves, drawnReplicas }) =>
        [application, set, services, calls, requests, leaves, drawnReplicas].join(" "),
      );
    expect(figures(records)).toEqual([
      "S_0 p1 2 1 20 1 0",
      "S_0 p1p2 2 1 20 1 0",
      "S_0 mixed 2 1 20 1 0",
      "S_1 p1 3 2 20 1 0",
      "S_1 p1p2 3 2 20 1 0",
      "S_1 mixed 3 2 20 1 0",
      ...["p1", "p1p2", "mixed"].map((set) => `${hash("web")} ${set} 4 3 30 2 4`),
    ]);
    for (const { status, proxies, servicesWithout, services, source } of records) {
      expect({ status, source }).toEqual({ status: "optimal", source: "traces" });
      expect((proxies ?? 0) + (servicesWithout ?? 0)).toBe(services);
    }
    // Of the routed services one more where there was one only.
    expect(records.find(({ application }) => application === "S_0")?.replicas).toBe(5);
  });

  test("without files they are made up, and that is said; equal seeds do the same again, and nothing is written over", async () => {
    using folder = folderWith({});
    const make = (name: string, ...more: readonly string[]) =>
      wire("--out", join(folder.path, name), "--applications", "12", ...more);
    const [one, same, other] = [await make("a"), await make("b"), await make("c", "--seed", "2")];
    expect([one.code, same.code, other.code]).toEqual([0, 0, 0]);
    expect(one.stdout).toMatch(
      /^source: generated, seed 1: 1\d applications made up, 12 of them with 2 services and more, 12 placed$/m,
    );
    expect(one.stdout).toMatch(
      /^distance to the published percentiles \(Kolmogorov–Smirnov\): services 0\.\d{3}, /m,
    );
    expect(one.stdout).toMatch(/^p1 +all +\d+ +[\d.]+ +all /m);
    const drawn = (name: string) => recordsIn(join(folder.path, name)).map(({ ms, ...rest }) => rest);
    expect(drawn("b")).toEqual(drawn("a"));
    expect(drawn("a").every(({ source }) => source === "generated")).toBe(true);
    expect(drawn("c").map(({ application }) => application)).not.toContain(drawn("a")[0]?.application);
    const again = await make("a");
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toMatch(/placements\.jsonl exists already: choose another folder with --out\n$/);
    const [first] = drawn("a");
    const seed = first?.application.split("-")[2] ?? "";
    const mesh = join(folder.path, "mesh");
    const made = await runWire([
      "mesh",
      "generate",
      "--family",
      "application",
      "--seed",
      seed,
      "--out",
      mesh,
    ]);
    expect(made.stdout).toContain(`${first?.services} services, ${first?.calls} call`);
  });

  test("what cannot be read is counted, with the place of the first one", async () => {
    const text = rows2021(30).split("\n");
    text.splice(
      3,
      0,
      "1,t,1,0.1,a,smoke,b,i,1",
      "too,few",
      "1,t,1,0.1,a,smoke,b,i,1",
      "1,lost,1,0.1.2,a,rpc,b,i,1",
    );
    using folder = folderWith({ "some.csv": text.join("\n") });
    const file = join(folder.path, "some.csv");
    const { code, stdout, stderr } = await wire(file, "--out", join(folder.path, "out"), "--min-calls", "5");
    expect(code).toBe(0);
    expect(
      stderr,
    ).toBe(`${file}:4: \`smoke\` is no \`rpctype\`: there are rpc, http, mq, db and mc (and 1 more)
${file}:5: a row with more or fewer values than the first
note: 1 row of requests whose first call is in none of these files is left out
139 rows, 1 application
`);
    expect(stdout).toContain(
      "of 4 services the traces do not say how many replicas there are: they were drawn\n",
    );
  });

  test("what is no call graph of Alibaba's", async () => {
    const tar = `${"MSCallGraph_0.csv".padEnd(257, "\0")}ustar`;
    using folder = folderWith({
      "a.csv": "timestamp,um,dm,rpctype,rt\n0,a,b,rpc,1\n",
      "b.csv": "a,b\n1,2\n",
      "c.tar": tar,
    });
    const [a, b, c] = ["a.csv", "b.csv", "c.tar"].map((name) => join(folder.path, name));
    const out = join(folder.path, "out");
    const { code, stdout, stderr } = await wire(a ?? "", b ?? "", c ?? "", "--out", out);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(
      stderr,
    ).toBe(`${a}:1: the first row has no \`traceid\`, \`rpcid\`: it names the columns of Alibaba's call graphs
${b}:1: no call graphs in it: the first row has to name the columns of Alibaba's, \`timestamp\`, \`traceid\`, \`rpcid\` (\`rpc_id\`), \`um\`, \`dm\`, \`rpctype\` and \`rt\`
${c}:1: an archive: unpack it first, as by \`tar -xzf\`
0 rows, 0 applications
wire: no application with 100 requests and 2 services was found in these files
`);
    // Nothing is in the way of the next run.
    expect(existsSync(join(out, "placements.jsonl"))).toBe(false);
    const told = JSON.parse((await wire(b ?? "", "--out", out, "--json")).stdout);
    expect(told).toMatchObject({
      ...{ error: "no application with 100 requests and 2 services was found in these files", found: 0 },
      faults: { count: 1 },
    });
    expect(await wire(join(folder.path, "missing.csv"), "--out", out)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("missing.csv: no such file or folder"),
    });
  });

  test.each([
    { args: ["--applications", "0"], told: "`0` is not a whole number, 1 or more" },
    { args: ["--applications", "1000000"], told: "`1000000` is more applications than 100000" },
    { args: ["--min-services", "x"], told: "`x` is not a whole number, 1 or more" },
    { args: ["--min-calls", "-1"], told: "`-1` is not a whole number, 0 or more" },
  ])("$args is a mistake in usage", async ({ args, told }) => {
    using folder = folderWith({});
    const { code, stderr } = await wire("--out", join(folder.path, "out"), ...args);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
  });

  test("Ctrl-C keeps what was placed, and ends with 0", async () => {
    using folder = folderWith({});
    const out = join(folder.path, "out");
    const child = startWire(["eval", "traces", "--out", out, "--applications", "50000", "--json"]);
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    const file = join(out, "placements.jsonl");
    await expect
      .poll(() => existsSync(file) && readFileSync(file, "utf8").split("\n").length > 10, { timeout: 60_000 })
      .toBe(true);
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ complete: false, applications: { kept: 50_000 } });
    const records = recordsIn(out);
    expect(new Set(records.map(({ application }) => application)).size).toBe(told.applications.placed);
  });

  test("Ctrl-C while files are read leaves nothing behind", async () => {
    using folder = folderWith({});
    const out = join(folder.path, "out");
    // It waits for more of its standard input.
    const child = spawn(process.execPath, [
      join(root, "controlplane/cli/main.ts"),
      "eval",
      "traces",
      "-",
      "--out",
      out,
    ]);
    child.stdin.write(rows2021(20));
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    await expect.poll(() => existsSync(join(out, "placements.jsonl")), { timeout: 60_000 }).toBe(true);
    await new Promise((later) => setTimeout(later, 500));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(stdout).toBe("");
    expect(existsSync(join(out, "placements.jsonl"))).toBe(false);
  });
});
