import { applyChange, type Change, changesOf, type Input } from "./changes.ts";
import type { Dataplane } from "./dataplane.ts";
import { type Forcing, withoutProxy } from "./forcing.ts";
import { optimize } from "./optimize.ts";
import { placementNetwork } from "./placement-network.ts";
import { homelessUnits, problem } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** A change after which a cheapest placement has no proxy at a service any more, and what that placement costs. */
export interface Freeing {
  readonly change: Change;
  readonly cost: number;
}

const timeLimitS = 5;

/** The single changes that free a service of its proxy, the cheapest first. Removing a policy is only named where nothing gentler helps. */
export async function freeingOf(
  input: Input,
  options: { readonly service: string; readonly forcing: Forcing; readonly dataplanes: readonly Dataplane[] },
): Promise<readonly Freeing[]> {
  const { service, forcing, dataplanes } = options;
  const ends = forcing.units.flatMap(({ call }) => [call.from ?? "", call.to]);
  const changes = changesOf(input, {
    services: new Set(ends.filter((name) => name !== service)),
    policies: new Set(forcing.units.map(({ demand }) => demand.policy.name)),
  });
  const found: Freeing[] = [];
  for (const change of changes) {
    if (change.kind === "remove" && found.some((each) => each.change.kind !== "remove")) break;
    const cost = await costIfFree(applyChange(input, change), { service, dataplanes });
    if (cost !== undefined) found.push({ change, cost });
  }
  return found.toSorted((a, b) => a.cost - b.cost);
}

/** What a cheapest placement costs when there is one without a proxy at the service. */
async function costIfFree(
  { policies, mesh }: Input,
  { service, dataplanes }: { readonly service: string; readonly dataplanes: readonly Dataplane[] },
): Promise<number | undefined> {
  const model = problem(policies, mesh, dataplanes);
  if (model.sometimes.length > 0 || model.tooManyStates.length > 0) return undefined;
  if (homelessUnits(model).length > 0) return undefined;
  const { network, grid } = placementNetwork(model, seatsOf(model, undefined));
  const place = model.services.findIndex(({ name }) => name === service);
  const [best, free] = [
    await optimize(network, timeLimitS),
    await optimize(withoutProxy(network, place), timeLimitS),
  ];
  if (best.kind !== "solved" || free.kind !== "solved" || free.cost > best.cost) return undefined;
  return free.cost / grid;
}
