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
