import { strict as assert } from "node:assert";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { generateAlibaba } from "../../controlplane/mesh/generate-alibaba.ts";
import { generatePolicies } from "../../controlplane/mesh/generate-policies.ts";
import { build, type Input } from "../../controlplane/pipeline/build.ts";
import { defaultDataplanes } from "../../controlplane/placement/dataplane.ts";
import { pathTables } from "../../controlplane/placement/path-tables.ts";
import { place } from "../../controlplane/placement/solve.ts";
import { type BenchCase, medianMs } from "./case.ts";

export const pathCases: readonly BenchCase[] = [
  { name: "paths/1000-contexts-value", limit: 64, unit: "bytes", measure: longestValue },
  { name: "paths/too-many-states", limit: 5000, unit: "ms", measure: untilRefused },
  { name: "paths/eight-steps-placed", limit: 5000, unit: "ms", measure: async () => await untilCounted(8) },
  {
    name: "paths/sixteen-steps-refused",
    limit: 5000,
    unit: "ms",
    measure: async () => await untilCounted(16),
  },
];

/** The longest member of `tracestate` by which proxies of 10,000 services tell a thousand contexts apart, with a key. */
async function longestValue(): Promise<number> {
  const mesh = generateAlibaba({ seed: 1 });
  const { source } = generatePolicies(mesh, { seed: 1, sometimes: 1 });
  const { policies } = checkPolicies([source], mesh);
  const { placement } = await place(policies, mesh, { timeLimitS: 120 });
  assert(placement !== undefined, "generated policies can be placed");
  const tables = pathTables(placement, policies, {
    ...{ mesh, dataplanes: defaultDataplanes },
    key: new Uint8Array(32),
  });
  assert(tables !== undefined && !("kind" in tables), "the paths of requests decide, with few states");
  const { revision, stamps, asks } = tables;
  const states = new Set(
    stamps.flatMap(({ first, steps }) => [...steps.values(), ...(first ? [first] : [])]),
  );
  console.log(
    `${states.size} states for ${new Set(asks.map(({ policy }) => policy)).size} policies, stamped by ${new Set(stamps.map(({ service }) => service)).size} services`,
  );
  return Math.max(...[...states].map((state) => `wire=${revision}.${state}`.length));
}

/** Twenty services that call each other, and a policy for what has passed each of them: which ones a request has passed is one of a million states. */
async function untilRefused(): Promise<number> {
  const names = Array.from({ length: 20 }, (_, number) => `a${number}`);
  const services = names.map((name) => `  ${name}: {}\n`).join("");
  const calls = names.map(
    (name) => `  ${name}: [${[...names.filter((other) => other !== name), "z"].join(", ")}]\n`,
  );
  const text = `name: crowd\nidentity: address\nservices:\n  e: { entry: true }\n${services}  z: {}\n  y: {}\ncalls:\n  e: [${names.join(", ")}]\n${calls.join("")}  z: [y]\n`;
  const policies = names.map(
    (name) =>
      `policy after-${name} ( act (Request r) context ('${name} -> .* -> z -> y') ) { SetHeader(r, "x-${name}", "1"); }`,
  );
  const input: Input = {
    policies: [{ path: "crowd.cup", text: policies.join("\n---\n") }],
    mesh: { path: "mesh.yaml", text },
  };
  return await medianMs(3, async () => {
    const { diagnostics } = await build(input);
    assert(
      diagnostics.some(({ code }) => code === "PLC0106"),
      "they have too many states together",
    );
  });
}

/** Twenty services that all call each other, and a policy for what was at one of them so many steps before. */
async function untilCounted(steps: number): Promise<number> {
  const names = Array.from({ length: 20 }, (_, number) => `a${number}`);
  const callees = (name: string): string => [...names, "z"].filter((other) => other !== name).join(", ");
  const services = names.map((name) => `  ${name}: ${name === "a0" ? "{ entry: true }" : "{}"}\n`).join("");
  const calls = names.map((name) => `  ${name}: [${callees(name)}]\n`).join("");
  const text = `name: crowd\nidentity: address\nservices:\n${services}  z: {}\ncalls:\n${calls}`;
  const context = ["a3", ...Array.from({ length: steps }, () => "."), "z"].join(" -> ");
  const policy = `policy counted ( act (Request r) context ('${context}') ) { SetHeader(r, "x", "1"); }`;
  return await medianMs(3, async () => {
    const { mesh } = fromYaml({ path: "mesh.yaml", text });
    assert(mesh !== undefined, "the mesh has no errors");
    const { policies } = checkPolicies([{ path: "counted.cup", text: policy }], mesh);
    const { placement, diagnostics } = await place(policies, mesh);
    const isRefused = diagnostics.some(({ code }) => code === "PLC0106");
    assert(
      isRefused === (placement === undefined),
      "there is a placement, or its context has too many states",
    );
    assert(isRefused === steps > 8, "more than eight steps are too many to count");
  });
}
