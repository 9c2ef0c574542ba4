import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy, Side } from "../language/policy.ts";
import type { Source } from "../language/source.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy, PlacedSide, Placement } from "./placement.ts";
import { sectionsOf } from "./section.ts";

/**
 * A placement as `wire place --json` prints it. What it names need not be there any more. Which of a policy's sections was where is not
 * written: those that stand for one side are in the order of the policy, and that under a heading is on its side whenever it is anywhere.
 */
export function fromJson(
  source: Source,
  policies: readonly Policy[],
): { readonly placement?: Placement; readonly diagnostics: readonly Diagnostic[] } {
  let value: unknown;
  try {
    value = JSON.parse(source.text);
  } catch {
    return { diagnostics: [fault(source, "it is not JSON")] };
  }
  const wrong = faultOf(value);
  if (wrong !== undefined) return { diagnostics: [fault(source, wrong)] };
  const { status, cost, bound, unmatched, proxies } = value as Written;
  const known = new Map(policies.map((policy) => [policy.name, policy]));
  return {
    placement: {
      ...{ status, cost, bound, unmatched },
      proxies: proxies.map((proxy): PlacedProxy => ({ ...proxy, policies: withSections(proxy, known) })),
    },
    diagnostics: [],
  };
}

type WrittenPolicy = Omit<PlacedPolicy, "section">;
type WrittenProxy = Omit<PlacedProxy, "policies"> & { readonly policies: readonly WrittenPolicy[] };
type Written = Omit<Placement, "proxies"> & { readonly proxies: readonly WrittenProxy[] };

function fault(source: Source, message: string): Diagnostic {
  return {
    code: "PLC0109",
    severity: "error",
    message: `the last placement cannot be read: ${message}`,
    help: "give a file with what `wire place --json` printed",
    source,
    span: { start: 0, end: Math.min(1, source.text.length) },
  };
}

/** What is not as in a placement, if anything. */
function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return "it is no object";
  if ("diagnostics" in value && !("proxies" in value)) return "it holds diagnostics, and no placement";
  const { status, cost, bound, proxies, unmatched } = value;
  if (status !== "optimal" && status !== "feasible") return "`status` is neither `optimal` nor `feasible`";
  if (typeof cost !== "number") return "`cost` is no number";
  if (typeof bound !== "number") return "`bound` is no number";
  if (!isTexts(unmatched)) return "`unmatched` is no list of names";
  if (!Array.isArray(proxies)) return "`proxies` is no list";
  const services = new Set<unknown>();
  for (const [index, proxy] of proxies.entries()) {
    const wrong = faultOfProxy(proxy);
    if (wrong !== undefined) return `in \`proxies[${index}]\` ${wrong}`;
    if (services.has(proxy.service)) return `\`${proxy.service}\` has two proxies`;
    services.add(proxy.service);
  }
  return undefined;
}

function faultOfProxy(proxy: unknown): string | undefined {
  if (!isObject(proxy)) return "there is no object";
  if (typeof proxy["service"] !== "string") return "`service` is no name";
  if (typeof proxy["dataplane"] !== "string") return "`dataplane` is no name";
  if (typeof proxy["stamps"] !== "boolean") return "`stamps` is neither `true` nor `false`";
  const { policies } = proxy;
  if (!Array.isArray(policies)) return "`policies` is no list";
  for (const [index, placed] of policies.entries()) {
    const at = `\`policies[${index}]\``;
    if (!isObject(placed)) return `${at} is no object`;
    const { policy, side, calls } = placed;
    if (typeof policy !== "string") return `\`policy\` of ${at} is no name`;
    if (side !== "egress" && side !== "ingress")
      return `\`side\` of ${at} is neither \`egress\` nor \`ingress\``;
    if (!Array.isArray(calls) || !calls.every(isCall))
      return `\`calls\` of ${at} is no list of \`[from, to]\``;
  }
  return undefined;
}

function isCall(call: unknown): call is PlacedCall {
  if (!Array.isArray(call) || call.length < 2 || call.length > 3) return false;
  const [from, to, versions] = call;
  return (
    (from === null || typeof from === "string") &&
    typeof to === "string" &&
    (call.length === 2 || isTexts(versions))
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withSections(
  { policies }: WrittenProxy,
  known: ReadonlyMap<string, Policy>,
): readonly PlacedPolicy[] {
  const groups = Map.groupBy(policies, ({ policy, side }) => `${side} ${policy}`);
  return policies.map((placed) => {
    const own = groups.get(`${placed.side} ${placed.policy}`) ?? [];
    const sections = sectionsAt(known.get(placed.policy), placed.side);
    const named = own.length === sections.length ? sections[own.indexOf(placed)] : undefined;
    return { ...placed, section: named ?? (sections.includes(placed.side) ? placed.side : "either") };
  });
}

/** The sections of a policy that may be on a side. */
function sectionsAt(policy: Policy | undefined, side: PlacedSide): readonly Side[] {
  if (policy === undefined) return [];
  return sectionsOf(policy).flatMap(({ name, sides }) => (sides.includes(side) ? [name] : []));
}
