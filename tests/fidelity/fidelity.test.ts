import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { differences } from "../../filters/proxy-wasm-as/testing/differences.ts";
import { rawModule } from "../../filters/proxy-wasm-as/testing/raw-module.test-helper.ts";
import { type ProbeInEnvoy, startProbe } from "./in-envoy.ts";
import { createHosts, type ProbeInHost } from "./in-host.ts";
import type { Outcome } from "./outcome.ts";
import { probe } from "./probe.ts";
import { scenarios } from "./scenarios.ts";

let envoy: ProbeInEnvoy;
let host: ProbeInHost;
let differing = 0;
beforeAll(async () => {
  const { bytes, stderr } = await assemble({ ...rawModule(probe), runtime: "minimal" });
  if (bytes === undefined) throw new Error(stderr);
  envoy = await startProbe(bytes);
  host = createHosts(bytes);
});
afterAll(async () => {
  await envoy[Symbol.asyncDispose]();
  process.stderr.write(`fidelity: ${scenarios.length} scenarios, ${differing} differences\n`);
});

describe("the in-process host does what an Envoy does", () => {
  test("starting and configuring", () => {
    const said = host.said();
    expect(said.length).toBeGreaterThan(0);
    // Of the first plugin: an Envoy tries each in a VM of its own before.
    expect(envoy.said().slice(0, said.length)).toEqual(said);
  });

  for (const scenario of scenarios) {
    test(scenario.name, async () => {
      const both = async (): Promise<readonly [Outcome, Outcome]> => [
        await envoy.play(scenario),
        host.play(scenario),
      ];
      const [expected, found] = await both();
      try {
        // On a machine that stands still for a moment two pieces of a body come as one: what differs does so twice.
        if (isDeepStrictEqual(found, expected)) return;
        const [again, foundAgain] = await both();
        expect(foundAgain).toEqual(again);
      } catch (error) {
        differing++;
        throw error;
      }
    });
  }

  for (const { host: name, shown } of differences) {
    if (shown.kind === "told") continue;
    test(`otherwise, and listed: ${name}`, async () => {
      const scenario = { name, play: shown.play };
      const said = ({ status, lines }: Outcome): readonly string[] => [String(status), ...lines];
      const inEnvoy = said(await envoy.play(scenario));
      const inHost = said(host.play(scenario));
      expect({ envoy: inEnvoy, host: inHost }).toEqual({ envoy: shown.envoy, host: shown.host });
      expect(inHost, "there is no difference any longer").not.toEqual(inEnvoy);
    });
  }

  test("the README says how many scenarios there are", () => {
    const readme = readFileSync(new URL("../../filters/proxy-wasm-as/README.md", import.meta.url), "utf8");
    expect(/one table of (\d+) scenarios/.exec(readme)?.[1]).toBe(String(scenarios.length));
  });

  test("metrics", async () => {
    const stats = await envoy.envoy.stats("wasmcustom\\.[cg]$");
    expect(Object.fromEntries(stats)).toEqual({
      "wasmcustom.c": host.metrics.get("c"),
      "wasmcustom.g": host.metrics.get("g"),
    });
  });

  test("400 headers of any bytes that HTTP allows", async () => {
    const byte = fc.oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }));
    const value = fc
      .array(byte, { minLength: 1, maxLength: 20 })
      .map((bytes) => String.fromCharCode(...bytes));
    for (const values of fc.sample(fc.array(value, { minLength: 20, maxLength: 20 }), {
      numRuns: 10,
      seed: 5,
    })) {
      const escaped = values.map((each) =>
        Buffer.from(each, "latin1").toString("hex").toUpperCase().replace(/../g, "%$&"),
      );
      const scenario = {
        name: "bytes",
        play: `request: pairs 0; ${escaped.map((each, i) => `set 0 x-w${i} ${each}`).join("; ")}`,
        headers: values.map((each, i) => [`x-r${i}`, each] as const),
      };
      const outcome = await envoy.play(scenario);
      expect(host.play(scenario)).toEqual(outcome);
      const got: { readonly headers: readonly string[] } = JSON.parse(outcome.headers.at(-1) ?? "{}");
      expect(got.headers).toEqual([
        ...values.map((each, i) => `x-r${i}=${each}`),
        ...values.map((each, i) => `x-w${i}=${each}`),
      ]);
    }
  });
});
