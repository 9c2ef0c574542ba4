import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { hasErrors } from "../language/diagnostic.ts";
import type { Mode, Side } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { PlacedSide, Placement } from "./placement.ts";
import { place } from "./solve.ts";

/*
 * A second reading of design §3, §4 and §6 that shares no code with the stages: requests are walks written as strings, contexts are
 * JavaScript's regular expressions, and the optimum is the best of all assignments. Services have names of one letter.
 */

const services: readonly string[] = ["a", "b", "c", "d"];
/** Longer than what it takes to tell any two of these contexts apart on four services. */
const walkMax = 9;
const walksMax = 6000;
const unitsMax = 11;

interface DraftMesh {
  readonly identity: "none" | "address";
  readonly entries: readonly string[];
  readonly origins: readonly string[];
  readonly never: readonly string[];
  readonly replicas: readonly number[];
  readonly edges: readonly string[];
}

type Action =
  | { readonly kind: "set"; readonly header: string; readonly value: string }
  | { readonly kind: "deny"; readonly status: number }
  | { readonly kind: "allow"; readonly caller: string }
  /** To a version of `b`, the service that has some. */
  | { readonly kind: "route"; readonly version: string };

interface Operation {
  readonly when?: { readonly header: string; readonly value: string };
  readonly action: Action;
}

interface DraftSection {
  readonly heading: Side;
  readonly operations: readonly Operation[];
}

interface DraftPolicy {
  readonly name: string;
  readonly priority: number;
  readonly mode: Mode;
  readonly anchored: boolean;
  readonly parts: readonly { readonly text: string; readonly pattern: string }[];
  readonly sections: readonly DraftSection[];
}

/** A section on a call that its policy matches. */
interface Duty {
  readonly policy: DraftPolicy;
  readonly section: DraftSection;
  readonly from: string | null;
  readonly to: string;
}

// What is drawn

const service = fc.constantFrom(...services);
const some = (chance: number) =>
  fc
    .subarray([...services], { maxLength: 2 })
    .chain((list) => fc.nat({ max: 99 }).map((roll) => (roll < chance ? list : [])));
const mesh: fc.Arbitrary<DraftMesh> = fc.record({
  identity: fc.constantFrom("none", "address", "address"),
  entries: some(30).map((more) => [...new Set(["a", ...more])]),
  origins: some(20),
  never: some(25),
  replicas: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  edges: fc.subarray(
    services.flatMap((from) => services.filter((to) => to !== from).map((to) => from + to)),
    {
      minLength: 2,
      maxLength: 7,
    },
  ),
});
const atom = fc.oneof(
  service.map((x) => ({ text: x, pattern: x })),
  fc.constant({ text: ".", pattern: "[a-z]" }),
  fc.tuple(service, service).map(([x, y]) => ({ text: `[${x}, ${y}]`, pattern: `[${x}${y}]` })),
  service.map((x) => ({ text: `[^${x}]`, pattern: `[^${x}]` })),
  fc
    .tuple(service, service)
    .map(([x, y]) => ({ text: `(${x} | ${y} -> ${x})`, pattern: `(?:${x}|${y}${x})` })),
);
const part = fc
  .tuple(atom, fc.constantFrom("", "", "", "*", "+", "?"))
  .map(([{ text, pattern }, sign]) => ({ text: text + sign, pattern: pattern + sign }));
const when = fc.record({ header: fc.constantFrom("h", "k"), value: fc.constantFrom("0", "1") });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      header: fc.constantFrom("h", "h", "k"),
      value: fc.constantFrom("0", "1"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("deny" as const), status: fc.constantFrom(403, 429) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("allow" as const), caller: fc.constantFrom("*", ...services) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("route" as const), version: fc.constantFrom("v1", "v2") }),
  },
);
const operation: fc.Arbitrary<Operation> = fc.record({ action, when }, { requiredKeys: ["action"] });
const headings: readonly (readonly Side[])[] = [
  ["either"],
  ["either"],
  ["egress"],
  ["ingress"],
  ["egress", "ingress"],
  ["ingress", "egress"],
  ["either", "egress"],
  ["either", "egress"],
  ["either", "ingress"],
];
const section = (heading: Side): fc.Arbitrary<DraftSection> =>
  fc
    .array(operation, { minLength: 1, maxLength: 2 })
    // What an egress heading offers only is left out under the other one: that is the checker's business.
    .map((list) => list.filter((each) => heading !== "ingress" || each.action.kind !== "route"))
    .filter((list) => list.length > 0)
    .map((operations) => ({ heading, operations }));
const policies: fc.Arbitrary<readonly DraftPolicy[]> = fc
  .array(
    fc.record({
      priority: fc.nat({ max: 2 }),
      mode: fc.constantFrom<Mode>("enforce", "enforce", "enforce", "audit", "off"),
      anchored: fc.nat({ max: 6 }).map((roll) => roll === 0),
      parts: fc.array(part, { minLength: 1, maxLength: 3, size: "-1" }),
      sections: fc.constantFrom(...headings).chain((list) => fc.tuple(...list.map(section))),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) => list.map((draft, index) => ({ ...draft, name: `p${(index * 2) % 3}` })));

// How it is written

function meshText(draft: DraftMesh): string {
  const of = (name: string, index: number) => ({
    ...(draft.entries.includes(name) ? { entry: true } : {}),
    ...(draft.origins.includes(name) ? { origin: true } : {}),
    ...(draft.never.includes(name) ? { proxy: "never" } : {}),
    ...(name === "b"
      ? { versions: { v1: { replicas: draft.replicas[index] }, v2: {} } }
      : { replicas: draft.replicas[index] }),
  });
  return JSON.stringify({
    name: "m",
    identity: draft.identity,
    services: Object.fromEntries(services.map((name, index) => [name, of(name, index)])),
    calls: Object.fromEntries(
      services.map((name) => [name, draft.edges.flatMap(([from, to]) => (from === name ? [to] : []))]),
    ),
  });
}

function policyText(draft: DraftPolicy): string {
  const statement = ({ action: act, when: test }: Operation): string => {
    const texts = {
      set: () => (act.kind === "set" ? `SetHeader(r, "${act.header}", "${act.value}");` : ""),
      deny: () => (act.kind === "deny" ? `Deny(r, ${act.status});` : ""),
      allow: () => (act.kind === "allow" ? `Allow(r, "${act.caller}", "*");` : ""),
      route: () => (act.kind === "route" ? `RouteToVersion(r, "b", "${act.version}");` : ""),
    };
    const text = texts[act.kind]();
    return test === undefined ? text : `if (GetHeader(r, "${test.header}") == "${test.value}") { ${text} }`;
  };
  const heading = { either: "", egress: "[Egress] ", ingress: "[Ingress] " };
  const body = draft.sections.map((each) => heading[each.heading] + each.operations.map(statement).join(" "));
  return `policy ${draft.name} (act (Request r) context ('${contextText(draft)}') priority (${draft.priority}) mode (${draft.mode})) { ${body.join(" ")} }`;
}

function contextText({ anchored, parts }: DraftPolicy): string {
  return (anchored ? "^" : "") + parts.map(({ text }) => text).join(" -> ");
}

// What it means

/** Every path of a request with at most `walkMax` services, and whether it can come from outside. */
function walksOf(draft: DraftMesh): readonly string[] | undefined {
  let longest = [...new Set([...draft.entries, ...draft.origins])];
  const all = [...longest];
  for (let length = 1; length < walkMax; length++) {
    longest = longest.flatMap((walk) =>
      draft.edges.flatMap(([from, to]) => (walk.endsWith(from ?? "") ? [walk + to] : [])),
    );
    all.push(...longest);
    if (all.length > walksMax) return undefined;
  }
  // The path of one service is a request from outside into an entry.
  return all.filter((walk) => walk.length > 1 || draft.entries.includes(walk));
}

function matches({ anchored, parts }: DraftPolicy, walk: string): boolean {
  const whole = new RegExp(`^(?:${parts.map(({ pattern }) => pattern).join("")})$`);
  const suffixes = anchored ? [walk] : [...walk].map((_, index) => walk.slice(index));
  return suffixes.some((suffix) => whole.test(suffix));
}

/** The last call of a walk; from outside it is `>a`. */
function callOf(walk: string): string {
  return `${walk.at(-2) ?? ""}>${walk.at(-1)}`;
}

function sideOf({ heading, operations }: DraftSection): Side {
  return heading === "either" && operations.some((each) => each.action.kind === "route") ? "egress" : heading;
}

/** What has to be enforced where; undefined when a call does not decide whether a policy matches. */
function dutiesOf(inOrder: readonly DraftPolicy[], walks: readonly string[]): readonly Duty[] | undefined {
  const duties: Duty[] = [];
  for (const [call, paths] of Map.groupBy(walks, callOf)) {
    const [from = "", to = ""] = call.split(">");
    for (const policy of inOrder) {
      const found = new Set(paths.map((walk) => matches(policy, walk)));
      const applied = merged(policy).filter((each) => from !== "" || each.heading !== "egress");
      if (found.size === 2 && applied.length > 0) return undefined;
      if (found.has(true))
        duties.push(
          ...applied.map((each) => ({ policy, section: each, from: from === "" ? null : from, to })),
        );
    }
  }
  return duties;
}

/** A policy's sections with the sides that they have in the end; what stands for one side twice is one. */
function merged(policy: DraftPolicy): readonly DraftSection[] {
  return [...Map.groupBy(policy.sections, sideOf)].map(([heading, list]) => ({
    heading,
    operations: list.flatMap(({ operations }) => operations),
  }));
}

/** Why the duties cannot sit on these sides; undefined when they can. */
function complaint(
  duties: readonly Duty[],
  sides: readonly PlacedSide[],
  draft: DraftMesh,
  calls: ReadonlySet<string>,
): string | undefined {
  for (const [index, duty] of duties.entries()) {
    const side = sides[index];
    const place = side === "ingress" ? duty.to : duty.from;
    if (place === null || draft.never.includes(place)) return "no proxy";
    if (duty.section.heading !== "either" && duty.section.heading !== side) return "heading";
    if (side === "ingress" && draft.identity === "none") {
      const callers = [...calls].filter((call) => call.endsWith(`>${duty.to}`));
      const beside = duties.filter(
        (other, at) =>
          other.policy === duty.policy &&
          other.section.heading === duty.section.heading &&
          other.to === duty.to &&
          sides[at] === "ingress",
      );
      if (beside.length < callers.length) return "identity";
      const named = duty.section.operations.some(
        ({ action: act }) => act.kind === "allow" && act.caller !== "*",
      );
      if (named) return "identity of the caller that is allowed";
    }
    for (const [at, other] of duties.entries()) {
      if (other.from !== duty.from || other.to !== duty.to || at === index) continue;
      if (judges(duty) && judges(other) && sides[at] !== side) return "allows apart";
      const free = duty.policy !== other.policy || duty.section.heading === "either";
      if (index < at && free && side === "ingress" && sides[at] === "egress" && !independent(duty, other))
        return "order";
    }
  }
  return undefined;
}

function judges({ policy, section: { operations } }: Duty): boolean {
  return policy.mode === "enforce" && operations.some((each) => each.action.kind === "allow");
}

/** What the toolkit promises to see as commuting: neither touches what the other one does. */
function independent(p: Duty, q: Duty): boolean {
  const touched = ({ policy, section: { operations } }: Duty) => {
    const acts = policy.mode === "audit" ? [] : operations.map((each) => each.action);
    return {
      reads: operations.flatMap((each) => (each.when === undefined ? [] : [each.when.header])),
      writes: acts.flatMap((act) => (act.kind === "set" ? [act.header] : [])),
      answers: acts.flatMap((act) => (act.kind === "deny" ? [act.status] : [])),
      routes: acts.some((act) => act.kind === "route"),
    };
  };
  const [a, b] = [touched(p), touched(q)];
  const apart = (x: readonly string[], y: readonly string[]) => !x.some((each) => y.includes(each));
  const answers = new Set([...a.answers, ...b.answers]).size;
  return (
    apart(a.writes, [...b.reads, ...b.writes]) &&
    apart(b.writes, a.reads) &&
    !(a.routes && b.routes) &&
    (a.answers.length === 0 || b.answers.length === 0 || answers === 1)
  );
}

function costOf(duties: readonly Duty[], sides: readonly PlacedSide[], draft: DraftMesh): number {
  const proxies = new Set(duties.map(({ from, to }, index) => (sides[index] === "ingress" ? to : from)));
  const replicas = (name: string): number =>
    (draft.replicas[services.indexOf(name)] ?? 0) + (name === "b" ? 1 : 0);
  return [...proxies].reduce((sum, name) => sum + replicas(name ?? ""), 0);
}

function leastCost(
  duties: readonly Duty[],
  draft: DraftMesh,
  calls: ReadonlySet<string>,
): number | undefined {
  let best: number | undefined;
  for (let mask = 0; mask < 2 ** duties.length; mask++) {
    const sides = duties.map((_, index): PlacedSide => ((mask >> index) & 1 ? "ingress" : "egress"));
    const cost = costOf(duties, sides, draft);
    if ((best === undefined || cost < best) && complaint(duties, sides, draft, calls) === undefined)
      best = cost;
  }
  return best;
}

/** What becomes of a request that these duties are done to, one after the other. */
function outcome(duties: readonly Duty[], headers: Readonly<Record<string, string>>): string {
  const seen = new Map(Object.entries(headers));
  let judged = false;
  let admitted = false;
  let version = "any";
  for (const {
    policy,
    section: { operations },
    from,
    to,
  } of duties) {
    if (policy.mode !== "enforce") continue;
    if (operations.some((each) => each.action.kind === "allow")) judged = true;
    for (const { when: test, action: act } of operations) {
      if (test !== undefined && seen.get(test.header) !== test.value) continue;
      if (act.kind === "deny") return `denied ${act.status}`;
      if (act.kind === "set") seen.set(act.header, act.value);
      if (act.kind === "route" && to === "b") version = act.version;
      if (act.kind === "allow") admitted ||= act.caller === "*" || act.caller === from;
    }
  }
  if (judged && !admitted) return "denied, not allowed";
  return `${version} ${JSON.stringify([...seen].sort())}`;
}

/** The side on which a duty is done, once for every time that it is. */
function sidesIn(
  placement: Placement,
  { policy, section: { heading }, from, to }: Duty,
): readonly PlacedSide[] {
  return placement.proxies.flatMap((proxy) =>
    proxy.policies
      .filter((placed) => placed.policy === policy.name && placed.section === heading)
      .filter((placed) => proxy.service === (placed.side === "ingress" ? to : from))
      .flatMap((placed) =>
        placed.calls.filter((call) => call[0] === from && call[1] === to).map(() => placed.side),
      ),
  );
}

/** The duties of one call in the order in which its two proxies do them. */
function asPlaced(placement: Placement, duties: readonly Duty[]): readonly Duty[] {
  return (["egress", "ingress"] as const).flatMap((side) =>
    duties
      .filter((duty) => sidesIn(placement, duty).includes(side))
      .map((duty) => ({ duty, at: rank(placement, duty) }))
      .sort((a, b) => a.at - b.at)
      .map(({ duty }) => duty),
  );
}

function rank(placement: Placement, { policy, section: { heading }, from, to }: Duty): number {
  const ranks = placement.proxies.flatMap((proxy) =>
    proxy.policies.flatMap((placed, index) =>
      placed.policy === policy.name &&
      placed.section === heading &&
      placed.calls.some((call) => call[0] === from && call[1] === to)
        ? [index]
        : [],
    ),
  );
  return ranks[0] ?? -1;
}

const requests = ["", "0", "1"].flatMap((h) =>
  ["", "0", "1"].map((k) => ({ ...(h === "" ? {} : { h }), ...(k === "" ? {} : { k }) })),
);

test("an independent reading of the design agrees", { timeout: 60_000 }, async () => {
  const counts = { placed: 0, refused: 0, undecided: 0 };
  await fc.assert(
    fc.asyncProperty(mesh, policies, async (draftMesh, drafts) => {
      const walks = walksOf(draftMesh);
      fc.pre(walks !== undefined);
      const calls = new Set(walks.map(callOf));
      const inOrder = drafts
        .filter(({ mode }) => mode !== "off")
        .sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
      const duties = dutiesOf(inOrder, walks);
      fc.pre((duties ?? []).length <= unitsMax);

      const read = fromYaml({ path: "mesh.yaml", text: meshText(draftMesh) });
      const checked = checkPolicies([{ path: "p.cup", text: drafts.map(policyText).join("\n") }], read.mesh);
      expect(
        [...read.diagnostics, ...checked.diagnostics].filter((each) => each.severity === "error"),
      ).toEqual([]);
      if (read.mesh === undefined) return;
      const { placement, diagnostics } = await place(checked.policies, read.mesh);
      expect(hasErrors(diagnostics)).toBe(placement === undefined);
      expect(diagnostics.some(({ code }) => code === "PLC0101")).toBe(duties === undefined);
      if (duties === undefined) {
        counts.undecided++;
        return;
      }
      expect(placement?.cost).toBe(leastCost(duties, draftMesh, calls));
      if (placement === undefined) {
        counts.refused++;
        return;
      }
      counts.placed++;
      const found = duties.map((duty) => sidesIn(placement, duty));
      expect(found.map((sides) => sides.length)).toEqual(duties.map(() => 1));
      const enforced = placement.proxies.flatMap(({ policies: list }) =>
        list.flatMap((placed) => placed.calls),
      );
      expect(enforced.length).toBe(duties.length);
      expect(complaint(duties, found.flat(), draftMesh, calls)).toBeUndefined();
      const nowhere = inOrder.filter((policy) => !duties.some((duty) => duty.policy === policy));
      expect(placement.unmatched).toEqual(nowhere.map(({ name }) => name));
      for (const together of Map.groupBy(duties, ({ from, to }) => `${from}>${to}`).values()) {
        const done = asPlaced(placement, together);
        for (const headers of requests)
          expect(outcome(done, headers)).toBe(outcome(asWritten(together), headers));
      }
    }),
    { numRuns: 500, seed: 25 },
  );
  expect(counts.placed).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(10);
});

/** In the order of policies; of one policy's headings, the caller's side is first. */
function asWritten(duties: readonly Duty[]): readonly Duty[] {
  const late = ({ section: { heading } }: Duty) => (heading === "ingress" ? 1 : 0);
  return [...Map.groupBy(duties, ({ policy }) => policy).values()].flatMap((own) =>
    own.toSorted((a, b) => late(a) - late(b)),
  );
}
