import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assemble } from "../../controlplane/codegen/assemble.ts";
import { rawModule } from "../../filters/proxy-wasm-as/testing/raw-module.test-helper.ts";
import { type ProbeInEnvoy, startProbe } from "./in-envoy.ts";
import { createHosts } from "./in-host.ts";
import type { Outcome } from "./outcome.ts";
import { probe } from "./probe.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

let envoy: ProbeInEnvoy;
let inHost: (scenario: Scenario) => Outcome;
beforeAll(async () => {
  const { bytes, stderr } = await assemble({ ...rawModule(probe), runtime: "minimal" });
  if (bytes === undefined) throw new Error(stderr);
  envoy = await startProbe(bytes);
  inHost = createHosts(bytes);
});
afterAll(async () => {
  await envoy[Symbol.asyncDispose]();
  const differing = scenarios.filter(({ differs }) => differs !== undefined);
  process.stderr.write(`${scenarios.length} scenarios, ${differing.length} of them differ for a reason\n`);
});

describe("the in-process host does what an Envoy does", () => {
  for (const scenario of scenarios) {
    test(scenario.name, async () => {
      const expected = await envoy.play(scenario);
      const found = inHost(scenario);
      if (scenario.differs === undefined) expect(found).toEqual(expected);
      else expect(found).not.toEqual(expected);
    });
  }
});
