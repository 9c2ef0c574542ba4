import fc from "fast-check";
import { expect, test } from "vitest";
import { only } from "../meaning/coverage.ts";
import { request } from "../meaning/draft/request.ts";
import { scenario } from "../meaning/draft/scenario.ts";
import { faults } from "../meaning/faults.ts";
import { type Fault, mutate } from "../meaning/mutate.ts";
import { type BuiltScenario, buildScenario, runScenario } from "../meaning/run-scenario.ts";

const scenariosMax = 30;
const policiesMax = 5;
const requests = fc.sample(request, { seed: 1, numRuns: 200 });
/** What faults need to show: something that is read, and something that is seen. */
const usual: readonly string[] = ["GetHeader", "SetHeader", "string.Length", "string.ToInt", "int.ToString"];
const built = new Map<string, BuiltScenario | undefined>();

/** The same ones for all faults that are about the same actions. */
async function scenarioOf(seed: number, { about = [] }: Fault): Promise<BuiltScenario | undefined> {
  const key = `${seed} ${about}`;
  if (!built.has(key)) {
    const actions = new Set([...usual, ...about]);
    const offered = only((action) => actions.has(action));
    const [drawn] = fc.sample(scenario(offered, policiesMax), { seed, numRuns: 1 });
    const made = drawn && (await buildScenario(drawn));
    built.set(key, made === undefined || "place" in made ? undefined : made);
  }
  return built.get(key);
}

test.for(faults)("found: $name", async (fault) => {
  let places = 0;
  for (let seed = 1; seed <= scenariosMax; seed++) {
    const sound = await scenarioOf(seed, fault);
    const faulty = sound && (await mutate(sound.build, fault));
    if (sound === undefined || faulty === undefined) continue;
    places++;
    if (runScenario({ ...sound, build: faulty }, requests).difference !== undefined) return;
  }
  expect.fail(places === 0 ? "no generated code has a place for it" : `not found in ${places} scenarios`);
});
