import { setFlagsFromString } from "node:v8";
import { assemble, BUDGET } from "../../filters/proxy-wasm-as/build/assemble.ts";
import type { BenchCase } from "./case.ts";

// As Envoy runs it.
setFlagsFromString("--no-liftoff");

const SIZE = 1 << 20;
/** Loops over 1 MiB, as filters go through bodies. The last byte is none of those that are looked for. */
const scans = {
  counted: "for (let i: u32 = 0; i < size; i++) if (load<u8>(text + i) == 44) found++;",
  "counted-with-a-way-out":
    "for (let i: u32 = 0; i < size; i++) if (load<u8>(text + i) == 1) { found = i; break; }",
  "checked-json":
    "let at = text, quoted = false; while (true) { const c = load<u8>(at++); if (c == 0) break; if (c == 34) quoted = !quoted; else if (c == 44 && !quoted) found++; }",
  "checked-hash":
    "let at = text; while (true) { const c = load<u8>(at++); if (c == 0) break; found = (found ^ c) * 16777619; }",
};

function source(loop: string): string {
  return `import "proxy-wasm-as/assembly/abort";
const text: usize = memory.data(${SIZE + 1});
let found: u32 = 0;
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_vm_start(_root: u32, size: u32): u32 {
  for (let i: u32 = 0; i < size; i++) store<u8>(text + i, 32 + (i * 7 + (i >> 5) * 13) % 90);
  return 1;
}
export function proxy_on_done(size: u32): u32 { ${loop} return found; }`;
}

type Run = () => number;

/** Of this thread: what others do on the machine is not in it. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function scan(loop: string, budget?: number): Promise<Run> {
  const bound = budget === undefined ? {} : { bound: { name: "bench", budget } };
  const { bytes, stderr } = await assemble({ entry: source(loop), ...bound });
  if (bytes === undefined) throw new Error(stderr);
  const env = { proxy_log: () => 0 };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), { env });
  (exports["proxy_on_vm_start"] as (root: number, size: number) => number)(1, SIZE);
  return () => (exports["proxy_on_done"] as (size: number) => number)(SIZE);
}

/** By how much a scan takes longer with a budget: the median of pairs that take turns in going first. */
async function overheadPercent(loop: string): Promise<number> {
  const plain = await scan(loop);
  const bounded = await scan(loop, BUDGET);
  if (plain() !== bounded()) throw new Error("the budget changes what a scan finds");
  const time = (run: Run): number => {
    const start = cpuMs();
    for (let turn = 0; turn < 40; turn++) run();
    return cpuMs() - start;
  };
  // Until the engine's optimizing compiler has done its part.
  for (let turn = 0; turn < 50; turn++) [plain(), bounded()];
  const ratios = Array.from({ length: 25 }, (_, turn) => {
    const first = turn % 2 === 0 ? time(plain) : 0;
    const with_ = time(bounded);
    return with_ / (first || time(plain));
  }).sort((a, b) => a - b);
  return ((ratios[ratios.length >> 1] ?? Number.NaN) - 1) * 100;
}

/** How long the dearest turns take until the default budget is spent. */
async function wholeBudgetMs(loop: string): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const run = await scan(loop, BUDGET);
    const start = cpuMs();
    try {
      run();
      throw new Error("a loop without an end came to one");
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    }
    times.push(cpuMs() - start);
  }
  return times.sort((a, b) => a - b)[2] ?? Number.NaN;
}

/** What a budget costs those that keep to it, and how long it lets the others run. */
export const budgetCases: readonly BenchCase[] = [
  ...Object.entries(scans).map(
    ([name, loop]): BenchCase => ({
      name: `sdk/budget/${name}`,
      limit: name.startsWith("counted") ? 5 : 25,
      unit: "%",
      measure: () => overheadPercent(loop),
    }),
  ),
  ...Object.entries({
    empty: "while (true) {}",
    memory: "while (true) { found += load<u32>(text + (found * 4099 & 0xfffff)); }",
    division: "found = size; while (found) { found = (found ^ size) % (found | 3) + 1; }",
  }).map(
    ([name, loop]): BenchCase => ({
      name: `sdk/budget/endless-${name}`,
      limit: 100,
      unit: "ms",
      measure: () => wholeBudgetMs(loop),
    }),
  ),
];
