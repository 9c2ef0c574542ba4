import { spawnSync } from "node:child_process";
import { declaredDataplanes } from "../../controlplane/language/check-imports.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { generateSeedFamily, type SeedFamilyOptions } from "../../controlplane/mesh/generate-seed-family.ts";
import { priced } from "../../controlplane/placement/priced.ts";
import { place } from "../../controlplane/placement/solve.ts";
import { callFormulation } from "./call-formulation.ts";
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

/**
 * The same meshes placed by Wire and by Z3, in the first Wire's formulation and in Wire's own: time and cost. Wrong where Z3 proves that
 * Wire is: that the first formulation has something cheaper, which it cannot have, or that its own has another optimum.
 */
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
    console.log(
      `${"family".padEnd(18)}${"Wire".padStart(24)}${"Z3".padStart(28)}${"ratio".padStart(10)}${"Z3, Wire's model".padStart(28)}`,
    );
    for (const family of families) {
      const rows: Answers[] = [];
      for (let seed = 0; seed < seeds[family.size]; seed++) rows.push(await answers(z3, { ...family, seed }));
      const of = (whose: keyof Answers): readonly Answer[] => rows.map((row) => row[whose]);
      const [ours, theirs] = [of("ours"), of("theirs")];
      const ratio = median(theirs.map(({ ms }) => ms)) / median(ours.map(({ ms }) => ms));
      console.log(
        `${family.name.padEnd(18)}${shown(ours).padStart(24)}${shown(theirs).padStart(28)}${`${ratio.toFixed(0)}x`.padStart(10)}${shown(of("same")).padStart(28)}`,
      );
      if (rows.some(isWrong)) return false;
    }
    return true;
  },
};

interface Answer {
  readonly ms: number;
  /** Absent when the time was up. */
  readonly cost?: number;
}

interface Answers {
  readonly ours: Answer;
  /** Of the first Wire's formulation. */
  readonly theirs: Answer;
  /** Of Wire's own, with the same objective. */
  readonly same: Answer;
}

/** Where both have their optimum, choosing a side for each call cannot cost more than choosing one for all, and equal questions have equal answers. */
function isWrong({ ours, theirs, same }: Answers): boolean {
  if (ours.cost === undefined) return false;
  return (
    (theirs.cost !== undefined && ours.cost > theirs.cost) ||
    (same.cost !== undefined && ours.cost !== same.cost)
  );
}

async function answers(z3: string, options: SeedFamilyOptions): Promise<Answers> {
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
  return {
    ours,
    theirs: ask(z3, seedFormulation(policies, mesh, dataplanes)),
    same: ask(z3, callFormulation(policies, mesh, dataplanes)),
  };
}

function ask(z3: string, input: string): Answer {
  const from = performance.now();
  const { stdout } = spawnSync(z3, ["-smt2", "-in", `-T:${timeLimitS}`], { input, encoding: "utf8" });
  const ms = performance.now() - from;
  const cost = /\(objectives[\s\S]*\s(\d+)\)\s*\)/.exec(stdout)?.[1];
  const isOptimum = stdout.startsWith("sat") && cost !== undefined;
  return { ms, ...(isOptimum ? { cost: Number(cost) } : {}) };
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
