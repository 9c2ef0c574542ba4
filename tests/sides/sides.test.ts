import fc from "fast-check";
import { expect, test } from "vitest";
import { standardInterface } from "../../controlplane/language/standard.ts";
import type { PlacedSide } from "../../controlplane/placement/placement.ts";
import { seedOr } from "../seed.ts";
import { type Pair, pairsOf, pairText } from "./pair.ts";
import { placementsOf, type Sides } from "./placements-of.ts";
import { play } from "./play.ts";
import { type Sample, samples } from "./samples.ts";

/** Played at once, each with an Envoy of its own. */
const atOnce = 40;
const pairs = pairsOf(samples);
/** Of thousands. All of them take hours: `WIRE_PAIRS` says how many. */
const count = Number(process.env["WIRE_PAIRS"] ?? 120);
const seed = seedOr();

/** They meant something else at one side, once. */
const found: readonly string[] = ["delays before egress times-out", "egress times-out before delays"];

/** What falls out differently each time, or is for bytes and clocks. */
const without: readonly string[] = ["CountBytes", "IsTimeSince", "Reset", "SplitByWeight"];

test("each action is in a sample", () => {
  const text = samples.map((sample) => JSON.stringify(sample)).join("\n");
  const names = [...standardInterface.receivers.values()]
    .filter(({ kind }) => kind !== "type")
    .flatMap(({ actions }) => [...actions.keys()]);
  const missing = [...new Set(names)].filter((name) => !text.includes(`${name}(`));
  expect(missing.toSorted()).toEqual(without);
});

test("each sample can be enforced", async () => {
  for (const sample of samples) {
    const pair = pairs.find(({ samples }) => samples[0] === sample);
    if (pair === undefined) throw new Error(`${sample.name} is in no pair`);
    expect((await placementsOf(pair)).length, sample.name).toBeGreaterThan(0);
  }
});

// What placement keeps to one side since it would mean something else on two: so these are seen to.
test("a difference in counts, logs, tags and answers is seen", async () => {
  const named = (name: string): Sample => {
    const found = samples.find((sample) => sample.name === name);
    if (found === undefined) throw new Error(`there is no sample ${name}`);
    return found;
  };
  const kept = [
    ["counted", ["counts", undefined], ["tries-again", "egress"]],
    ["logged", ["logs", undefined], ["mirrors", "egress"]],
    ["tagged", ["tags", undefined], ["tags-answer", "ingress"]],
    ["no", ["removes-token", "egress"], ["claims", undefined]],
  ] as const;
  const choices = kept.map(([, [first, heading], [second, other]]): Choice => {
    const at = (side: PlacedSide): Sides => [heading ?? side, other ?? side];
    return {
      pair: { samples: [named(first), named(second)], headings: [heading, other] },
      choices: [at("egress"), at("ingress")],
    };
  });
  for (const [index, choice] of choices.entries()) {
    expect(await placementsOf(choice.pair), pairText(choice.pair)).toHaveLength(1);
    const [seen] = await differences([choice]);
    expect(seen?.difference).toContain(`: ${kept[index]?.[0]}: `);
  }
}, 300_000);

test("two policies mean the same at each side that cost may choose", async () => {
  process.stderr.write(`sides: seed ${seed}, ${count} of ${pairs.length} pairs\n`);
  const known = pairs.filter((pair) => found.includes(pairText(pair)));
  expect(known).toHaveLength(found.length);
  const [others = []] = fc.sample(fc.shuffledSubarray([...pairs], { minLength: count, maxLength: count }), {
    seed,
    numRuns: 1,
  });
  const drawn = [...known, ...others];
  const different: string[] = [];
  let played = 0;
  for (let at = 0; at < drawn.length; at += atOnce) {
    const choices = await Promise.all(
      drawn.slice(at, at + atOnce).map(async (pair) => ({ pair, choices: await placementsOf(pair) })),
    );
    const several = choices.filter(({ choices }) => choices.length > 1);
    played += several.length;
    for (const { pair, difference } of await differences(several)) {
      // A machine that stands still for a moment makes an answer late.
      const [again] = await differences(several.filter((each) => each.pair === pair));
      if (again !== undefined) different.push(`${pairText(pair)}\n${difference}`);
    }
  }
  expect(different).toEqual([]);
  expect(played).toBeGreaterThan(count / 2);
}, 3_600_000);

function callee(number: number): string {
  return `p${String(number).padStart(2, "0")}`;
}

interface Choice {
  readonly pair: Pair;
  readonly choices: readonly Sides[];
}

/** Of each pair whose requests meet another fate on other sides, the lines that are not in both. */
async function differences(
  several: readonly Choice[],
): Promise<readonly { readonly pair: Pair; readonly difference: string }[]> {
  const named = several.map((choice, at) => [callee(at), choice] as const);
  const fates = new Map<string, Fate[]>();
  const most = Math.max(0, ...several.map(({ choices }) => choices.length));
  for (let turn = 0; turn < most; turn++) {
    const now = new Map(
      named.flatMap(([to, { pair, choices }]) => {
        const sides = choices[turn];
        return sides === undefined ? [] : [[to, { pair, sides }] as const];
      }),
    );
    for (const [to, lines] of await play(now)) {
      const text = now.get(to)?.sides.join(" ") ?? "";
      fates.set(to, [...(fates.get(to) ?? []), [text, lines]]);
    }
  }
  return named.flatMap(([to, { pair }]) => {
    const [first, ...others] = fates.get(to) ?? [];
    const other = others.find(([, lines]) => lines.join("\n") !== first?.[1].join("\n"));
    if (first === undefined || other === undefined) return [];
    return [{ pair, difference: [...missingIn(other, first), ...missingIn(first, other)].join("\n") }];
  });
}

/** What a request met at some sides. */
type Fate = readonly [sides: string, lines: readonly string[]];

/** The lines of one that another one has not. */
function missingIn([, lines]: Fate, [sides, own]: Fate): readonly string[] {
  return own.filter((line) => !lines.includes(line)).map((line) => `  ${sides}: ${line}`);
}
