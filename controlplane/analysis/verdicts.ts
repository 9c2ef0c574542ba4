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
}

/** Whether a policy matches the requests of each call; calls that no path reaches are `never`. */
export function verdicts(policy: Policy, mesh: Mesh): { readonly calls: readonly CallVerdict[] } {
  const can = reachedStates(policy, mesh, "may");
  const must = reachedStates(policy, mesh, "must");
  const calls = callsOf(mesh).map((call): CallVerdict => {
    if (!actMatches(policy, mesh, call)) return { ...call, verdict: "never" };
    const key = keyOf(call);
    if (!(can.get(key) ?? []).some((visit) => visit.accepted)) return { ...call, verdict: "never" };
    const all = (must.get(key) ?? []).every((visit) => visit.accepted);
    return { ...call, verdict: all ? "always" : "sometimes" };
  });
  return { calls };
}

/** A shortest path whose last call is `call` and which the policy's context matches, or does not; absent when there is none. */
export function shortestWitness(
  policy: Policy,
  mesh: Mesh,
  call: CallName,
  matches: boolean,
): readonly string[] | undefined {
  const visits = reachedStates(policy, mesh, matches ? "may" : "must").get(keyOf(call)) ?? [];
  const actual = actMatches(policy, mesh, call);
  // Visits stand in the order of a breadth-first search: the first one is a shortest.
  return visits.find((visit) => (visit.accepted && actual) === matches)?.path;
}

/** All calls of the mesh, those from outside into entries first. */
export function callsOf(mesh: Mesh): readonly CallName[] {
  const entries = [...mesh.services.values()].filter((service) => service.entry);
  return [
    ...entries.map((service) => ({ from: null, to: service.name })),
    ...mesh.calls.filter((call) => call.from !== null).map((call) => ({ from: call.from, to: call.to })),
  ];
}

/** A string that names a call; service names have no `>`. */
export function keyOf(call: CallName): string {
  return `${call.from ?? ""}>${call.to}`;
}

interface Visit {
  readonly accepted: boolean;
  readonly path: readonly string[];
}

/** For each call the distinct states in which a path can end with it, shortest paths first. */
function reachedStates(
  policy: Policy,
  mesh: Mesh,
  versions: VersionReading,
): ReadonlyMap<string, readonly Visit[]> {
  const machine = automaton(policy.context, [...mesh.services.keys()], versions);
  const callees = new Map<string, string[]>();
  for (const call of mesh.calls) {
    if (call.from === null) continue;
    const known = callees.get(call.from);
    if (known === undefined) callees.set(call.from, [call.to]);
    else known.push(call.to);
  }
  const reached = new Map<string, Map<number, Visit>>();
  const visit = (call: CallName, state: number, path: readonly string[]): void => {
    const states = reached.get(keyOf(call)) ?? new Map<number, Visit>();
    reached.set(keyOf(call), states);
    if (!states.has(state)) states.set(state, { accepted: machine.accepting[state] === true, path });
  };

  const queue: { readonly service: string; readonly state: number; readonly path: readonly string[] }[] = [];
  const queued = new Set<string>();
  const enqueue = (service: string, state: number, path: readonly string[]): void => {
    const key = `${state} ${service}`;
    if (queued.has(key)) return;
    queued.add(key);
    queue.push({ service, state, path });
  };
  for (const service of mesh.services.values()) {
    if (!service.entry && !service.origin) continue;
    const state = machine.step(machine.start, service.name);
    if (service.entry) visit({ from: null, to: service.name }, state, [service.name]);
    enqueue(service.name, state, [service.name]);
  }
  for (const { service, state, path } of queue) {
    for (const callee of callees.get(service) ?? []) {
      if (isTcp(mesh, callee)) {
        // A connection may be pooled: it carries no longer path than its two ends (design §3).
        visit({ from: service, to: callee }, overBoth(machine, service, callee), [service, callee]);
        enqueue(callee, overBoth(machine, service, callee), [service, callee]);
      } else {
        const next = machine.step(state, callee);
        visit({ from: service, to: callee }, next, [...path, callee]);
        enqueue(callee, next, [...path, callee]);
      }
    }
  }
  return new Map([...reached].map(([key, states]) => [key, [...states.values()]]));
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
