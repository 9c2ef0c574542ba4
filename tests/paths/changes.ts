import { strict as assert } from "node:assert";
import fc from "fast-check";
import { expect } from "vitest";
import type { Mode, OnLost, Side } from "../../controlplane/language/policy.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import {
  type Case,
  type DraftMesh,
  type DraftPolicy,
  meshText,
} from "../../controlplane/placement/random-cases.test-helper.ts";
import { contextOf } from "../../controlplane/placement/second-reading.test-helper.ts";
import { nextStep, type Running } from "../../controlplane/placement/under-way.ts";
import type { VirtualProxy } from "../../filters/proxy-wasm-as/testing/index.ts";
import {
  type Hosts,
  hostsOf,
  idsAlone,
  type Judging,
  lost,
  metInOrder,
  operationsOf,
  pathCases,
  refused,
  requestsOf,
  runningOf,
  sent,
  timesOf,
} from "./play.ts";

/*
 * One change after another, each of which may come before the one before it has ended, while requests are under way. Each call of a request goes by proxies as they are before a
 * step or behind it, and the next call by those of the same step or of a later one. Whatever was in force while it was under way says which policies it may be for: it meets each
 * once or not at all, as one of these says, and its path is not lost. Where it meets two that write one header, they come in their order, and those that refuse requests refuse
 * it together. Calls and services come and go, too; a request makes calls that there are all the while.
 */

/** What a mesh is without: a call, or a service with its calls, by number. */
interface DraftLack {
  readonly what: "call" | "service";
  readonly number: number;
}

interface DraftUse {
  /** Numbers of the case and of the policy in it; what there is none of is for all calls. */
  readonly contextOf: readonly [number, number];
  readonly heading: Side;
  readonly onLost: OnLost;
  readonly mode: Mode;
  readonly isThere: boolean;
}

/** What is wanted next. */
interface DraftChange {
  readonly uses: readonly DraftUse[];
  readonly otherIdentity: Mesh["identity"] | undefined;
  readonly lack: DraftLack | undefined;
  /** How many of its steps are made before the next change comes. */
  readonly steps: number;
}

const forAll: Pick<DraftPolicy, "anchored" | "parts"> = {
  anchored: false,
  parts: [{ text: ".", pattern: "[a-zB]" }],
};

/** How a request goes, call by call. */
type Trip = readonly {
  /** For how many steps it is in hand before this call. */
  readonly waits: number;
  readonly isNewWay: boolean;
}[];

const modes: readonly Mode[] = ["enforce", "enforce", "audit", "off"];
const identities = fc.constantFrom<Mesh["identity"]>("none", "none", "none", "address", "mtls");
// Each pair is more modules that take their time.
const judgings = fc.constantFrom<readonly [Judging, Judging]>(
  ["writes", "writes"],
  ["allows", "allows"],
  ["allows", "denies"],
);
const changes = fc
  .record({
    cases: fc.array(pathCases, { minLength: 4, maxLength: 4 }),
    identity: identities,
    judging: judgings,
    wanted: fc.array(
      fc.record<DraftChange>({
        uses: fc.array(
          fc.record<DraftUse>({
            contextOf: fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 1 })),
            heading: fc.constantFrom("either", "egress", "ingress"),
            onLost: fc.constantFrom("deny", "skip"),
            mode: fc.nat({ max: 9 }).map((roll) => modes[roll] ?? "enforce"),
            isThere: fc.nat({ max: 9 }).map((roll) => roll < 9),
          }),
          { minLength: 2, maxLength: 2 },
        ),
        otherIdentity: fc.nat({ max: 9 }).chain((roll) => (roll < 9 ? fc.constant(undefined) : identities)),
        lack: fc.option(
          fc.record<DraftLack>({
            what: fc.constantFrom("call", "call", "service"),
            number: fc.nat({ max: 9 }),
          }),
          { freq: 2, nil: undefined },
        ),
        steps: fc.constantFrom(1, 1, 2, 2, 3),
      }),
      { minLength: 2, maxLength: 4 },
    ),
    trips: fc.array(
      fc.array(fc.record({ waits: fc.constantFrom(0, 0, 0, 0, 1, 2), isNewWay: fc.boolean() }), {
        minLength: 7,
        maxLength: 7,
      }),
      { minLength: 4, maxLength: 4 },
    ),
  })
  .map(({ cases, wanted, identity, judging, trips }) => {
    const [base] = cases;
    const [first, second] = base?.policies ?? [];
    assert(base !== undefined && first !== undefined, "there are four, and each has policies");
    const two = [first, second ?? { ...first, name: `${first.name}b` }];
    return {
      trips,
      whole: base.mesh,
      changes: wanted.map(({ uses, otherIdentity, lack, steps }) => ({
        steps,
        drawn: {
          ...base,
          mesh: { ...lacking(base.mesh, lack), identity: otherIdentity ?? identity },
          policies: two.flatMap((policy, number): readonly DraftPolicy[] => {
            const use = uses[number];
            if (use?.isThere !== true) return [];
            const [which, of] = use.contextOf;
            const { anchored, parts } = cases[which]?.policies[of] ?? forAll;
            const own = judging[number];
            const sections = [{ heading: use.heading, operations: operationsOf(policy.name, own) }];
            // Each module that there is takes its time once.
            const act = number === 0 || own !== "writes" ? "Request" : policy.act;
            return [{ ...policy, act, anchored, parts, sections, onLost: use.onLost, mode: use.mode }];
          }),
        },
      })),
    };
  });

/** No mesh is without its entry. */
function lacking(mesh: DraftMesh, lack: DraftLack | undefined): DraftMesh {
  const { services, calls } = mesh;
  if (lack?.what === "call")
    return { ...mesh, calls: calls.filter((_, number) => number !== lack.number % calls.length) };
  const name = services[1 + ((lack?.number ?? 0) % (services.length - 1))]?.name;
  if (lack === undefined || name === undefined) return mesh;
  return {
    ...mesh,
    services: services.filter((service) => service.name !== name),
    calls: calls.filter(({ from, to }) => from !== name && to !== name),
  };
}

/** What proxies are at one time. */
interface State {
  readonly name: string;
  readonly running: Running;
  /** Whose policies are in force, by number of what was wanted. */
  readonly inForce: number;
  readonly hosts: Hosts;
  /** Whether nothing is under way any more, when this comes, that began before the state before it came to be. */
  readonly forgets: boolean;
}

/** What was met, so that a test can say that it is not nothing. */
export interface Played {
  readonly changes: number;
  /** Changes that another one came before the end of. */
  readonly overtaken: number;
  readonly steps: number;
  readonly enforced: number;
  /** Requests of which two that were in force say two things about a policy. */
  readonly between: number;
  /** Requests that two policies write the same header of. */
  readonly ordered: number;
  /** Requests that a policy has refused, and requests that it was to be asked about and has let through. */
  readonly refused: number;
  readonly admitted: number;
}

interface Run {
  readonly seed: number;
  readonly numRuns: number;
  /** Where a failure was, as it was printed. */
  readonly path?: string | undefined;
}

export async function requestsAreJudgedOnce({ seed, numRuns, path }: Run): Promise<Played> {
  const counts = {
    changes: 0,
    overtaken: 0,
    steps: 0,
    enforced: 0,
    between: 0,
    ordered: 0,
    refused: 0,
    admitted: 0,
  };
  const property = fc.asyncProperty(changes, async ({ changes: drafts, trips, whole }) => {
    const placed: Wanted[] = [];
    for (const { drawn, steps } of drafts) {
      const running = await runningOf(drawn, drawn.policies);
      if (running !== undefined) placed.push({ drawn, steps, running });
    }
    if (new Set(placed.map(({ running }) => running.paths.begin)).size < 2) return;
    const states = await statesOf(placed);
    const isReached = ({ running }: Wanted): boolean => states.some((state) => state.running === running);
    counts.changes += placed.length - 1;
    counts.overtaken += placed.filter((wanted) => !isReached(wanted)).length;
    counts.steps += states.length - 1;
    for (let first = 0; first < states.length - 1; first++) {
      const own = playFrom(first, { placed, states, trips, whole });
      counts.enforced += own.enforced;
      counts.between += own.between;
      counts.ordered += own.ordered;
      counts.refused += own.refused;
      counts.admitted += own.admitted;
    }
  });
  await fc.assert(property, {
    numRuns,
    seed,
    ...(path === undefined ? {} : { path }),
  });
  return counts;
}

/** All that begins in one step. */
function playFrom(
  first: number,
  {
    placed,
    states,
    trips,
    whole: draft,
  }: {
    readonly placed: readonly Wanted[];
    readonly states: readonly State[];
    readonly trips: readonly Trip[];
    /** The mesh with all that some are without. */
    readonly whole: DraftMesh;
  },
): Omit<Played, "changes" | "overtaken" | "steps"> {
  const counts = { enforced: 0, between: 0, ordered: 0, refused: 0, admitted: 0 };
  const { mesh } = fromYaml({ path: "mesh.yaml", text: meshText(draft) }, planesOf(placed));
  assert(mesh !== undefined, "a mesh without errors is one");
  const names = new Set(placed.flatMap(({ drawn }) => drawn.policies.map(({ name }) => name)));
  const policies = [...names].flatMap((name) => {
    const some = placed.flatMap(({ drawn }) => drawn.policies.filter((policy) => policy.name === name));
    return some.slice(0, 1);
  });
  for (const [number, walk] of requestsOf(draft).entries()) {
    const trip = trips[(first + number) % trips.length] ?? [];
    const way = wayOf(trip, { first, calls: walk.length, states });
    if (!isThere(walk, { way, states })) continue;
    const isFromOutside = mesh.services.get(serviceOf(walk[0]))?.entry === true;
    const used = way.slice(isFromOutside ? 0 : 1);
    const [earliest, latest] = [Math.min(...used), Math.max(...used)];
    const world = {
      mesh,
      wayOf: (call: number) => states[way[call] ?? first]?.hosts ?? new Map(),
      // What nobody takes away where nobody stamps yet is lost later.
      isHonest: latest > first + 1 && !stampsAt(walk[0], states[way[0] ?? first]),
    };
    const seen = sent(walk, world);
    const isAmbiguous = idsAlone(walk, draft) === "again";
    const at = [walk, ...used.map((each) => states[each]?.name)].join(", ");
    if (!isAmbiguous) expect(seen, at).not.toContain(lost);
    const isOwn = isTakenForOwn(walk, {
      mesh,
      at: (call) => states[way[call] ?? first],
    });
    const asked = policies.filter((policy) => timesOf(policy, seen) > 0);
    for (const wishes of !seen.includes(lost) && asked.some(isJudging)
      ? ["no", ...asked.map(({ name }) => name)]
      : []) {
      const isRefused = sent(walk, { ...world, wishes }).includes(refused);
      expect(isRefused, `${wishes} on ${at}`).toBe(isToRefuse(asked, wishes));
      if (isRefused) counts.refused++;
      else counts.admitted++;
    }
    const { met, last } = metInOrder(policies, seen);
    if (met.length > 1) counts.ordered++;
    expect(last, `in order on ${at}`).toBe(met.at(-1));
    const inForce = new Set(states.slice(earliest, latest + 1).map((state) => placed[state.inForce]));
    for (const name of names) {
      const isFor = (wanted: Wanted | undefined): boolean =>
        wanted?.drawn.policies.some(
          (policy) => policy.name === name && policy.mode === "enforce" && contextOf(policy).test(walk),
        ) === true;
      const verdicts = new Set([...inForce].map(isFor));
      const either = isOwn ? [true, false] : isAmbiguous ? [false] : [];
      const right = new Set([...verdicts, ...either].map(Number));
      const times = timesOf({ name }, seen);
      expect([...right], `${name} on ${at}`).toContain(times);
      counts.enforced += times;
      if (verdicts.size > 1) counts.between++;
    }
  }
  return counts;
}

/** Whether each call of a walk is one of all meshes that there are while it is under way. */
function isThere(
  walk: string,
  { way, states }: { readonly way: readonly number[]; readonly states: readonly State[] },
): boolean {
  const met = states.slice(Math.min(...way), Math.max(...way) + 1);
  const letters = [...walk].map(serviceOf);
  return met.every(({ running: { mesh } }) =>
    letters.every(
      (to, call) =>
        mesh.services.has(to) &&
        (call === 0 || mesh.calls.some((one) => one.from === letters[call - 1] && one.to === to)),
    ),
  );
}

function isJudging({ sections }: DraftPolicy): boolean {
  return sections.some(({ operations }) => operations.some(({ action }) => action.kind !== "set"));
}

/** Whether a request that says this is refused by policies that are all for it. */
function isToRefuse(policies: readonly DraftPolicy[], wishes: string): boolean {
  const judged = policies
    .filter(isJudging)
    .map(({ name, sections }) => ({ name, operations: sections.flatMap((section) => section.operations) }));
  const kinds = (kind: string) =>
    judged.filter(({ operations }) => operations.some(({ action }) => action.kind === kind));
  const allows = kinds("allow");
  if (wishes === "no" && kinds("deny").length > 0) return true;
  return allows.length > 0 && !allows.some(({ name }) => name === wishes);
}

function planesOf(placed: readonly Wanted[]): readonly string[] {
  return placed[0]?.drawn.dataplanes.map(({ name }) => name) ?? [];
}

interface Wanted {
  readonly drawn: Case;
  readonly running: Running;
  readonly steps: number;
}

/** What proxies are, one after the other, on the way to all that is wanted. */
async function statesOf(wanted: readonly Wanted[]): Promise<readonly State[]> {
  const proxies = new Map<string, VirtualProxy>();
  const states: State[] = [];
  let current: Running | undefined;
  for (const [number, { running, steps }] of wanted.entries()) {
    const isLast = number === wanted.length - 1;
    for (let made = 0; current !== running && (isLast || made < steps); made++) {
      assert(made < 4, "a change is made of three");
      const mayForget = made > 0;
      const step = current === undefined ? undefined : nextStep(current, running, mayForget);
      const isAtIt = step === undefined || step.kind === "wanted";
      const isTaught = step?.kind === "taught";
      if (isAtIt) current = running;
      else current = { ...((isTaught && current) || running), placement: step.placement, paths: step.paths };
      states.push({
        name: `${number} ${step?.kind ?? "wanted"}`,
        inForce: isTaught ? (states.at(-1)?.inForce ?? 0) : number,
        running: current,
        hosts: await hostsOf(current, proxies),
        forgets: isAtIt && mayForget,
      });
    }
  }
  return states;
}

/**
 * The numbers of the states that the calls of a request meet, one that begins in a step: from one state to the next one. Nothing is in hand for so long that it comes to a
 * step that forgets it.
 */
function wayOf(
  trip: Trip,
  {
    first,
    calls,
    states,
  }: { readonly first: number; readonly calls: number; readonly states: readonly State[] },
): readonly number[] {
  const late = states.findIndex(({ forgets }, number) => forgets && number > first + 1);
  const last = (late < 0 ? states.length : late) - 2;
  let step = first;
  return Array.from({ length: calls }, (_, call) => {
    const { waits = 0, isNewWay = false } = trip[call % trip.length] ?? {};
    step = Math.min(step + waits, last);
    return step + (isNewWay ? 1 : 0);
  });
}

/** Whether a service that begins paths by itself was asked for something before it stamped, and sends what it leads to when paths begin with states: nobody knows that it is not its own. */
function isTakenForOwn(
  walk: string,
  { mesh, at }: { readonly mesh: Mesh; readonly at: (call: number) => State | undefined },
): boolean {
  return [...walk.slice(0, -1)].some(
    (letter, call) =>
      mesh.services.get(serviceOf(letter))?.origin === true &&
      !stampsAt(letter, at(call)) &&
      stampsAt(letter, at(call + 1)) &&
      at(call + 1)?.running.paths.begin !== undefined,
  );
}

function stampsAt(letter: string | undefined, state: State | undefined): boolean {
  return (
    state?.running.placement.proxies.some(
      ({ service, stamps }) => stamps && service === serviceOf(letter),
    ) === true
  );
}

function serviceOf(letter = ""): string {
  return letter.toLowerCase();
}
