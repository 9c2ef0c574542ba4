import { spawnSync } from "node:child_process";
import { declaredDataplanes } from "../../controlplane/language/check-imports.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { generateSeedFamily, type SeedFamilyOptions } from "../../controlplane/mesh/generate-seed-family.ts";
import { priced } from "../../controlplane/placement/priced.ts";
import { place } from "../../controlplane/placement/solve.ts";
import type { BenchTable } from "./case.ts";
import { seedFormulation } from "./seed-formulation.ts";

/** Of each family so many meshes; a large one takes Z3 half a minute. */
const seeds = { small: 11, medium: 11, large: 3 } as const;
const timeLimitS = 120;

const families: readonly (Omit<SeedFamilyOptions, "seed"> & { readonly name: string })[] = [
  { name: "small", size: "small" },
  { name: "medium", size: "medium" },
  { name: "large", size: "large" },
  { name: "large-all-free", size: "large", pinned: "nothing" },
];

/** The same meshes placed by Wire and, in the first Wire's formulation, by Z3: time and cost of both. */
export const z3Table: BenchTable = {
  name: "placement/z3",
  async print() {
    const z3 = process.env["Z3"] ?? "z3";
    const version = spawnSync(z3, ["--version"], { encoding: "utf8" });
    if (version.error !== undefined) {
      console.log(
        `placement/z3: there is no \`${z3}\`: install Debian's package \`z3\`, or set Z3 to the path of one`,
      );
      return true;
    }
    console.log(`\nplacement/z3: ${version.stdout.trim()}; medians, and in brackets the range of costs`);
    console.log(`${"family".padEnd(18)}${"Wire".padStart(24)}${"Z3".padStart(28)}${"ratio".padStart(10)}`);
    for (const family of families) {
      const rows: { readonly ours: Answer; readonly theirs: Answer }[] = [];
      for (let seed = 0; seed < seeds[family.size]; seed++) rows.push(await both(z3, { ...family, seed }));
      const [ours, theirs] = [rows.map((row) => row.ours), rows.map((row) => row.theirs)];
      const ratio = median(theirs.map(({ ms }) => ms)) / median(ours.map(({ ms }) => ms));
      console.log(
        `${family.name.padEnd(18)}${shown(ours).padStart(24)}${shown(theirs).padStart(28)}${`${ratio.toFixed(0)}x`.padStart(10)}`,
      );
      // Where both have their optimum, choosing a side for each call cannot cost more than choosing one for all.
      if (rows.some((row) => row.theirs.cost !== undefined && (row.ours.cost ?? 0) > row.theirs.cost))
        return false;
    }
    return true;
  },
};

interface Answer {
  readonly ms: number;
  /** Absent when the time was up. */
  readonly cost?: number;
}

async function both(
  z3: string,
  options: SeedFamilyOptions,
): Promise<{ readonly ours: Answer; readonly theirs: Answer }> {
  // Its model has no order of policies, so the policies all commute.
  const { mesh, sources } = generateSeedFamily({ ...options, actions: "commuting" });
  const { policies } = checkPolicies(sources, mesh);
  const dataplanes = priced(declaredDataplanes(sources));
  const start = performance.now();
  const { placement } = await place(policies, mesh, { dataplanes, timeLimitS });
  const ours = {
    ms: performance.now() - start,
    ...(placement?.status === "optimal" ? { cost: placement.cost } : {}),
  };
  const text = seedFormulation(policies, mesh, dataplanes);
  const from = performance.now();
  const { stdout } = spawnSync(z3, ["-smt2", "-in", `-T:${timeLimitS}`], { input: text, encoding: "utf8" });
  const ms = performance.now() - from;
  const cost = /\(objectives[\s\S]*\s(\d+)\)\s*\)/.exec(stdout)?.[1];
  const isOptimum = stdout.startsWith("sat") && cost !== undefined;
  return { ours, theirs: { ms, ...(isOptimum ? { cost: Number(cost) } : {}) } };
}

function shown(answers: readonly Answer[]): string {
  const costs = answers.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  const late = answers.length - costs.length;
  const range = costs.length === 0 ? "none" : `${Math.min(...costs)}–${Math.max(...costs)}`;
  return `${median(answers.map(({ ms }) => ms)).toFixed(0)} ms [${range}]${late > 0 ? ` ${late} late` : ""}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
