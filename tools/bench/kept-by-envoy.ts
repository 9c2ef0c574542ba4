import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuNanoseconds } from "../../envoy/measure/measure-cpu.ts";
import { residentKiB } from "../../envoy/measure/resident-kib.ts";
import { type Row, sideBySide } from "../../envoy/measure/side-by-side.ts";
import { wasm } from "../../envoy/measure/wasm-row.ts";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import type { BenchCase } from "./case.ts";

/** Loops without an end that have Envoy keep as much as it can be given at a time. */
const loops = {
  body: "for (;;) request.body.append(content);",
  message: `const stream = request.grpcStream({ cluster: "kept", service: "a", method: "b" }, {});
  if (stream !== null) for (;;) stream.send(content);`,
  call: 'for (;;) request.fetch({ cluster: "kept", bodyBytes: content }, (request, answer) => {});',
  "shared-data": "for (let n = 0; ; n++) shared.set(n.toString(), text);",
  queue: 'const queue = Queue.register("kept"); if (queue !== null) for (;;) queue.push(text);',
};

/** What a filter without a budget can have it keep at most: a text as long as the memory has room for, as often as that may be. */
const unbounded = `let text = "0123456789abcdef0123456789abcdef";
  ${"text = text + text; ".repeat(16)}
  ${"request.body.append(text); ".repeat(5)}
  unreachable();`;

function source(loop: string): string {
  const makes =
    loop === unbounded
      ? ""
      : loop.includes("text")
        ? 'const text = "x".repeat(1000000);'
        : "const content = new Uint8Array(6000000);";
  return `import { Queue, Request, shared } from "proxy-wasm-as";
export function onRequestBody(request: Request, size: u32): void {
  if (size != 9) return;
  ${makes}
  ${loop}
}`;
}

interface Kept {
  /** On a CPU from the request to its 503, which is how long others wait for the worker. */
  readonly ms: number;
  /** By how much the process has grown then. */
  readonly grownKiB: number;
}

/** What one callback comes to until it traps, by its default budget or without one, in a real Envoy. */
async function keptBy(loop: string): Promise<Kept> {
  const { bytes, problems } = await buildFilter({ files: { "filter.ts": source(loop) } });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  if (Buffer.from(bytes).includes("over its budget") === (loop === unbounded))
    throw new Error("the filter has a budget where it should have none, or none where it should");
  const folder = mkdtempSync(join(tmpdir(), "wire-bench-"));
  try {
    const path = join(folder, "kept.wasm");
    writeFileSync(path, bytes);
    // The cluster of this row answers nobody: what is sent to it waits in the proxy.
    const row: Row = { ...wasm("kept", path), upstreamPort: 9 };
    await using envoy = await sideBySide([row]);
    const before = residentKiB(envoy.pid);
    const start = cpuNanoseconds(envoy.pid);
    const status = await post(envoy.ports[0] ?? 0);
    const ms = (cpuNanoseconds(envoy.pid) - start) / 1e6;
    if (status !== 503) throw new Error(`the loop was answered ${status}`);
    return { ms, grownKiB: residentKiB(envoy.pid) - before };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function post(port: number): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`);
  return new Promise<number>((resolve, reject) => {
    session.on("error", reject);
    const request = session.request({ ":method": "POST", ":path": "/" });
    request.on("error", reject).on("response", (headers) => resolve(headers[":status"] ?? 0));
    request.end("nine byte");
  }).finally(() => session.destroy());
}

/** How long a callback can have an Envoy keep things, and how much. */
export const keptByEnvoyCases: readonly BenchCase[] = Object.entries({
  ...loops,
  "without-a-budget": unbounded,
}).flatMap(([name, loop]) => [
  {
    name: `sdk/budget/kept-${name}`,
    limit: loop === unbounded ? 1000 : 250,
    unit: "ms" as const,
    measure: async () => (await keptBy(loop)).ms,
  },
  {
    name: `sdk/budget/kept-${name}-memory`,
    limit: 130_000,
    unit: "KiB" as const,
    measure: async () => (await keptBy(loop)).grownKiB,
  },
]);
