import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { defaultDataplanes } from "./dataplane.ts";
import { type PathTables, pathTables } from "./path-tables.ts";
import { meshText, policySources, stampedCases } from "./random-cases.test-helper.ts";
import { callOf, contextOf, walksOf } from "./second-reading.test-helper.ts";
import { place } from "./solve.ts";

test("a state that proxies carry along a path says whether policies match at its end", async () => {
  let stamped = 0;
  let asked = 0;
  const property = fc.asyncProperty(stampedCases, fc.boolean(), async (drawn, isKeyed) => {
    const { mesh } = fromYaml(
      { path: "mesh.yaml", text: meshText(drawn.mesh) },
      drawn.dataplanes.map(({ name }) => name),
    );
    if (mesh === undefined) throw new Error("a mesh without errors is one");
    const { policies } = checkPolicies(policySources(drawn.policies), mesh);
    const { placement } = await place(policies, mesh, { dataplanes: drawn.dataplanes, stamps: true });
    if (placement === undefined) return;
    const tables = pathTables(placement, policies, {
      mesh,
      dataplanes: drawn.dataplanes,
      ...(isKeyed ? { key: new Uint8Array(32).fill(7) } : {}),
    });
    if (tables !== undefined && "kind" in tables) throw new Error("so few services have few states");
    expect(tables === undefined).toBe(placement.proxies.every(({ stamps }) => !stamps));
    if (tables === undefined) return;
    stamped++;
    const known = (letter: string | undefined) => ({
      service: letter?.toLowerCase() ?? "",
      version: letter === "B" ? "v1" : "v2",
    });
    for (const walk of walksOf(drawn.mesh)) {
      if (walk.length < 2) continue;
      const states: (string | undefined)[] = [];
      for (const [at, letter] of [...walk].entries()) {
        const { service, version } = known(letter);
        const own = tables.stamps.find(
          (each) => each.service === service && (each.version ?? version) === version,
        );
        const last = states.at(-1);
        states.push(own === undefined ? last : at === 0 ? own.first : own.steps.get(last ?? ""));
      }
      const [from, to] = callOf(walk).split(">");
      const { version } = known(walk.at(-1));
      for (const draft of drawn.policies) {
        const placed = placement.proxies.flatMap((proxy) =>
          proxy.policies.filter(
            ({ policy, calls }) =>
              policy === draft.name &&
              calls.some(
                ([caller, callee, versions]) =>
                  caller === from && callee === to && (versions?.includes(version) ?? true),
              ),
          ),
        );
        const enforced = placed.filter(({ policy, side, section }) => {
          const asking = tables.asks.filter(
            (each) =>
              each.policy === policy &&
              each.section === section &&
              each.side === side &&
              each.to === to &&
              (each.from ?? from) === from &&
              (each.version ?? version) === version,
          );
          expect(asking.length).toBeLessThan(2);
          if (asking[0] === undefined) return true;
          asked++;
          const state = (side === "ingress" ? states.at(-1) : states.at(-2)) ?? "";
          const [{ states: matching, others }] = asking;
          const has = (list: typeof others): boolean => list !== "all" && list.includes(state);
          expect([matching, others].filter(has)).toHaveLength(1);
          return has(matching);
        });
        expect([walk, draft.name, enforced.length]).toEqual([
          walk,
          draft.name,
          contextOf(draft).test(walk) ? 1 : 0,
        ]);
      }
    }
  });
  await fc.assert(property, { numRuns: 120 });
  expect(stamped).toBeGreaterThan(10);
  expect(asked).toBeGreaterThan(1_000);
});

test("with a key states are codes, others for each key and revision, and the value of the header stays short", async () => {
  const text = "policy p ( act (Request r) context ('b -> c -> d') ) { SetHeader(r, 'x', '1'); }";
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: "name: m\nidentity: address\nservices: { a: { entry: true }, b: {}, c: {}, d: {} }\ncalls: { a: [b, c], b: [c], c: [d] }\n",
  });
  if (mesh === undefined) throw new Error("the mesh has no errors");
  const { policies } = checkPolicies([{ path: "p.cup", text }], mesh);
  const { placement } = await place(policies, mesh, { stamps: true });
  if (placement === undefined) throw new Error("there is a placement");
  const withKey = (key?: Uint8Array): PathTables => {
    const tables = pathTables(placement, policies, {
      mesh,
      dataplanes: defaultDataplanes,
      ...(key && { key }),
    });
    if (tables === undefined || "kind" in tables) throw new Error("the policy asks");
    return tables;
  };
  const [plain, one, other] = [withKey(), withKey(Buffer.from("one")), withKey(Buffer.from("other"))];
  const statesOf = ({ asks }: PathTables): readonly string[] =>
    asks.flatMap(({ states, others }) => [...states, ...others]);
  expect(statesOf(plain).every((state) => /^\d+$/.test(state))).toBe(true);
  expect(statesOf(one).every((state) => /^[\w-]{16}$/.test(state))).toBe(true);
  expect(statesOf(one)).toEqual(statesOf(withKey(Buffer.from("one"))));
  expect(statesOf(one).filter((state) => statesOf(other).includes(state))).toEqual([]);
  expect(new Set([plain, one, other].map(({ revision }) => revision)).size).toBe(3);
  for (const state of statesOf(one)) expect(`wire=${one.revision}.${state}`.length).toBeLessThanOrEqual(64);
});
