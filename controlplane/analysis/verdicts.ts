import type { Expression } from "../language/context.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Automaton, automaton, type VersionReading } from "./automaton.ts";

export type Verdict = "never" | "always" | "sometimes";

/** A call as the analysis names it: `from` is null for a request from outside into an entry. */
export interface CallName {
  readonly from: string | null;
  readonly to: string;
}

export interface CallVerdict extends CallName {
  readonly verdict: Verdict;
  /** With `sometimes`, when the callee's version alone decides: the versions that the policy is for. */
  readonly versions?: readonly string[];
}

export interface Verdicts {
  /** Of every call that a request can take. */
  readonly calls: readonly CallVerdict[];
  /** The context takes more states than anyone would wait for: nothing is known about the calls. */
  readonly tooManyStates: boolean;
}

/** Whether a policy matches the requests of each call. */
export function verdicts(policy: Policy, mesh: Mesh): Verdicts {
  const can = reachedStates(policy, mesh, "may");
  const must = hasVersions(policy.context.expression) ? reachedStates(policy, mesh, "must") : can;
  if (can === undefined || must === undefined) return { calls: [], tooManyStates: true };
  const verdict = (key: string): Verdict => verdictOf(can.get(key), must.get(key));
  const calls = callsOf(mesh).map((call): CallVerdict => {
    if (!actMatches(policy, mesh, call)) return { ...call, verdict: "never" };
    const judged = verdict(keyOf(call));
    return judged === "sometimes" ? byVersion(call, mesh, verdict) : { ...call, verdict: judged };
  });
  return { calls, tooManyStates: false };
}

/** The callee's proxy knows the version that it stands before (design §3). */
function byVersion(call: CallName, mesh: Mesh, verdict: (key: string) => Verdict): CallVerdict {
  const all = versionsOf(mesh, call.to);
  const judged = all.map((version) => ({ version, verdict: verdict(keyOf(call, version)) }));
  if (all.length === 0 || judged.some((each) => each.verdict === "sometimes"))
    return { ...call, verdict: "sometimes" };
  const versions = judged.filter((each) => each.verdict === "always").map(({ version }) => version);
  if (versions.length === 0) return { ...call, verdict: "never" };
  return versions.length === all.length
    ? { ...call, verdict: "always" }
    : { ...call, verdict: "sometimes", versions };
}

function verdictOf(can: readonly Visit[] = [], must: readonly Visit[] = []): Verdict {
  if (!can.some((visit) => visit.accepted)) return "never";
  return must.every((visit) => visit.accepted) ? "always" : "sometimes";
}

/**
 * A shortest path whose last call is `call` and which the policy's context matches, or does not; absent when there is none. A path of which
 * that is so whatever the versions of its services are comes before one of which it may be so.
 */
export function shortestWitness(
  policy: Policy,
  mesh: Mesh,
  call: CallName,
  matches: boolean,
): readonly string[] | undefined {
  const actual = actMatches(policy, mesh, call);
  const readings: readonly VersionReading[] = matches ? ["must", "may"] : ["may", "must"];
  const found = readings
    .flatMap((reading) => reachedStates(policy, mesh, reading)?.get(keyOf(call)) ?? [])
    .find((visit) => (visit.accepted && actual) === matches)?.step;
  return found && pathOf(found);
}

function pathOf(last: Step): readonly string[] {
  const path: string[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.before) path.push(step.service);
  return path.reverse();
}

/** The calls of the mesh that a request can take, those from outside into entries first. */
export function callsOf(mesh: Mesh): readonly CallName[] {
  const reached = new Set(
    [...mesh.services.values()].filter(({ entry, origin }) => entry || origin).map(({ name }) => name),
  );
  const callees = Map.groupBy(mesh.calls, (call) => call.from);
  for (const name of reached) for (const call of callees.get(name) ?? []) reached.add(call.to);
  const entries = [...mesh.services.values()].filter((service) => service.entry);
  return [
    ...entries.map((service) => ({ from: null, to: service.name })),
    ...mesh.calls
      .filter((call) => call.from !== null && reached.has(call.from))
      .map((call) => ({ from: call.from, to: call.to })),
  ];
}

/** A string that names a call; service names have no `>` and no `@`. */
export function keyOf(call: CallName, version?: string): string {
  return `${call.from ?? ""}>${version === undefined ? call.to : `${call.to}@${version}`}`;
}

/** None for a store: connections are not told apart by version. */
function versionsOf(mesh: Mesh, service: string): readonly string[] {
  return isTcp(mesh, service) ? [] : [...(mesh.services.get(service)?.versions.keys() ?? [])];
}

/** The last service of a path, and the way there. */
interface Step {
  readonly service: string;
  readonly before?: Step;
}

interface Visit {
  readonly accepted: boolean;
  readonly step: Step;
}

/** Pairs of service and state, and sizes of all states together, beyond which nobody waits for the answer. */
const pairsMax = 65_535;
const sizeMax = 4_000_000;

/**
 * For each call the distinct states in which a path can end with it, shortest paths first; and the same for each version of the callee,
 * when that is known. Undefined when there are too many states.
 */
function reachedStates(
  policy: Policy,
  mesh: Mesh,
  versions: VersionReading,
): ReadonlyMap<string, readonly Visit[]> | undefined {
  const machine = automaton(policy.context, versions);
  const callees = Map.groupBy(
    mesh.calls.filter((call) => call.from !== null),
    (call) => call.from,
  );
  const reached = new Map<string, Map<number, Visit>>();
  const visit = (call: CallName, state: number, step: Step, version?: string): void => {
    const key = keyOf(call, version);
    const states = reached.get(key) ?? new Map<number, Visit>();
    reached.set(key, states);
    if (!states.has(state)) states.set(state, { accepted: machine.accepts(state), step });
  };
  /** The last call of a path, by the state before it. */
  const arrive = (call: CallName, before: number, step: Step): number => {
    for (const version of versionsOf(mesh, call.to))
      visit(call, machine.step(before, `${call.to}@${version}`), step, version);
    const state = machine.step(before, call.to);
    visit(call, state, step);
    return state;
  };

  const queue: { readonly state: number; readonly step: Step }[] = [];
  const queued = new Set<string>();
  const enqueue = (state: number, step: Step): void => {
    const key = `${state} ${step.service}`;
    if (queued.has(key)) return;
    queued.add(key);
    queue.push({ state, step });
  };
  for (const service of mesh.services.values()) {
    if (!service.entry && !service.origin) continue;
    const step = { service: service.name };
    if (service.entry) arrive({ from: null, to: service.name }, machine.start, step);
    enqueue(machine.step(machine.start, service.name), step);
  }
  for (const { state, step } of queue) {
    if (queued.size > pairsMax || machine.size() > sizeMax) return undefined;
    for (const { to } of callees.get(step.service) ?? []) {
      const call = { from: step.service, to };
      if (isTcp(mesh, to)) {
        // A connection may be pooled: it carries no longer path than its two ends (design §3). Where the way to the caller would say
        // something else, the verdict is `sometimes`, and nobody can tell.
        const both = overBoth(machine, step.service, to);
        const short = { service: to, before: { service: step.service } };
        visit(call, both, short);
        arrive(call, state, { service: to, before: step });
        enqueue(both, short);
      } else {
        const longer = { service: to, before: step };
        enqueue(arrive(call, state, longer), longer);
      }
    }
  }
  return new Map([...reached].map(([key, states]) => [key, [...states.values()]]));
}

/** Without versions both readings are one. */
function hasVersions(expression: Expression): boolean {
  switch (expression.kind) {
    case "service":
      return expression.version !== undefined;
    case "any":
      return expression.except.some(({ version }) => version !== undefined);
    case "set":
      return expression.names.some(({ version }) => version !== undefined);
    case "sequence":
      return expression.items.some(hasVersions);
    case "choice":
      return expression.options.some(hasVersions);
    case "repeat":
      return hasVersions(expression.item);
    default:
      return expression satisfies never;
  }
}

function overBoth(machine: Automaton, caller: string, callee: string): number {
  return machine.step(machine.step(machine.start, caller), callee);
}

function isTcp(mesh: Mesh, service: string): boolean {
  return mesh.services.get(service)?.protocol === "tcp";
}

/** The declared act says which calls a policy can match: a TCP connection is no request. */
function actMatches(policy: Policy, mesh: Mesh, call: CallName): boolean {
  return policy.act === "Connection" || !isTcp(mesh, call.to);
}
