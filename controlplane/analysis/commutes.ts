import { phaseOf } from "../language/phase-of.ts";
import type { Policy, Side } from "../language/policy.ts";
import { type Footprint, footprint, keyText } from "./footprint.ts";

/**
 * Whether two policies give the same result in either order on one request (design §4). Never true when in doubt.
 * With sections, only what stands under these headings is compared.
 */
export function commutes(p: Policy, q: Policy, sections?: { readonly p: Side; readonly q: Side }): boolean {
  const a = footprint(p, sections?.p);
  const b = footprint(q, sections?.q);
  if (a === undefined || b === undefined) return false;
  return (
    disjoint(a.writes, b.reads) &&
    disjoint(b.writes, a.reads) &&
    disjoint(a.writes, b.writes) &&
    // A denial ends the request with an answer of its own: of two different ones, the first is seen.
    (a.denials.size === 0 || b.denials.size === 0 || new Set([...a.denials, ...b.denials]).size === 1) &&
    (phaseOf(p) === "response" || !seesDenied(a, b)) &&
    (phaseOf(q) === "response" || !seesDenied(b, a))
  );
}

/** What the order of two policies that do not commute is about, in words: a header, or what becomes of a request that one refuses. */
export function obstacle(p: Policy, q: Policy, sections: { readonly p: Side; readonly q: Side }): string {
  const a = footprint(p, sections.p);
  const b = footprint(q, sections.q);
  if (a === undefined || b === undefined) return "what cannot be known of its code";
  const own = new Set([...a.reads, ...a.writes]);
  const key =
    [...a.writes].find((each) => b.writes.has(each) || b.reads.has(each)) ??
    [...b.writes].find((each) => own.has(each));
  return key === undefined ? "what becomes of a request that is refused" : keyText(key);
}

/**
 * Whether it shows in the one, which lasts, if the other denied the request before. Of one for responses that does not depend on their order:
 * it does not see what a policy answers at its side (`splits.ts`).
 */
function seesDenied(one: Footprint, other: Footprint): boolean {
  return one.isLasting && other.denials.size > 0;
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size === 0 || b.size === 0) return true;
  for (const name of a) if (b.has(name)) return false;
  return true;
}
