import type { RequestKind } from "./application.ts";

/** The paths that are asked for, in turn: each kind by its share, spread as evenly as can be. */
export function pathsInTurn(requests: readonly RequestKind[]): readonly string[] {
  const divisor = requests.reduce((common, { share }) => greatestCommon(common, share), 0);
  const turns = requests.flatMap(({ path, share }) => {
    const count = share / divisor;
    // The middles of as many equal parts of the whole.
    return Array.from({ length: count }, (_, n) => ({ path, at: (n + 0.5) / count }));
  });
  return turns.toSorted((a, b) => a.at - b.at).map(({ path }) => path);
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}
