import fc from "fast-check";
import { expect, test } from "vitest";
import { anyContext, anyMesh } from "./any-mesh.test-helper.ts";
import { policyOf } from "./any-policy.test-helper.ts";
import { plainVerdicts } from "./plain-verdicts.test-helper.ts";
import { shortestWitness, verdicts } from "./verdicts.ts";

test("verdicts are those of all paths, whatever the mesh and the context", () => {
  const property = fc.property(anyMesh, anyContext, fc.boolean(), (mesh, context, isConnection) => {
    const policy = policyOf(context, isConnection ? "Connection" : "Request");
    const { calls, tooManyStates } = verdicts(policy, mesh);
    const text = calls.map(
      ({ from, to, verdict, versions }) =>
        `${from ?? ""}>${to} ${verdict}${versions === undefined ? "" : ` ${versions}`}`,
    );
    expect(tooManyStates).toBe(false);
    expect(text.sort()).toEqual([...plainVerdicts(context, isConnection, mesh)].sort());
    expect(calls.map(({ call }) => call)).toEqual(calls.map(({ call }) => call).sort((a, b) => a - b));
  });
  fc.assert(property, { numRuns: 1500 });
});

test("there is a witness for a match where the verdict says so, and against it", () => {
  const property = fc.property(anyMesh, anyContext, (mesh, context) => {
    const policy = policyOf(context, "Request");
    for (const call of verdicts(policy, mesh).calls) {
      const yes = shortestWitness(policy, mesh, call, true);
      expect([yes?.at(-2) ?? null, yes?.at(-1)]).toEqual([call.from, call.to]);
      const no = shortestWitness(policy, mesh, call, false);
      if (call.verdict === "sometimes") expect(no).toBeDefined();
    }
  });
  fc.assert(property, { numRuns: 500 });
});
