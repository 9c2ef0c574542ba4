import { strict as assert } from "node:assert";
import { format } from "../../controlplane/language/format.ts";
import { parse } from "../../controlplane/language/parser.ts";
import { readFilter } from "../../controlplane/language/read-filter.ts";
import type { BenchCase } from "./case.ts";

/** How many times as long something takes for four times as much: 4 where it takes the same for each, 16 where it looks at each beside each. */
export const growthCases: readonly BenchCase[] = [
  ["policies-read", 150, read] as const,
  ["policies-laid-out", 80, layOut] as const,
  ["mistakes-read", 250, readMistakes] as const,
].map(([name, size, run]) => ({
  name: `growth/${name}`,
  limit: 10,
  unit: "times",
  measure: async () => growth(size, run),
}));

/** The least of several turns, one of each size after the other, since others run on the machine. */
function growth(size: number, run: (size: number) => void): number {
  let [few, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 15; turn++) {
    few = Math.min(
      few,
      timeOf(() => run(size)),
    );
    many = Math.min(
      many,
      timeOf(() => run(4 * size)),
    );
  }
  return many / few;
}

/** In milliseconds. */
function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const policy = `policy hot_path (
  act (RPCRequest request)
  using (Counter counter) using (Timer timer)
  context ('frontend.*[rate,geo]')
) {
  [Ingress]
  Increment(counter);
  if (IsTimeSince(timer, 60) && request.GetHeader("x").StartsWith("a")) {
    if (IsGreaterThan(counter, 1000)) { Deny(request) }
    Reset(counter)
  }
} // c
---
`;

function read(count: number): void {
  const { policies } = parse({ path: "a.cup", text: policy.repeat(count) });
  assert.equal(policies.length, count);
}

function layOut(count: number): void {
  const { diagnostics } = format({ path: "a.cup", text: policy.repeat(count) });
  assert.deepEqual(diagnostics, []);
}

function readMistakes(count: number): void {
  const { diagnostics } = readFilter({ path: "a.ts", text: "let = ;\n".repeat(count) });
  assert(diagnostics.length > count / 2);
}
