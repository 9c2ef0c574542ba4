import { describe, expect, test } from "vitest";
import { verdicts } from "../analysis/verdicts.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { defaultDataplanes } from "../placement/dataplane.ts";
import { place } from "../placement/solve.ts";
import { generateAlibaba } from "./generate-alibaba.ts";
import { generatePolicies } from "./generate-policies.ts";

const mesh = generateAlibaba({ seed: 2, services: 150 });

/** The verdicts on calls between services, of all policies together. */
function judge(options: Parameters<typeof generatePolicies>[1]) {
  const { source, pairs } = generatePolicies(mesh, options);
  const { policies, diagnostics } = checkPolicies([source], mesh);
  expect(diagnostics).toEqual([]);
  const judged = policies.map((policy) => ({
    policy,
    calls: verdicts(policy, mesh).calls.filter(({ from }) => from !== null),
  }));
  return { pairs, policies, judged };
}

describe("generatePolicies", () => {
  test("each matches something, never sometimes, and the pairs are those that the analysis finds", () => {
    const { pairs, policies, judged } = judge({ seed: 1, policies: 300 });
    expect(policies).toHaveLength(300);
    expect(judged.flatMap(({ calls }) => calls).filter(({ verdict }) => verdict === "sometimes")).toEqual([]);
    expect(judged.reduce((sum, { calls }) => sum + calls.length, 0)).toBe(pairs);
    expect(judged.filter(({ calls }) => calls.length === 0)).toEqual([]);
  });

  test("sides are mixed, and so are contexts", () => {
    const { policies, judged } = judge({ seed: 3, policies: 300 });
    for (const side of ["egress", "ingress", "either"]) {
      const own = policies.filter((policy) => policy.kind === "copper" && policy.sections[0]?.side === side);
      expect(own.length).toBeGreaterThan(70);
    }
    const kinds = judged.filter(({ policy }) =>
      /-> \.\* ->/.test(policy.source.text.slice(policy.contextSpan.start, policy.contextSpan.end)),
    );
    expect(kinds.length).toBeGreaterThan(20);
    expect(judged.filter(({ calls }) => calls.length > mesh.calls.length / 2).length).toBeGreaterThan(0);
  });

  test("without wide ones, none is for all of the mesh", () => {
    const { judged } = judge({ seed: 3, policies: 300, wide: 0 });
    expect(judged.filter(({ calls }) => calls.length > mesh.calls.length / 2)).toEqual([]);
  });

  test("some match sometimes where that is asked for", () => {
    const { pairs, judged } = judge({ seed: 1, policies: 200, sometimes: 0.5 });
    const undecided = judged.filter(({ calls }) => calls.some(({ verdict }) => verdict === "sometimes"));
    expect(undecided.length).toBeGreaterThan(50);
    expect(judged.reduce((sum, { calls }) => sum + calls.length, 0)).toBe(pairs);
  });

  test("there is a placement for them", async () => {
    const { policies } = judge({ seed: 5, policies: 60 });
    const { placement, diagnostics } = await place(policies, mesh, { dataplanes: defaultDataplanes });
    expect(diagnostics).toEqual([]);
    expect(placement?.status).toBe("optimal");
  });

  test("as many pairs as a benchmark of 10,000 services is to have", () => {
    const large = generateAlibaba({ seed: 1 });
    for (const seed of [1, 2, 3]) {
      const { pairs } = generatePolicies(large, { seed });
      expect(pairs).toBeGreaterThan(100_000);
      expect(pairs).toBeLessThan(300_000);
    }
  });
});
