import type { Policy, Side } from "../language/policy.ts";
import { type Footprint, footprint } from "./footprint.ts";

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
    !seesDenied(a, b) &&
    !seesDenied(b, a)
  );
}

/** Whether it shows in the one, which lasts, if the other denied the request before. */
function seesDenied(one: Footprint, other: Footprint): boolean {
  return one.isLasting && other.denials.size > 0;
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size === 0 || b.size === 0) return true;
  for (const name of a) if (b.has(name)) return false;
  return true;
}
