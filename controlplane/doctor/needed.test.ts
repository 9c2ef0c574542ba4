import { strict as assert } from "node:assert";
import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { defaultDataplanes } from "../placement/dataplane.ts";
import { type PathsInUse, pathsOf, pathTables } from "../placement/path-tables.ts";
import { place } from "../placement/solve.ts";
import { neededServices } from "./needed.ts";

async function needed(
  services: string,
  calls: string,
  contexts: readonly string[],
  key?: Uint8Array,
): Promise<readonly (readonly [service: string, state: string])[]> {
  const text = `name: m\nidentity: address\nservices: { ${services} }\ncalls: { ${calls} }\n`;
  const { mesh, diagnostics } = fromYaml({ path: "mesh.yaml", text });
  assert(mesh !== undefined, JSON.stringify(diagnostics));
  const policies = contexts.map(
    (context, n) =>
      `policy p${n} ( act (Request r) context ('${context}') ) { [Ingress] SetHeader(r, 'x-${n}', '1'); }`,
  );
  const checked = checkPolicies([{ path: "p.cup", text: policies.join("\n") }], mesh);
  const { placement } = await place(checked.policies, mesh);
  assert(placement !== undefined, "it has a placement");
  const tables = pathTables(placement, checked.policies, {
    ...{ mesh, dataplanes: defaultDataplanes },
    ...(key === undefined ? {} : { key }),
  });
  assert(tables === undefined || !("kind" in tables), "so few services have few states");
  const paths: PathsInUse = pathsOf(tables);
  return neededServices(mesh, paths).map(({ service, state }) => {
    const [revision, token = ""] = state.split(".");
    expect(revision).toBe(tables?.revision);
    return [service, token];
  });
}

const two = "front: { entry: true }, batch: { entry: true }, middle: {}, near: {}, far: {}, other: {}";

test("all on the way from where paths begin to where a policy asks, and no others", async () => {
  const calls = "front: [middle, other], batch: [middle], middle: [near, other], near: [far], far: [other]";
  const found = await needed(two, calls, ["front -> .* -> far"]);
  expect(found.map(([service]) => service)).toEqual(["front", "batch", "middle", "near"]);
  expect(await needed(two, calls, ["near -> far"])).toEqual([]);
});

test("on a circle, and from services that begin paths by themselves, which are asked nothing", async () => {
  const services = "front: { entry: true }, job: { origin: true }, a: {}, b: {}, c: {}";
  const found = await needed(services, "front: [a], job: [a], a: [b], b: [a, c]", ["front -> .* -> c"]);
  expect(found.map(([service]) => service)).toEqual(["front", "a", "b"]);
});

test("what follows from a key nobody is told", async () => {
  const calls = "front: [middle], batch: [middle], middle: [near], near: [far]";
  const plain = await needed(two, calls, ["front -> .* -> far"]);
  const keyed = await needed(two, calls, ["front -> .* -> far"], new Uint8Array(32));
  expect(plain.map(([, state]) => state)).not.toContain("0");
  expect(keyed).toEqual(plain.map(([service]) => [service, "0"]));
});
