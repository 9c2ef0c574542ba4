import fc from "fast-check";
import { expect, test } from "vitest";
import {
  anyCase,
  callOf,
  letterName,
  matches,
  pathsOf,
  setUp,
  stampedStops,
} from "./any-question.test-helper.ts";
import { project, type Stop } from "./projection.ts";
import { stampAutomaton } from "./stamp-automaton.ts";

test("one state answers for all contexts, and no two states say the same", () => {
  let said = 0;
  let most = 0;
  const property = fc.property(anyCase, (drawn) => {
    const { graph, questions, stamps } = setUp(drawn);
    const projections = questions.flatMap((question) => {
      const answer = project(graph, question, stamps);
      return answer.kind === "projection" ? [{ question, answer }] : [];
    });
    const found = stampAutomaton(projections.map(({ answer }) => answer));
    if (found === undefined) throw new Error("so few services have few states");
    most = Math.max(most, found.states);
    const answers = projections.map((_, number) => found.answersOf(number));
    const texts = found.next.map((next, state) =>
      JSON.stringify([[...next], answers.map((own) => [...(own[state] ?? [])].sort())]),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts[0]).toBe(JSON.stringify([[], answers.map(() => [])]));
    for (const path of pathsOf(drawn.mesh, 5)) {
      for (const [number, { question }] of projections.entries()) {
        const point = question.points.findIndex(({ calls }) => calls.includes(callOf(drawn.mesh, path)));
        const { isBehindStamp } = drawn;
        const [first = "", ...rest] = stampedStops(question, path, { stamps, isBehindStamp });
        const state = rest.reduce((at, name) => found.next[at]?.get(name) ?? 0, found.starts.get(first) ?? 0);
        const last = letterName(question.machine, path.at(-1) as Stop);
        const key = drawn.knowsVersion ? `${point} ${last}` : `${point}`;
        expect(answers[number]?.[state]?.get(key)).toBe(matches(question, path));
        said++;
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
  expect(said).toBeGreaterThan(1_000);
  expect(most).toBeGreaterThan(5);
});

test("states that differ only far ahead, where all lead to an answer, are two", () => {
  const ways = (entries: Readonly<Record<string, number>>) => new Map(Object.entries(entries));
  const found = stampAutomaton([
    {
      kind: "projection",
      starts: ways({ a: 0, e: 1 }),
      next: [{ b: 2 }, { b: 2, d: 3 }, {}, { a: 4 }, { b: 5 }, {}].map(ways),
      answers: [{}, {}, { 0: false }, {}, {}, { 0: true }].map((each) => new Map(Object.entries(each))),
    },
  ]);
  const answerTo = (first: string, ...rest: readonly string[]): boolean | undefined => {
    const state = rest.reduce((at, name) => found?.next[at]?.get(name) ?? 0, found?.starts.get(first) ?? 0);
    return found?.answersOf(0)[state]?.get("0");
  };
  expect(answerTo("a", "b")).toBe(false);
  expect(answerTo("e", "b")).toBe(false);
  expect(answerTo("e", "d", "a", "b")).toBe(true);
  expect(answerTo("a", "d", "a", "b")).toBeUndefined();
});
