import fc from "fast-check";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { buildModule } from "../../controlplane/codegen/build-module.ts";
import type { Item } from "../../controlplane/codegen/failure-class.ts";
import { generate } from "../../controlplane/codegen/generate.ts";
import { anyText, askEverything } from "../../controlplane/editor/any-text.test-helper.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { budgetCases } from "./budget.ts";
import { type BenchCase, medianMs } from "./case.ts";
import { conflictCases } from "./conflict-cases.ts";
import { growthCases } from "./growth-cases.ts";
import { keptByEnvoyCases } from "./kept-by-envoy.ts";
import { keptObjectsCases } from "./kept-objects.ts";
import { pathCases } from "./path-cases.ts";
import { placementCases } from "./placement-cases.ts";
import { checked, policy, simplePolicy } from "./policies.ts";
import { sdkCases } from "./sdk/sdk-cases.ts";
import { controlPlaneCases } from "./xds/control-plane-cases.ts";

const set = policy(100, 'SetHeader(request, "critical", "true");');
const deny = policy(100, "Deny(request);");
const ten = Array.from({ length: 10 }, (_, n) => simplePolicy(n));

/** All there is, in the order in which the table shows it. */
export const cases: readonly BenchCase[] = [
  { name: "size/trivial-set-header", limit: 2048, unit: "bytes", measure: () => sizeOf([set]) },
  { name: "size/trivial-deny", limit: 2048, unit: "bytes", measure: () => sizeOf([deny]) },
  {
    name: "size/further-policy",
    limit: 500,
    unit: "bytes",
    measure: async () => ((await sizeOf([set, ...ten])) - (await sizeOf([set]))) / ten.length,
  },
  {
    name: "check/1000-policies",
    limit: 300,
    unit: "ms",
    measure: () => {
      const sources = Array.from({ length: 1000 }, (_, n) => ({ path: `p-${n}.cup`, text: simplePolicy(n) }));
      return medianMs(7, () => checkPolicies(sources));
    },
  },
  { name: "any-text/100000-inputs", limit: 0, unit: "throws", measure: async () => throwsOnAnyText() },
  { name: "compile/warm-recompile", limit: 150, unit: "ms", measure: warmRecompile },
  { name: "request/set-header", unit: "us", measure: () => requestUs([set], []) },
  {
    name: "request/ten-policies",
    unit: "us",
    measure: () =>
      requestUs(
        ten,
        ten.map((_, n) => [`x-${n % 2 === 0 ? "when" : "bad"}-${n}`, `no-such-${n}`] as const),
      ),
  },
  {
    name: "request/ten-policies-one-header",
    unit: "us",
    measure: () =>
      requestUs(
        ten.map((_, n) => policy(n, `if (GetHeader(request, "x-when") == "yes-${n}") { Deny(request); }`)),
        [["x-when", "no"]],
      ),
  },
  ...keptObjectsCases,
  ...budgetCases,
  ...keptByEnvoyCases,
  ...placementCases,
  ...pathCases,
  ...conflictCases,
  ...growthCases,
  ...sdkCases,
  ...controlPlaneCases,
];

/** How many of 100,000 random texts make the parser, the checker or what a language server asks throw. */
function throwsOnAnyText(): number {
  let throws = 0;
  const ask = fc.property(anyText, (any) => {
    try {
      askEverything(any);
    } catch {
      throws++;
    }
  });
  fc.assert(ask, { numRuns: 100_000 });
  return throws;
}

async function bytesOf(texts: readonly string[]): Promise<Uint8Array> {
  const { bytes, stderr } = await assemble({ entry: generate(checked(texts)) });
  if (bytes === undefined) throw new Error(stderr);
  return bytes;
}

async function sizeOf(texts: readonly string[]): Promise<number> {
  return (await bytesOf(texts)).length;
}

/** From the policies, one of them changed, to a module that was verified and tried; the threads and what is known are those of before. */
async function warmRecompile(): Promise<number> {
  const cache = createChainCache();
  const build = async (turn: number): Promise<void> => {
    const items = checked([...ten.slice(1), simplePolicy(20, `turn-${turn}`)]).map(
      (each): Item => ({
        policy: each,
        placed: { policy: each.name, side: "ingress", section: "either", calls: [["a", "b"]] },
      }),
    );
    const [first] = items;
    if (first === undefined) throw new Error("there are no policies");
    const configuration = items.map(({ policy: { name } }) => `${name}\tinbound\t*\tenforce\n`).join("");
    const { module, diagnostics } = await buildModule(first, items, { configuration, over: "http" }, cache);
    if (module === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  };
  // The engine's own compiler takes some rounds to become fast.
  for (let turn = -10; turn < 0; turn++) await build(turn);
  return medianMs(15, build);
}

/** One request in the in-process host, which does far more than the module: compare, do not take as Envoy's. */
async function requestUs(
  texts: readonly string[],
  headers: readonly (readonly [string, string])[],
): Promise<number> {
  const lines = checked(texts).map(({ name }) => `${name}\tinbound\tsearch\tenforce\n`);
  const configuration = `@self\trate\n@peer\tgeo\t10.0.0.1,10.0.0.2\n@peer\tsearch\t10.0.0.3,10.0.0.4\n${lines.join("")}`;
  const host = createHost(await bytesOf(texts), { configuration });
  if (host.failure !== null) throw new Error(host.failure);
  const request = { headers, properties: { "source.address": "10.0.0.4:4000" } };
  const rounds = 2000;
  return (
    ((await medianMs(25, () => {
      for (let n = 0; n < rounds; n++) host.request(request);
    })) /
      rounds) *
    1000
  );
}
