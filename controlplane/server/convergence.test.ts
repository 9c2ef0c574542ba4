import { expect, test } from "vitest";
import { type Converged, createConvergence } from "./convergence.ts";

test("each from its first change, and all from the first of them; one that leaves holds nobody up", () => {
  let nowMs = 0;
  const told: Converged[] = [];
  const convergence = createConvergence<string>(
    (converged) => told.push(converged),
    () => nowMs,
  );
  convergence.begin("a");
  nowMs = 10;
  convergence.begin("b");
  convergence.begin("c");
  nowMs = 20;
  convergence.begin("a");
  nowMs = 30;
  convergence.end("a");
  convergence.end("a");
  convergence.leave("c");
  convergence.end("c");
  nowMs = 45;
  convergence.end("b");
  expect(told).toEqual([
    { of: "node", ms: 30 },
    { of: "node", ms: 35 },
    { of: "all", ms: 45 },
  ]);
  convergence.begin("a");
  convergence.leave("a");
  convergence.begin("b");
  nowMs = 46;
  convergence.end("b");
  expect(told.slice(3)).toEqual([
    { of: "node", ms: 1 },
    { of: "all", ms: 1 },
  ]);
});
