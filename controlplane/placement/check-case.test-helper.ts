import fc from "fast-check";
import { expect } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { hasErrors } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Core, core } from "./core.ts";
import { fateOf, type Sent } from "./fate.test-helper.ts";
import { fromJson } from "./from-json.ts";
import type { PlacedCall, PlacedPolicy, PlacedSide, Placement } from "./placement.ts";
import { problem } from "./problem.ts";
import { type Case, type DraftMesh, meshText, policySources } from "./random-cases.test-helper.ts";
import {
  type Before,
  bestOf,
  complaint,
  type Duty,
  dutiesOf,
  inForce,
  movesOf,
  type Question,
  questionOf,
  sidesIn,
  stampsIn,
  walksOf,
} from "./second-reading.test-helper.ts";
import { place } from "./solve.ts";

/** What became of the cases that were looked at. */
export interface Counts {
  placed: number;
  /** Those of them that would be further from the last placement if nobody had looked at it. */
  nearer: number;
  /** Placements of the same after a change. */
  changed: number;
  /** A policy has no proxy on some call. */
  homeless: number;
  /** Each has, and they do not fit together. */
  torn: number;
  undecided: number;
  /** Some services stamp, since the paths of requests decide. */
  stamped: number;
  /** Something for a version is enforced by the caller's proxy, since a route decides. */
  decided: number;
}

export function noCounts(): Counts {
  return { placed: 0, nearer: 0, changed: 0, homeless: 0, torn: 0, undecided: 0, stamped: 0, decided: 0 };
}

/** More units of a case are too many to try all their sides. */
const unitsMax = 12;
const nothing: Before = { proxies: [], sides: [], stamps: [] };

/** What the stages say of a case, against the second reading of the design. */
export async function checkCase(drawn: Case, counts: Counts): Promise<void> {
  const { dataplanes } = drawn;
  const walks = walksOf(drawn.mesh);
  const enforced = inForce(drawn.policies);
  const duties = dutiesOf(enforced, drawn.mesh, walks);
  fc.pre((duties ?? []).length <= unitsMax);

  const mesh = meshOf(drawn);
  const checked = checkPolicies(policySources(drawn.policies), mesh);
  expect(checked.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const { placement, diagnostics } = await place(checked.policies, mesh, { dataplanes });
  const codes = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code));
  expect(hasErrors(diagnostics)).toBe(placement === undefined);
  expect(codes.has("PLC0107")).toBe(duties === undefined);
  if (duties === undefined) {
    counts.undecided++;
    return;
  }
  const question = questionOf(drawn, duties, walks);
  const least = bestOf(question, nothing);
  expect(placement?.cost).toBe(least === undefined ? undefined : least.cost / 1_000);
  if (placement === undefined) {
    const isHomeless = [...duties.keys()].some(
      (duty) => bestOf({ ...question, nested: [] }, nothing, new Set([duty])) === undefined,
    );
    expect(codes.has("PLC0103")).toBe(!isHomeless);
    counts[isHomeless ? "homeless" : "torn"]++;
    if (!isHomeless) await checkCore(question, await core(problem(checked.policies, mesh, dataplanes)));
    return;
  }
  counts.placed++;
  if (stampsIn(placement).length > 0) counts.stamped++;
  if (duties.some((duty) => duty.isDecided === true && sidesIn(placement, duty).includes("egress")))
    counts.decided++;
  checkPlacement(placement, drawn.mesh, question);
  expect(fromJson(printed(placement), checked.policies)).toEqual({ placement, diagnostics: [] });
  const nowhere = enforced.filter((policy) => !duties.some((duty) => duty.policy === policy));
  expect(placement.unmatched).toEqual(nowhere.map(({ name }) => name));

  const world = { drawn, mesh, question };
  const before = beforeOf(drawn, duties);
  const next = await checkNearest(world, checked.policies, before, asPlacement(before, question));
  const { proxies, units } = movesOf(question, before, placement);
  if (proxies !== next.proxies || units !== next.units) counts.nearer++;
  for (const previous of [placement, next.placement])
    expect((await place(checked.policies, mesh, { dataplanes, previous })).placement).toEqual(previous);
  for (const changed of changesOf(drawn))
    if (
      (await checkChange(world, checked.policies, { walks, placement: next.placement }, changed)) ===
      "changed"
    )
      counts.changed++;
}

function meshOf({ mesh: draft, dataplanes }: Case): Mesh {
  const { mesh, diagnostics } = fromYaml(
    { path: "mesh.yaml", text: meshText(draft) },
    dataplanes.map(({ name }) => name),
  );
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (mesh === undefined) throw new Error("a mesh without errors is one");
  return mesh;
}

/** As `wire place --json` prints it. */
function printed(placement: Placement): Source {
  const proxies = placement.proxies.map((proxy) => ({
    ...proxy,
    policies: proxy.policies.map(({ policy, side, calls }) => ({ policy, side, calls })),
  }));
  return { path: "last.json", text: JSON.stringify({ ...placement, proxies }) };
}

interface World {
  readonly drawn: Case;
  readonly mesh: Mesh;
  readonly question: Question;
}

/** It costs as little as without a last placement, and nothing that does is nearer to that. */
async function checkNearest(
  { drawn, mesh, question }: World,
  policies: readonly Policy[],
  before: Before,
  previous: Placement,
): Promise<{ readonly placement: Placement } & ReturnType<typeof movesOf>> {
  const { dataplanes } = drawn;
  const { placement } = await place(policies, mesh, { dataplanes, previous });
  const nearest = bestOf(question, before);
  expect(placement?.cost).toBe((nearest?.cost ?? 0) / 1_000);
  if (placement === undefined) throw new Error("there is a cost, and so a placement");
  checkPlacement(placement, drawn.mesh, question);
  const moves = movesOf(question, before, placement);
  expect(moves).toEqual({ proxies: nearest?.proxies, units: nearest?.units });
  return { placement, ...moves };
}

/** The same with another policy, other data planes, or another mesh; what is the same in both are the same objects. */
function changesOf(drawn: Case): readonly Case[] {
  const [first, ...others] = drawn.policies;
  if (first === undefined) return [];
  const { mesh, dataplanes } = drawn;
  return [
    { ...drawn, policies: [{ ...first, anchored: !first.anchored, mode: "enforce" }, ...others] },
    { ...drawn, policies: [{ ...first, priority: 2 - first.priority }, ...others] },
    { ...drawn, policies: others },
    { ...drawn, dataplanes: dataplanes.map((each, number) => ({ ...each, cost: number + 1 })) },
    { ...drawn, dataplanes: dataplanes.toReversed() },
    {
      ...drawn,
      mesh: { ...mesh, services: mesh.services.map((each) => ({ ...each, proxy: "any", replicas: 1 })) },
    },
    { ...drawn, mesh: { ...mesh, identity: mesh.identity === "none" ? "address" : "none" } },
  ];
}

/** After a change, what is remembered of the rest leads where a first look would. */
async function checkChange(
  { drawn, mesh }: World,
  policies: readonly Policy[],
  { walks, placement }: { readonly walks: readonly string[]; readonly placement: Placement },
  changed: Case,
): Promise<"changed" | "impossible"> {
  const duties = dutiesOf(inForce(changed.policies), changed.mesh, walks);
  if (duties === undefined || duties.length > unitsMax) return "impossible";
  const question = questionOf(changed, duties, walks);
  const newMesh = changed.mesh === drawn.mesh ? mesh : meshOf(changed);
  const anew = checkPolicies(policySources(changed.policies), newMesh).policies;
  const known = new Set(drawn.policies.flatMap((each) => (changed.policies.includes(each) ? each.name : [])));
  const kept = anew.map((policy) =>
    known.has(policy.name) ? (policies.find(({ name }) => name === policy.name) ?? policy) : policy,
  );
  const { dataplanes } = changed;
  if (bestOf(question, nothing) === undefined) {
    const refused = await place(kept, newMesh, { dataplanes, previous: placement });
    expect(refused.placement).toBeUndefined();
    return "impossible";
  }
  const before: Before = {
    proxies: drawn.mesh.services.map(
      ({ name }) => placement.proxies.find(({ service }) => service === name)?.dataplane,
    ),
    sides: duties.map((duty) => sideBefore(placement, duty)),
    stamps: drawn.mesh.services.map(({ name }) => stampsIn(placement).includes(name)),
  };
  const next = await checkNearest({ drawn: changed, mesh: newMesh, question }, kept, before, placement);
  const options = { dataplanes: [...dataplanes], previous: structuredClone(placement) };
  expect((await place(anew, { ...newMesh }, options)).placement).toEqual(next.placement);
  return "changed";
}

/** Where the same section was on the same call, whatever it was like. */
function sideBefore(
  { proxies }: Placement,
  { policy, section: { heading }, from, to }: Duty,
): PlacedSide | undefined {
  return proxies
    .flatMap((proxy) => proxy.policies)
    .find(
      (placed) =>
        placed.policy === policy.name &&
        placed.section === heading &&
        placed.calls.some((call) => call[0] === from && call[1] === to),
    )?.side;
}

const requests: readonly Sent[] = ["", "0", "1"].flatMap((h) =>
  ["", "0", "1"].flatMap((k) =>
    ["v1", "v2"].flatMap((version) =>
      [200, 503].map((status) => ({
        headers: { ...(h === "" ? {} : { h }), ...(k === "" ? {} : { k }) },
        version,
        status,
      })),
    ),
  ),
);

/** Everything is enforced once, where it may be, on data planes that can, and means what is written. */
function checkPlacement(placement: Placement, { services }: DraftMesh, question: Question): void {
  const { duties } = question;
  expect(placement).toMatchObject({ status: "optimal", bound: placement.cost });
  const found = duties.map((duty) => sidesIn(placement, duty));
  expect(found.map((sides) => sides.length)).toEqual(duties.map(() => 1));
  const calls = placement.proxies.flatMap(({ policies }) => policies.flatMap((placed) => placed.calls));
  expect(calls.length).toBe(duties.length);
  expect(complaint(question, found.flat())).toBeUndefined();
  for (const { service, dataplane, policies, stamps } of placement.proxies) {
    expect(policies.length > 0 || stamps).toBe(true);
    const { proxy } = services.find(({ name }) => name === service) ?? {};
    expect(["any", dataplane]).toContain(proxy);
    const kind = question.dataplanes.findIndex(({ name }) => name === dataplane);
    for (const [number, { from, to }] of duties.entries()) {
      const side = found[number]?.[0] ?? "egress";
      if ((side === "ingress" ? to : from) === service)
        expect(question.costs[number]?.[side][kind]).toBeDefined();
    }
  }
  const stamps = stampsIn(placement);
  const bits = services.reduce((sum, { name }, number) => sum | (stamps.includes(name) ? 1 << number : 0), 0);
  const asked = duties.flatMap((_, number) => {
    const sets = question.told[number]?.[found[number]?.[0] ?? "egress"];
    return sets === undefined ? [] : [sets];
  });
  for (const sets of asked) expect(sets[bits]).toBe(true);
  if (asked.length === 0) expect(stamps).toEqual([]);
  for (const together of Map.groupBy([...duties.keys()], (number) => callKey(duties[number])).values()) {
    const done = asPlaced(
      placement,
      together.map((number) => duties[number] as Duty),
    );
    const sides = done.map((duty) => found[duties.indexOf(duty)]?.[0] ?? "egress");
    const fates = requests.map((request) => fateOf(done, sides, request));
    for (const other of waysOf(question, together))
      expect(requests.map((request) => fateOf(...other, request))).toEqual(fates);
  }
}

function callKey(duty: Duty | undefined): string {
  return `${duty?.from}>${duty?.to}`;
}

/** The duties of a call as they are written, with all sides that they may have beside each other: these have to mean the same. */
function waysOf(
  { duties, open, nested }: Question,
  together: readonly number[],
): readonly (readonly [readonly Duty[], readonly PlacedSide[]])[] {
  const own = together.map((number) => duties[number] as Duty);
  return Array.from({ length: 2 ** own.length }, (_, bits) =>
    own.map((_, at): PlacedSide => (((bits >> at) & 1) === 1 ? "ingress" : "egress")),
  ).flatMap((sides) => {
    const sideOf = (number: number) => sides[together.indexOf(number)];
    const isClosed = together.some((number) => open[number]?.[sideOf(number) ?? "egress"] !== true);
    const isTorn = nested.some(([p, q]) => sideOf(p) === "ingress" && sideOf(q) === "egress");
    return isClosed || isTorn ? [] : [[own, sides] as const];
  });
}

/** What cannot be enforced together; and without any one of it, the rest could be. */
async function checkCore(question: Question, { units: found, isMinimal }: Core): Promise<void> {
  expect(isMinimal).toBe(true);
  const { duties } = question;
  const numbers = found.map(({ demand: { policy, section }, call }) =>
    duties.findIndex(
      (duty) =>
        duty.policy.name === policy.name &&
        duty.section.heading === section.name &&
        duty.from === call.from &&
        duty.to === call.to,
    ),
  );
  expect(new Set(numbers).size).toBe(found.length);
  expect(bestOf(question, nothing, new Set(numbers))).toBeUndefined();
  for (const left of numbers) {
    const others = new Set(numbers.filter((number) => number !== left));
    expect(bestOf(question, nothing, others)).toBeDefined();
  }
}

/** Something can only have been where there was a proxy. */
function beforeOf({ mesh: { services }, before }: Case, duties: readonly Duty[]): Before {
  const had = (name: string | null): boolean =>
    before.proxies[services.findIndex((service) => service.name === name)] !== undefined;
  return {
    proxies: services.map((_, number) => before.proxies[number]),
    sides: duties.map(({ from, to }, number) => {
      const side = before.sides[number % before.sides.length];
      return had(side === "ingress" ? to : from) ? side : undefined;
    }),
    stamps: services.map((_, number) => before.proxies[number] !== undefined && number % 2 === 0),
  };
}

/** The same as a placement. It may be one that could not be: of other policies, or of another mesh. */
function asPlacement(before: Before, { duties, services }: Question): Placement {
  const policiesAt = (name: string) =>
    duties.flatMap(({ policy, section, from, to, versions }, number): readonly PlacedPolicy[] => {
      const side = before.sides[number];
      if (side === undefined || (side === "ingress" ? to : from) !== name) return [];
      const call: PlacedCall = versions === undefined ? [from, to] : [from, to, versions];
      return [{ policy: policy.name, section: section.heading, side, calls: [call] }];
    });
  return {
    status: "optimal",
    cost: 0,
    bound: 0,
    unmatched: [],
    proxies: services.flatMap(({ name }, number) => {
      const dataplane = before.proxies[number];
      return dataplane === undefined
        ? []
        : [{ service: name, dataplane, stamps: before.stamps[number] === true, policies: policiesAt(name) }];
    }),
  };
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
