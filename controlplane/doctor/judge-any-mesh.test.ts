import fc from "fast-check";
import { expect, test } from "vitest";
import { seedOr } from "../../tests/seed.ts";
import type { Answered, Examination, Sighting } from "./examination.ts";
import { judge } from "./judge.ts";

// Meshes at random, with circles, in which some services drop the state, or all that they are sent. Requests are made up as services would make them that
// call all that they may, some of it only when they are asked for the second time; and what proxies see of them is all that is known.

const names = ["a", "b", "c", "d", "e", "f"] as const;
type Name = (typeof names)[number];

interface World {
  readonly calls: readonly (readonly [from: Name, to: Name])[];
  readonly inbound: readonly Name[];
  readonly outbound: readonly Name[];
  /** Services whose proxies update states that come in. */
  readonly stamping: readonly Name[];
  readonly drops: readonly Name[];
  readonly dropsAll: readonly Name[];
  /** Calls that are made when a request comes again. */
  readonly later: readonly number[];
  /** Services whose proxies do not know callers. */
  readonly blind: readonly Name[];
}

const some = fc.subarray([...names]);
const worlds = fc
  .record({
    calls: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), {
      selector: ([from, to]) => `${from}>${to}`,
      minLength: 3,
      maxLength: 12,
    }),
    ...{ inbound: some, outbound: some, stamping: some, blind: some },
    drops: fc.subarray([...names], { maxLength: 2 }),
    later: fc.array(fc.nat(11), { maxLength: 4 }),
    dropsAll: fc.subarray([...names], { maxLength: 1 }),
  })
  .map((world): World => ({ ...world, calls: world.calls.filter(([from, to]) => from !== to) }));

interface Sent {
  readonly probe: string;
  readonly state?: string;
  /** Whether anything of the probe is left. */
  readonly isKnown: boolean;
}

/** What proxies see of a probe that a service is sent. */
function sightingsOf(first: Name, world: World): readonly Sighting[] {
  const found: Sighting[] = [];
  const see = (
    { probe, state, isKnown }: Sent,
    where: Pick<Sighting, "service" | "direction" | "from">,
  ): void => {
    if (isKnown) found.push({ probe, ...where, by: ["b3"], ...(state === undefined ? {} : { state }) });
  };
  const ask = (service: Name, got: Sent, before: readonly Name[]): void => {
    const isSilent = world.dropsAll.includes(service);
    const { state, ...rest } = got;
    const isKept = state !== undefined && !isSilent && !world.drops.includes(service);
    const sent: Sent = { ...rest, isKnown: got.isKnown && !isSilent, ...(isKept ? { state } : {}) };
    const times = (name: Name): number => before.filter((each) => each === name).length;
    for (const [number, [from, to]] of world.calls.entries()) {
      if (from !== service || times(to) > 1 || before.length > 6) continue;
      if (world.later.includes(number) && times(service) === 1) continue;
      if (world.outbound.includes(from)) see(sent, { service: from, direction: "outbound" });
      let comes = sent;
      if (world.inbound.includes(to)) {
        const caller = world.blind.includes(to) ? {} : { from };
        see(sent, { service: to, direction: "inbound", ...caller });
        if (world.stamping.includes(to) && sent.state !== undefined)
          comes = { ...sent, state: `${sent.state}'` };
      }
      ask(to, comes, [...before, to]);
    }
  };
  ask(first, { probe: `of ${first}`, state: "r.1", isKnown: true }, [first]);
  return found;
}

test("who hands on states is not blamed, and who does not is not said to do it", () => {
  const counts = { forwards: 0, drops: 0, others: 0 };
  fc.assert(
    fc.property(worlds, (world) => {
      const examination: Examination = {
        ...{ id: "e", stateHeader: "tracestate" },
        ...{ calls: world.calls, inbound: world.inbound, outbound: world.outbound },
        services: names.map((service) => ({
          ...{ service, protocol: "http", endpoints: [], probe: `of ${service}`, headers: {}, state: "r.1" },
        })),
      };
      const ok: Answered = { kind: "status", status: 200 };
      const verdicts = judge(examination, {
        sightings: names.flatMap((name) => sightingsOf(name, world)),
        answers: new Map(names.map((name) => [name, ok])),
      });
      for (const name of names) {
        const dropsIt = world.drops.includes(name) || world.dropsAll.includes(name);
        const kind = verdicts.get(name)?.kind;
        if (kind === "forwards" || kind === "drops") {
          expect([name, kind]).toEqual([name, dropsIt ? "drops" : "forwards"]);
          counts[kind]++;
        } else counts.others++;
      }
    }),
    { numRuns: 3_000, seed: seedOr(8) },
  );
  expect(counts.forwards).toBeGreaterThan(1_000);
  expect(counts.drops).toBeGreaterThan(300);
});

test("where nobody drops anything and each call is seen, all are said to hand on states", () => {
  const seen = worlds.map((world) => ({ ...world, inbound: [...names], drops: [], dropsAll: [], later: [] }));
  fc.assert(
    fc.property(seen, (world) => {
      const callers = names.filter((name) => world.calls.some(([from]) => from === name));
      const examination: Examination = {
        ...{ id: "e", stateHeader: "tracestate", ...world },
        services: callers.map((service) => ({
          ...{ service, protocol: "http", endpoints: [], probe: `of ${service}`, headers: {}, state: "r.1" },
        })),
      };
      const sightings = callers.flatMap((name) => sightingsOf(name, world));
      const verdicts = judge(examination, { sightings, answers: new Map() });
      expect([...verdicts.values()].map(({ kind }) => kind)).toEqual(callers.map(() => "forwards"));
    }),
    { numRuns: 500, seed: seedOr(8) },
  );
});
