import fc from "fast-check";
import { expect, test } from "vitest";
import {
  anyCase,
  type Case,
  callOf,
  letterName,
  matches,
  pathsOf,
  setUp,
  stampedStops,
} from "./any-question.test-helper.ts";
import { type Lookalikes, project, type Question, type Stop } from "./projection.ts";
import { isToldApart, tellingApart } from "./telling-apart.ts";

test("paths with other verdicts look alike just where the projection says so", () => {
  const counts = { apart: 0, alike: 0 };
  const property = fc.property(anyCase, (drawn) => {
    const {
      graph,
      questions: [question],
      stamps,
    } = setUp(drawn);
    const answer = project(graph, question, stamps);
    const rival = alikeByEnumeration(drawn, question, stamps);
    if (answer.kind === "lookalikes") {
      counts.alike++;
      const [{ matching, other, point }] = answer.found as [Lookalikes];
      expect(question.points[point]?.calls).toContain(callOf(drawn.mesh, matching));
      expect(question.points[point]?.calls).toContain(callOf(drawn.mesh, other));
      expect([matches(question, matching), matches(question, other)]).toEqual([true, false]);
      const shownOf = (some: ReadonlySet<number>): readonly string[] =>
        [matching, other].map((path) => shown(path.slice(0, -1), some));
      expect(shownOf(stamps)[0]).toBe(shownOf(stamps)[1]);
      // No stamps of those tell them apart, and those of all services do where anything does.
      const means = tellingApart({ matching, other }, () => true);
      expect(isToldApart(means, stamps)).toBe(false);
      const all = new Set(graph.services.keys());
      expect(isToldApart(means, all)).toBe(shownOf(all)[0] !== shownOf(all)[1]);
    } else {
      expect(answer.kind).toBe("projection");
      counts.apart++;
      expect(rival).toBeUndefined();
    }
  });
  fc.assert(property, { numRuns: 2_000 });
  expect(Math.min(counts.apart, counts.alike)).toBeGreaterThan(50);
});

test("a projection says of each path whether it matches", () => {
  let said = 0;
  const property = fc.property(anyCase, (drawn) => {
    const {
      graph,
      questions: [question],
      stamps,
    } = setUp(drawn);
    const answer = project(graph, question, stamps);
    if (answer.kind !== "projection") return;
    for (const path of pathsOf(drawn.mesh, 6)) {
      const point = question.points.findIndex(({ calls }) => calls.includes(callOf(drawn.mesh, path)));
      if (point < 0) continue;
      const { isBehindStamp } = drawn;
      const [first = "", ...rest] = stampedStops(question, path, { stamps, isBehindStamp });
      const state = rest.reduce((at, name) => answer.next[at ?? -1]?.get(name), answer.starts.get(first));
      const last = letterName(question.machine, path.at(-1) as Stop);
      const key = question.points[point]?.knowsVersion ? `${point} ${last}` : `${point}`;
      expect(answer.answers[state ?? -1]?.get(key)).toBe(matches(question, path));
      said++;
    }
  });
  fc.assert(property, { numRuns: 500 });
  expect(said).toBeGreaterThan(1_000);
});

test("two services tell two orders apart of which none does alone", () => {
  const path = (...names: readonly string[]): readonly Stop[] =>
    names.map((name) => ({ service: name.charCodeAt(0), name }));
  const orders = { matching: path("e", "a", "b", "r"), other: path("e", "b", "a", "r") };
  const means = tellingApart(orders, () => true);
  expect(means).toEqual({ one: [], both: [["a".charCodeAt(0), "b".charCodeAt(0)]] });
  const ways = { matching: path("e", "a", "r"), other: path("e", "b", "r") };
  expect(tellingApart(ways, (service) => service !== 97)).toEqual({ one: [98], both: [] });
});

/** Two paths of the same end that show the same, where the context matches one: found by looking at all of them. */
test("no more steps are taken than may be, and as many are enough", () => {
  let taken = 0;
  const property = fc.property(anyCase, (drawn) => {
    const { graph, questions, stamps } = setUp(drawn);
    for (const question of questions) {
      const budget = { steps: 1_000_000 };
      const { kind } = project(graph, question, stamps, budget);
      const steps = 1_000_000 - budget.steps;
      expect(project(graph, question, stamps, { steps }).kind).toBe(kind);
      if (steps > 0)
        expect(project(graph, question, stamps, { steps: steps - 1 }).kind).toBe("tooManyStates");
      taken += steps;
    }
  });
  fc.assert(property, { numRuns: 50 });
  expect(taken).toBeGreaterThan(100);
});

function alikeByEnumeration(
  { mesh }: Case,
  question: Question,
  stamps: ReadonlySet<number>,
): readonly (readonly Stop[])[] | undefined {
  const { machine, points } = question;
  const seen = new Map<string, readonly Stop[]>();
  for (const path of pathsOf(mesh, 6)) {
    const call = callOf(mesh, path);
    const own = path.map((stop) => ({ ...stop, name: letterName(machine, stop) }));
    for (const [number, { calls, knowsVersion }] of points.entries()) {
      if (!calls.includes(call)) continue;
      const key = `${number} ${knowsVersion ? own.at(-1)?.name : ""} ${shown(own.slice(0, -1), stamps)}`;
      const before = seen.get(key);
      if (before !== undefined && matches(question, before) !== matches(question, path))
        return [before, path];
      seen.set(key, path);
    }
  }
  return undefined;
}

function shown(path: readonly Stop[], stamps: ReadonlySet<number>): string {
  return path.flatMap(({ service, name }) => (stamps.has(service) ? [name] : [])).join(" ");
}
