import fc from "fast-check";
import { expect, test } from "vitest";
import { narrowed } from "../meaning/coverage.ts";
import { request } from "../meaning/draft/request.ts";
import { scenario } from "../meaning/draft/scenario.ts";
import { faults } from "../meaning/faults.ts";
import { type Fault, mutate } from "../meaning/mutate.ts";
import { type BuiltScenario, buildScenario, runScenario } from "../meaning/run-scenario.ts";

const scenariosMax = 60;
const policiesMax = 5;
const requests = fc.sample(request, { seed: 1, numRuns: 200 });
const built = new Map<string, BuiltScenario | undefined>();

/** The same ones for all faults that are about the same actions. */
async function scenarioOf(seed: number, { about = [], where }: Fault): Promise<BuiltScenario | undefined> {
  const key = `${seed} ${about} ${where}`;
  if (!built.has(key)) {
    const options = { policiesMax, ...(where === undefined ? {} : { [where]: true }) };
    const [drawn] = fc.sample(scenario(narrowed(about), options), { seed, numRuns: 1 });
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
    if (runScenario({ ...sound, build: faulty }, requests).difference === undefined) continue;
    console.log(`${fault.name}: found in scenario ${seed}`);
    return;
  }
  expect.fail(places === 0 ? "no generated code has a place for it" : `not found in ${places} scenarios`);
});
