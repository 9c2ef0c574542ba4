import { strict as assert } from "node:assert";
import { verdicts } from "../../controlplane/analysis/verdicts.ts";
import { declaredDataplanes } from "../../controlplane/language/check-imports.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import type { Policy } from "../../controlplane/language/policy.ts";
import { generateAlibaba } from "../../controlplane/mesh/generate-alibaba.ts";
import { generatePolicies } from "../../controlplane/mesh/generate-policies.ts";
import { generateSeedFamily, type SeedFamilyOptions } from "../../controlplane/mesh/generate-seed-family.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Placement } from "../../controlplane/placement/placement.ts";
import { priced } from "../../controlplane/placement/priced.ts";
import { type PlaceOptions, place } from "../../controlplane/placement/solve.ts";
import { type BenchCase, medianMs } from "./case.ts";

/** As many meshes of a family, each of another seed, are placed. */
const seeds = 11;

export const placementCases: readonly BenchCase[] = [
  family("small", 20, { size: "small" }),
  family("medium", 60, { size: "medium" }),
  family("large", 300, { size: "large" }),
  family("large-all-free", 1500, { size: "large", pinned: "nothing" }),
  // Contexts of up to eight elements, most of which only the paths of requests decide: at most twice the time without stamps.
  family("small-paths", 40, { size: "small", contexts: "whole" }),
  family("medium-paths", 120, { size: "medium", contexts: "whole" }),
  family("large-paths", 600, { size: "large", contexts: "whole" }),
  { name: "placement/alibaba-10000-analysis", limit: 1000, unit: "ms", measure: analyseAlibaba },
  { name: "placement/alibaba-10000", limit: 1000, unit: "ms", measure: placeAlibaba },
  { name: "placement/alibaba-10000-paths", limit: 2000, unit: "ms", measure: placeAlibabaPaths },
  { name: "placement/alibaba-10000-again", limit: 100, unit: "ms", measure: placeAlibabaAgain },
];

/** The first Wire's benchmark family, from checked policies to a placement that is proved. */
function family(name: string, limit: number, options: Omit<SeedFamilyOptions, "seed">): BenchCase {
  return {
    name: `placement/seed-${name}`,
    limit,
    unit: "ms",
    measure: async () => {
      // One that is not counted: the engine's own compiler takes some rounds to become fast.
      const inputs = Array.from({ length: seeds + 1 }, (_, seed) => {
        const { mesh, sources } = generateSeedFamily({ ...options, seed });
        return { ...checkedFor(mesh, sources), options: { dataplanes: priced(declaredDataplanes(sources)) } };
      });
      await placed(inputs[seeds] as Input);
      return await medianMs(seeds, (turn) => placed(inputs[turn] as Input));
    },
  };
}

interface Input {
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  readonly options: PlaceOptions;
}

async function placed({ mesh, policies, options }: Input): Promise<Placement> {
  const { placement } = await place(policies, mesh, { ...options, timeLimitS: 120 });
  assert(placement?.status === "optimal", "the optimum is proved");
  return placement;
}

function checkedFor(
  mesh: Mesh,
  sources: Parameters<typeof checkPolicies>[0],
): { readonly mesh: Mesh; readonly policies: readonly Policy[] } {
  const { policies, diagnostics } = checkPolicies(sources, mesh);
  assert(
    diagnostics.every(({ severity }) => severity !== "error"),
    "generated policies are right",
  );
  return { mesh, policies };
}

/** A mesh of 10,000 services and 30,000 calls with 1,000 policies, of which nothing is known yet, as if it were read from files. */
function alibaba(seed: number, sometimes = 0): Input {
  const mesh = generateAlibaba({ seed });
  const { source } = generatePolicies(mesh, { seed, sometimes });
  return { ...checkedFor(mesh, [source]), options: {} };
}

/** The median over meshes of different seeds, of which each is made when it is its turn; the first is not counted. */
async function medianOverMeshes(run: (input: Input) => unknown, sometimes = 0): Promise<number> {
  const times: number[] = [];
  for (let seed = 0; seed <= seeds; seed++) {
    const input = alibaba(seed, sometimes);
    const start = performance.now();
    await run(input);
    if (seed > 0) times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

async function analyseAlibaba(): Promise<number> {
  return await medianOverMeshes(({ mesh, policies }) => {
    for (const policy of policies)
      assert(!verdicts(policy, mesh).tooManyStates, "the contexts can be looked through");
  });
}

async function placeAlibaba(): Promise<number> {
  const pairs: number[] = [];
  const median = await medianOverMeshes(async (input) => {
    const { proxies } = await placed(input);
    pairs.push(proxies.flatMap(({ policies }) => policies).reduce((sum, { calls }) => sum + calls.length, 0));
  });
  console.log(
    `${seeds} meshes of 10,000 services and 1,000 policies, ${Math.min(...pairs)} to ${Math.max(...pairs)} pairs of policy and call`,
  );
  return median;
}

/** A fifth of the policies are decided by the paths of requests. */
async function placeAlibabaPaths(): Promise<number> {
  const stamping: number[] = [];
  const median = await medianOverMeshes(async (input) => {
    const { proxies } = await placed(input);
    stamping.push(proxies.filter(({ stamps }) => stamps).length);
  }, 0.2);
  console.log(`${Math.min(...stamping)} to ${Math.max(...stamping)} of 10,000 services stamp`);
  return median;
}

/** One policy after the other is changed: it gets the context of the next one. */
async function placeAlibabaAgain(): Promise<number> {
  const { mesh, policies, options } = alibaba(1);
  let input: Input = { mesh, policies, options };
  let previous = await placed(input);
  const change = async (turn: number): Promise<void> => {
    const changed = input.policies.map((policy, index) =>
      index === turn ? { ...policy, context: (policies[turn + 1] as Policy).context } : policy,
    );
    input = { ...input, policies: changed };
    previous = await placed({ ...input, options: { previous } });
  };
  for (let turn = 0; turn < 5; turn++) await change(turn);
  return await medianMs(15, (turn) => change(turn + 5));
}
