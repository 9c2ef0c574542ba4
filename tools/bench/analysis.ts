import { callGraph } from "../../controlplane/analysis/call-graph.ts";
import { verdicts } from "../../controlplane/analysis/verdicts.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { type BenchCase, medianMs } from "./case.ts";
import { contextsOf, largeMesh } from "./large-mesh.ts";

const seeds = 10;
const size = { services: 10_000, calls: 30_000 };

/** What it takes to know which calls policies match, over meshes of several seeds. */
export const analysisCases: readonly BenchCase[] = [
  {
    name: "analysis/call-graph",
    unit: "ms",
    measure: () => {
      const meshes = Array.from({ length: seeds }, (_, seed) => largeMesh(size, seed));
      return medianMs(seeds, (turn) => callGraph(meshes[turn] ?? largeMesh(size, turn)));
    },
  },
  { name: "analysis/1000-contexts", limit: 1000, unit: "ms", measure: thousandContexts },
];

async function thousandContexts(): Promise<number> {
  const inputs = Array.from({ length: seeds }, (_, seed) => {
    const mesh = largeMesh(size, seed);
    const sources = contextsOf(mesh, 1000, seed).map((context, n) => ({
      path: `p${n}.cup`,
      text: `policy p${n} (act (Connection c) context ('${context}')) { Deny(c); }`,
    }));
    const { policies, diagnostics } = checkPolicies(sources, mesh);
    const wrong = diagnostics.find(({ severity }) => severity === "error");
    if (wrong !== undefined) throw new Error(wrong.message);
    return { mesh, policies };
  });
  return medianMs(seeds, (turn) => {
    const { mesh, policies } = inputs[turn] ?? { policies: [] };
    for (const policy of policies) {
      if (mesh === undefined || verdicts(policy, mesh).tooManyStates)
        throw new Error(`the context of ${policy.name} has too many states`);
    }
  });
}
