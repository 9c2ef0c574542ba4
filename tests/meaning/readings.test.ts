import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { standardInterface } from "../../controlplane/language/standard.ts";
import { scenario } from "./draft/scenario.ts";
import { isCopper } from "./in-force.ts";

/** What a text means, without where it stands. */
function meaning(name: string, text: string): string | undefined {
  const { policies, diagnostics } = checkPolicies([{ path: `${name}.cup`, text }]);
  // A random pattern may be larger than an automaton may be; that is all that may be wrong.
  if (diagnostics.some(({ code }) => code === "CUP0226")) return "a pattern is too large";
  const [policy] = policies.filter(isCopper);
  if (policy === undefined) return undefined;
  return JSON.stringify(
    { sections: policy.sections, states: policy.states, parameters: policy.parameters },
    (key, value: unknown) => (key === "span" ? undefined : typeof value === "bigint" ? `${value}n` : value),
  );
}

test("as few parentheses as may be, either quotes and calls in either style mean the same as all in one", () => {
  fc.assert(
    fc.property(scenario(standardInterface), ({ policies }) => {
      for (const { name, text, full } of policies) {
        const plain = meaning(name, text);
        expect(plain).toBeDefined();
        expect(plain).toBe(meaning(name, full));
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});
