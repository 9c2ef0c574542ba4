import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { toYaml } from "../mesh/to-yaml.ts";
import { inferMesh, labelled } from "../mesh/traces/infer-mesh.ts";
import { readTraces } from "./read-traces.ts";

const traces = resolve(import.meta.dirname, "../../tests/traces");
const folder = mkdtempSync(join(tmpdir(), "wire-traces-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function infer(...paths: readonly string[]) {
  const read = await readTraces(paths);
  const { mesh, notes } = inferMesh(labelled(read.observed, 1), "hotel");
  return { ...read, text: toYaml(mesh), notes };
}

const hotel = `name: hotel
services:
  frontend: { entry: true, replicas: 2 }
  kafka: { protocol: tcp }
  mailer: { origin: true }
  mongodb-rate: { protocol: tcp }
  rate: {}
  redis-rate: { protocol: tcp }
  report: { origin: true }
  search: { protocol: grpc, replicas: 2 }
  smtp-gateway: {}
calls:
  frontend: [ { to: kafka, rate: 0.587 }, { to: search, rate: 0.587 } ]
  mailer: [ { to: kafka, rate: 0.587 }, { to: smtp-gateway, rate: 0.587 } ]
  rate: [ { to: mongodb-rate, rate: 0.293 }, { to: redis-rate, rate: 0.293 } ]
  report: [ { to: search, rate: 0.0978 } ]
  search: [ { to: rate, rate: 0.293 } ]
`;

describe("readTraces", () => {
  test.each(["otlp.jsonl", "jaeger.json"])("%s: the same requests make the same mesh", async (name) => {
    const { text, notes, faults, spans } = await infer(join(traces, name));
    expect(text).toBe(hotel);
    expect({ notes, faults, spans }).toEqual({ notes: [], faults: { count: 0, kinds: [] }, spans: 54 });
  });

  test("a call whose ends are in two files, one of them compressed, is one call", async () => {
    const lines = readFileSync(join(traces, "otlp.jsonl"), "utf8").trimEnd().split("\n");
    const even = lines.filter((_, index) => index % 2 === 0).join("\n");
    const odd = lines.filter((_, index) => index % 2 === 1).join("\n");
    const { text, orphans } = await infer(file("a.jsonl", even), file("b.jsonl.gz", gzipSync(odd)));
    expect(text).toBe(hotel);
    expect(orphans).toBe(0);
    expect((await infer(file("c.jsonl", odd))).orphans).toBeGreaterThan(0);
  });

  test("Alibaba's of 2021: what is written down at both ends is counted once", async () => {
    const { text, faults, rows } = await infer(join(traces, "alibaba-2021.csv"));
    expect(text).toBe(`name: hotel
services:
  35114acfb5: { protocol: tcp }
  5ef6d2a8b3: { entry: true }
  7c01e9a240: { protocol: tcp }
  b65fdc9bfe: { protocol: grpc }
calls:
  5ef6d2a8b3: [ { to: b65fdc9bfe, rate: 0.1 } ]
  b65fdc9bfe: [ { to: 35114acfb5, rate: 0.05 }, { to: 7c01e9a240, rate: 0.05 } ]
`);
    expect({ rows, count: faults.count }).toEqual({ rows: 8, count: 1 });
  });

  test("Alibaba's of 2022: bad rows are counted, each kind with a place", async () => {
    const path = join(traces, "alibaba-2022.csv");
    const { text, faults } = await infer(path);
    expect(text).toContain("ms-58845: [ { to: ms-71712, rate: 0.2 } ]");
    expect(text).toContain("ms-71712: { protocol: grpc, replicas: 2 }");
    expect(faults.count).toBe(3);
    expect(faults.kinds).toEqual([
      { file: path, line: 6, message: "nobody knows who was called", count: 1 },
      { file: path, line: 7, message: "a row with more or fewer values than the first", count: 1 },
      { file: path, line: 8, message: "`MS_71712` is no `rt`", count: 1 },
    ]);
  });

  test("rows and spans have their own clocks, and so have rows of other columns", async () => {
    const [one, other] = [join(traces, "alibaba-2021.csv"), join(traces, "alibaba-2022.csv")];
    const spans = join(traces, "otlp.jsonl");
    const callsOf = (text: string) => text.split("calls:\n")[1]?.trimEnd().split("\n") ?? [];
    const apart = await Promise.all([one, other, spans].map((path) => infer(path)));
    const together = await infer(one, spans, other);
    expect(callsOf(together.text)).toEqual(apart.flatMap(({ text }) => callsOf(text)).sort());
    expect(together.observed.seconds).toBe(20.003);
  });

  test("files of one clock have one time, and what is between them is known", async () => {
    const header = "timestamp,um,dm,rpctype,rt\n";
    const rows = (from: number) =>
      header + Array.from({ length: 11 }, (_, n) => `${from + 100 * n},a,b,rpc,1\n`).join("");
    const parts = [file("1.csv", rows(0)), file("2.csv", rows(1000))];
    const { observed } = await infer(...parts);
    expect(observed).toMatchObject({ seconds: 2, idleSeconds: 0, calls: [{ count: 22, perSecond: 11 }] });
    const late = await infer(file("3.csv", rows(9000)), ...parts);
    expect(late.observed).toMatchObject({
      seconds: 10,
      idleSeconds: 7,
      calls: [{ count: 33, perSecond: 3.3 }],
    });
  });

  test("what is no file of traces is said, and does not hide the others", async () => {
    const nothing = file("nothing.txt", "\n");
    const table = file("table.csv", "a,b\n1,2\n");
    const part = file("part.csv", "um,dm\n1,2\n");
    const json = file("other.json", '{"spans": []}');
    const broken = file("broken.jsonl", '{"resourceSpans": [\n');
    const { text, faults } = await infer(nothing, table, part, json, broken, join(traces, "otlp.jsonl"));
    expect(text).toBe(hotel);
    const none =
      "no traces in it; what can be read is OTLP/JSON, Jaeger's JSON, and Alibaba's call graphs as CSV";
    expect(faults.kinds.map(({ file: where, line, message }) => [where, line, message])).toEqual([
      [nothing, 1, none],
      [part, 1, expect.stringContaining("the first row has no `timestamp`")],
      [broken, 2, "not JSON: the file ends within a value"],
    ]);
    // Of the same kind as the first one.
    expect(faults.count).toBe(5);
  });

  test("names are kept, and not the text that they are from", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const path = file("long.csv", "timestamp,rpctype,um,dm,rt\n");
    // A new name in each quarter of a MiB.
    const name = (n: number): string => `service-of-a-long-name-${"0123456789".repeat(4)}-${n}`;
    for (let n = 0; n < 96; n++) appendFileSync(path, `0,rpc,${name(n)},${name(n + 1)},1\n`.repeat(2200));
    collect();
    const before = process.memoryUsage().heapUsed;
    const { observed } = await readTraces([path]);
    collect();
    const keptMib = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    expect(observed.services.size).toBe(97);
    expect(keptMib).toBeLessThan(4);
  });

  test("a quote that is never closed takes one row, and not the rest of the file", async () => {
    const rows = '0,rpc,"a",b,1\n0,rpc,"a,b,1\n0,rpc,a,b,1\n';
    const path = file("quote.csv", `timestamp,rpctype,um,dm,rt\n${rows.repeat(1000)}`);
    const { faults, rows: count, observed } = await infer(path);
    expect(faults).toEqual({
      count: 1000,
      kinds: [
        {
          ...{ file: path, line: 3, count: 1000 },
          message: "a line that is too long, or a quote that it does not close",
        },
      ],
    });
    expect(count).toBe(3000);
    expect(observed.calls).toMatchObject([{ from: "a", to: "b", count: 2000 }]);
  });

  test("files that cannot be read", async () => {
    await expect(infer(join(folder, "missing.csv"))).rejects.toThrow("no such file or folder");
    await expect(infer(folder)).rejects.toThrow("it is a folder");
    const cut = gzipSync("x".repeat(10_000)).subarray(0, 20);
    await expect(infer(file("cut.gz", cut))).rejects.toThrow("cannot read");
  });
});
