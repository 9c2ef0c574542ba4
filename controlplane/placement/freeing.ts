import { applyChange, type Change, changesOf, type Input } from "./changes.ts";
import type { Dataplane } from "./dataplane.ts";
import { type Forcing, needOf, withoutProxy } from "./forcing.ts";
import { least } from "./least.ts";
import { reachOf, within } from "./nearby.ts";
import { homelessUnits, problem, unitsOf } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** A change after which a cheapest placement has no proxy at a service any more, and what that placement costs. */
export interface Freeing {
  readonly change: Change;
  readonly cost: number;
}

/** The single changes that free a service of its proxy. */
export interface Freeings {
  /** The cheapest first. Removing a policy is only named where nothing gentler helps. */
  readonly found: readonly Freeing[];
  /** Whether it is known of every single change of the input whether it does. */
  readonly isComplete: boolean;
  /** Changes of what is farther from the service, where all of them are too many to try. */
  readonly untried: number;
}

/** As many changes are tried at most, those near the service first. */
const changesMax = 24;

interface Asked {
  readonly service: string;
  readonly forcing: Forcing;
  readonly dataplanes: readonly Dataplane[];
  readonly timeLimitS: number;
}

export async function freeingOf(input: Input, asked: Asked): Promise<Freeings> {
  const { service, dataplanes, timeLimitS } = asked;
  const { changes, untried } = changesAround(input, asked);
  const found: Freeing[] = [];
  let isComplete = untried === 0;
  for (const change of changes) {
    if (change.kind === "remove" && found.some((each) => each.change.kind !== "remove")) break;
    const cost = await costIfFree(applyChange(input, change), { service, dataplanes, timeLimitS });
    if (cost === "undecided") isComplete = false;
    else if (cost !== undefined) found.push({ change, cost });
  }
  return { found: found.toSorted((a, b) => a.cost - b.cost), isComplete, untried };
}

/** All changes of the input where they are few, and otherwise those of what forces the proxy and of what is near to the service. */
function changesAround(
  input: Input,
  { service, forcing, dataplanes }: Asked,
): { readonly changes: readonly Change[]; readonly untried: number } {
  const all = changesOf(input, {
    services: new Set(input.mesh.services.keys()),
    policies: new Set(input.policies.map(({ name }) => name)),
  });
  if (all.length <= changesMax) return { changes: all, untried: 0 };
  const units = [...unitsOf(problem(input.policies, input.mesh, dataplanes))].map((unit) => ({ unit }));
  let services = new Set(forcing.units.flatMap(({ call }) => [call.from ?? call.to, call.to]));
  let policies = new Set(forcing.units.map(({ demand }) => demand.policy.name));
  let changes = changesOf(input, { services, policies });
  for (let near: ReadonlySet<string> = new Set([service]); ; near = reachOf(near, units)) {
    services = new Set([...services, ...reachOf(near, units)]);
    policies = new Set([...policies, ...within(near, units).map(({ unit }) => unit.demand.policy.name)]);
    const more = changesOf(input, { services, policies });
    if (more.length > changesMax || reachOf(near, units).size === near.size) break;
    changes = more;
  }
  return { changes, untried: all.length - changes.length };
}

/** What a cheapest placement costs when there is one without a proxy at the service. */
async function costIfFree(
  { policies, mesh }: Input,
  asked: {
    readonly service: string;
    readonly dataplanes: readonly Dataplane[];
    readonly timeLimitS: number;
  },
): Promise<number | "undecided" | undefined> {
  const { service, dataplanes, timeLimitS } = asked;
  const model = problem(policies, mesh, dataplanes);
  if (model.sometimes.length > 0 || model.tooManyStates.length > 0) return undefined;
  if (homelessUnits(model).length > 0) return undefined;
  const place = model.services.findIndex(({ name }) => name === service);
  const options = { before: seatsOf(model, undefined), timeLimitS, cuts: [] };
  const best = await least(model, options);
  const free = await least(model, { ...options, change: (network) => withoutProxy(network, place) });
  const need = needOf(best, free);
  if (need === "undecided") return need;
  return need === "free" && free.kind === "solved" ? free.cost / free.grid : undefined;
}
