import { conflicts } from "../../controlplane/analysis/conflicts.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { generateAlibaba } from "../../controlplane/mesh/generate-alibaba.ts";
import { generatePolicies } from "../../controlplane/mesh/generate-policies.ts";
import type { BenchCase } from "./case.ts";

/** As many meshes, each of another seed. */
const seeds = 5;

export const conflictCases: readonly BenchCase[] = [
  { name: "conflicts/alibaba-10000-300-equal", limit: 3000, unit: "ms", measure: ofEqualPolicies },
];

/** Policies that all write one header with no priority between them, so that every two of them that meet contradict each other. */
async function ofEqualPolicies(): Promise<number> {
  const times: number[] = [];
  const found: number[] = [];
  for (let seed = 0; seed <= seeds; seed++) {
    const mesh = generateAlibaba({ seed });
    const { source } = generatePolicies(mesh, { seed, policies: 300 });
    let count = 0;
    const text = source.text.replace(
      /priority \(\d+\)\n\) \{[^}]*\}/g,
      () => `\n) {\n    SetHeader(request, "x-tier", "${count++}");\n}`,
    );
    const { policies } = checkPolicies([{ ...source, text }], mesh);
    const start = performance.now();
    found.push(conflicts(policies, mesh).length);
    // The first is not counted: the engine's own compiler takes some rounds to become fast.
    if (seed > 0) times.push(performance.now() - start);
  }
  console.log(
    `${seeds} meshes of 10,000 services and 300 policies of one priority, ${Math.min(...found)} to ${Math.max(...found)} findings`,
  );
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
