import { strict as assert } from "node:assert";
import { createHash, createHmac } from "node:crypto";
import { automaton } from "../analysis/automaton.ts";
import { callGraph } from "../analysis/call-graph.ts";
import { type ContextMachine, contextMachines } from "../analysis/path-machine.ts";
import { answerKey, type Point, project } from "../analysis/projection.ts";
import { type StampAutomaton, stampAutomaton } from "../analysis/stamp-automaton.ts";
import { keyOf } from "../analysis/verdicts.ts";
import type { Policy, Side } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Dataplane } from "./dataplane.ts";
import { at0 } from "./network.ts";
import type { PlacedSide, Placement } from "./placement.ts";
import type { Demand } from "./policy-demands.ts";
import { type Problem, problem } from "./problem.ts";
import { pointOf } from "./told-by-stamps.ts";

/**
 * What the proxies of a placement have to know of the paths of requests (design §5). A state is as the header has it: a number from 1, or with a key
 * what nobody can find who has not got it.
 */
export interface PathTables {
  /** Six characters that are those of equal tables, and of no others that are in use with these. */
  readonly revision: string;
  readonly stamps: readonly Stamping[];
  readonly asks: readonly Asking[];
}

/** How a service, in one of its versions where these differ, updates the state of a request that comes in. */
export interface Stamping {
  readonly service: string;
  readonly version?: string;
  /** The state of paths that begin here; absent where none does of which anything is asked. */
  readonly first?: string;
  /** From other states nothing is asked any more. */
  readonly steps: ReadonlyMap<string, string>;
}

/** Where the path decides whether a policy is for a request. */
export interface Asking {
  readonly policy: string;
  readonly section: Side;
  readonly side: PlacedSide;
  /** Absent at ingress where callers are not known: it is asked of all calls into the service. */
  readonly from?: string;
  readonly to: string;
  /** Of the callee, where its versions differ. */
  readonly version?: string;
  /** In these it is, and in the others it is not: no other state can be there. At ingress of a service that stamps they are those behind its stamp. */
  readonly states: readonly string[] | "all";
  readonly others: readonly string[] | "all";
}

/** What the proxies of a build know of paths. While a change is under way they know the states of two revisions. */
export interface PathsInUse {
  /** The revision that paths begin with; absent where they begin without a state. */
  readonly begin?: string;
  /** The revision by which the policies of the build ask; absent where none does. */
  readonly own?: string;
  /** All revisions that are in use, and what each says to the policies of the build. That of requests without a state is `-`. */
  readonly known: readonly PathTables[];
}

export const noPaths: PathsInUse = { known: [] };

/** The revision of requests whose paths began before there was any. */
export const stateless = "-";

/** Those of a build that nothing else is under way with. */
export function pathsOf(tables: PathTables | undefined): PathsInUse {
  if (tables === undefined) return noPaths;
  return { begin: tables.revision, own: tables.revision, known: [tables] };
}

/** The contexts of these policies together have more states than a header is to hold. */
export interface TooManyStates {
  readonly kind: "tooManyStates";
  readonly policies: readonly Policy[];
}

export interface PathWorld {
  readonly mesh: Mesh;
  readonly dataplanes: readonly Dataplane[];
  /** A secret by which states cannot be invented. With another one they are of another revision. Default none. */
  readonly key?: Uint8Array;
}

/** The tables of a placement whose stamps suffice: undefined where no policy asks. */
export function pathTables(
  placement: Placement,
  policies: readonly Policy[],
  { mesh, dataplanes, key }: PathWorld,
): PathTables | TooManyStates | undefined {
  const graph = callGraph(mesh);
  const asked = Map.groupBy(askedOf(problem(policies, mesh, dataplanes), placement), ({ policy }) => policy);
  if (asked.size === 0) return undefined;
  const machines = contextMachines(
    graph,
    [...asked.keys()].map(({ context }) => automaton(context, "may")),
  );
  const stamps = new Set(
    placement.proxies.flatMap((proxy) => (proxy.stamps ? [graph.numbers.get(proxy.service) ?? -1] : [])),
  );
  const projections = [...asked.values()].map((all, number) => {
    const machine = machines[number] as ContextMachine;
    const found = project(graph, { machine, points: all.map(({ point }) => point) }, stamps);
    assert(found.kind !== "lookalikes", "the stamps of a placement suffice");
    return found;
  });
  const found = projections.flatMap((each) => (each.kind === "projection" ? [each] : []));
  const states = found.length < projections.length ? undefined : stampAutomaton(found);
  if (states === undefined) return { kind: "tooManyStates", policies: [...asked.keys()] };

  const lettersOf = (service: string): readonly { readonly name: string; readonly version?: string }[] => {
    const number = graph.numbers.get(service) ?? -1;
    const [machine] = machines;
    const letters = machine?.letters(number) ?? [];
    if (letters.length === 1) return letters.map(({ name }) => ({ name }));
    const versions = [...(mesh.services.get(service)?.versions.keys() ?? [])];
    return versions.map((version) => ({ name: machine?.letterOf(number, version).name ?? "", version }));
  };
  const revision = revisionOf(states, [...asked.values()], key);
  const token = (state: number): string => tokenOf(state, revision, key);
  return {
    revision,
    stamps: placement.proxies
      .filter((proxy) => proxy.stamps)
      .flatMap(({ service }) =>
        lettersOf(service).map(({ name, version }): Stamping => {
          const first = states.starts.get(name);
          return {
            service,
            ...(version === undefined ? {} : { version }),
            ...(first === undefined || first === 0 ? {} : { first: token(first) }),
            steps: new Map(
              states.next.flatMap((next, from) => {
                const to = next.get(name) ?? 0;
                return from === 0 || to === 0 ? [] : [[token(from), token(to)] as const];
              }),
            ),
          };
        }),
      ),
    asks: [...asked.values()].flatMap((all, question) => {
      const answersOf = states.answersOf(question);
      return all.flatMap(({ policy, section, side, from, to, point, routedTo }, number) =>
        lettersOf(to)
          // The caller's proxy knows of no version but the one that a route has decided.
          .filter(
            ({ version }, at) =>
              side === "ingress" || (routedTo === undefined ? at === 0 : version === routedTo),
          )
          .map(({ name, version }): Asking => {
            const answer = answerKey(number, point, { name, symbols: [] });
            const statesOf = (matches: boolean): readonly string[] =>
              answersOf.flatMap((answers, state) => (answers.get(answer) === matches ? [token(state)] : []));
            return {
              policy: policy.name,
              section,
              side,
              ...(from === undefined ? {} : { from }),
              to,
              ...(version === undefined || side === "egress" ? {} : { version }),
              states: statesOf(true),
              others: statesOf(false),
            };
          }),
      );
    }),
  };
}

interface Asked extends Pick<Asking, "section" | "side" | "from" | "to"> {
  readonly policy: Policy;
  readonly point: Point;
  /** The version that all requests of the call go to. */
  readonly routedTo: string | undefined;
}

/**
 * Where policies ask, by where a placement has them. Where callers are known it is the same question on both sides, and a policy may be on its way from
 * one to the other: it is answered on both.
 */
function askedOf({ calls, demands, starts, units, mesh }: Problem, placement: Placement): readonly Asked[] {
  const numbers = new Map(callGraph(mesh).calls.map((call, number) => [keyOf(call), number]));
  const sides = sidesOf(placement);
  const isShared = mesh.identity === "none";
  const found = new Map<string, Asked>();
  for (const [own, { from, to }] of calls.entries()) {
    for (let unit = at0(starts, own); unit < at0(starts, own + 1); unit++) {
      const { policy, section, asks, blind, routed } = demands[at0(units, unit)] as Demand;
      const placed = sides.get(seatOf(policy.name, section.name, from, to));
      if (placed === undefined || !asks[placed] || from === null) continue;
      for (const side of ["egress", "ingress"] as const) {
        if (side !== placed && (isShared || !asks[side] || blind?.[side] !== undefined)) continue;
        const call = numbers.get(keyOf({ from, to })) ?? -1;
        const [key, point] = pointOf(side, call, { mesh, routed });
        found.set(`${policy.name} ${section.name} ${side} ${key}`, {
          policy,
          section: section.name,
          side,
          ...(isShared && side === "ingress" ? {} : { from }),
          to,
          point: { ...point, isBehindStamp: side === "ingress" },
          routedTo: routed.get(call),
        });
      }
    }
  }
  return [...found.values()];
}

function sidesOf({ proxies }: Placement): ReadonlyMap<string, PlacedSide> {
  return new Map(
    proxies.flatMap((proxy) =>
      proxy.policies.flatMap(({ policy, section, side, calls }) =>
        calls.map(([from, to]) => [seatOf(policy, section, from, to), side] as const),
      ),
    ),
  );
}

function seatOf(policy: string, section: Side, from: string | null, to: string): string {
  return `${policy} ${section} ${from ?? ""}>${to}`;
}

/** Equal for tables that are: of the automaton, and of where and for what it is asked, with one key. */
function revisionOf(
  { starts, next, answersOf }: StampAutomaton,
  asked: readonly (readonly Asked[])[],
  key: Uint8Array | undefined,
): string {
  const places = asked.map((all) =>
    all.map(({ policy, section, side, from, to }) => [policy.name, section, side, from ?? null, to]),
  );
  const hash = key === undefined ? createHash("sha256") : createHmac("sha256", key);
  hash.update(JSON.stringify([places, [...starts], next.map((each) => [...each])]));
  const texts = new Map<ReadonlyMap<string, boolean>, string>();
  const textOf = (answers: ReadonlyMap<string, boolean>): string => {
    const text = texts.get(answers) ?? JSON.stringify([...answers].sort());
    texts.set(answers, text);
    return text;
  };
  // One after the other, since all together they may be longer than a text can be.
  for (const question of asked.keys()) hash.update(`\n${answersOf(question).map(textOf).join()}`);
  return hash.digest("base64url").slice(0, 6);
}

/** As much of a message authentication code as cannot be guessed: 96 bits. */
const tokenLength = 16;

/** Whether a state follows from a key, so that nobody is to be told it. */
export function isSecret(token: string): boolean {
  return token.length === tokenLength;
}

function tokenOf(state: number, revision: string, key: Uint8Array | undefined): string {
  if (key === undefined) return `${state}`;
  return createHmac("sha256", key).update(`${revision}.${state}`).digest("base64url").slice(0, tokenLength);
}
