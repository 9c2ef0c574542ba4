import type { Suggestion } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** The candidates closest to `word` by edit distance, all equally close; empty when none is close enough to suggest. */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): readonly string[] {
  const allowed = Math.max(1, Math.floor(word.length / 3));
  return [...candidates]
    .map((candidate) => ({ candidate, distance: distanceOf(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .filter(({ distance }, _, [best]) => distance === best?.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** "did you mean `x`?", or `otherwise` where nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const near = nearest(word, candidates);
  return near.length === 0 ? otherwise : `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?`;
}

/** What `didYouMean` says, as a part of a diagnostic: with what would be written over `span`, where the word stands. */
export function suggest(
  word: string,
  candidates: Iterable<string>,
  otherwise: string,
  span: Span,
): { readonly help: string; readonly suggestions: readonly Suggestion[] } {
  const all = [...candidates];
  return {
    help: didYouMean(word, all, otherwise),
    suggestions: nearest(word, all).map((text) => ({ span, text })),
  };
}

/** What is between the quotes of a string. */
export function within({ start, end }: Span): Span {
  return { start: start + 1, end: end - 1 };
}

function distanceOf(a: string, b: string): number {
  // Nothing that far apart is ever suggested, and untrusted words can be very long.
  if (Math.abs(a.length - b.length) > 32) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swap = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
