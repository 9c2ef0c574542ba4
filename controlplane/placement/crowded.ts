import { type Dataplane, fitting, offers } from "./dataplane.ts";
import type { PlacedSide } from "./placement.ts";
import { openSides, type Problem, type Unit } from "./problem.ts";
import { actionsIn } from "./section.ts";

/** A service whose proxy has to enforce units that no data plane enforces all of. */
export interface Crowded {
  readonly service: string;
  readonly units: readonly Unit[];
  /** What each data plane that the service can take has not, in words. */
  readonly lacks: string;
}

/** The first service of these units that cannot enforce all that only it can enforce; undefined where there is none. */
export function crowdedOf(units: readonly Unit[], model: Problem): Crowded | undefined {
  const held = units.flatMap((unit) => {
    const [side, ...others] = openSides(unit, model);
    const service = side === "egress" ? unit.call.from : unit.call.to;
    return side === undefined || service === null || others.length > 0 ? [] : [{ unit, side, service }];
  });
  for (const [name, own] of Map.groupBy(held, ({ service }) => service)) {
    const service = model.mesh.services.get(name);
    const planes = service === undefined ? [] : fitting(service, model.dataplanes);
    const isEnough = (plane: Dataplane): boolean =>
      own.every(({ unit, side }) => missingOf(plane, unit, side) === undefined);
    if (!planes.some(isEnough))
      return { service: name, units: own.map(({ unit }) => unit), lacks: lacksText(own, planes) };
  }
  return undefined;
}

/** What data planes have not of what these units ask, in words; empty where each has all. */
export function lacksOf(units: readonly Unit[], { dataplanes }: Problem): string {
  const both = units.flatMap((unit) =>
    (["egress", "ingress"] as const)
      .filter((side) => unit.demand.section.sides.includes(side))
      .map((side) => ({ unit, side })),
  );
  return lacksText(both, dataplanes);
}

function lacksText(
  units: readonly { readonly unit: Unit; readonly side: PlacedSide }[],
  dataplanes: readonly Dataplane[],
): string {
  return dataplanes
    .flatMap((plane) => {
      const missing = new Set(units.flatMap(({ unit, side }) => missingOf(plane, unit, side) ?? []));
      return missing.size === 0 ? [] : [`\`${plane.name}\` has no ${[...missing].join(", ")}`];
    })
    .join(", ");
}

/** The actions that a unit needs and a data plane has not; of those that it has on the other side only, with the side. */
function missingOf(
  plane: Dataplane,
  { demand: { policy, section } }: Unit,
  side: PlacedSide,
): readonly string[] | undefined {
  const missing = policy.actions.filter((action) => !offers(plane, { ...policy, actions: [action] }));
  if (missing.length > 0) return missing.map((action) => `\`${action}\``);
  const { sides = {} } = plane;
  const elsewhere = actionsIn(policy, section.body).filter(
    (action) => (sides[action] ?? sides[`${policy.act}.${action}`] ?? side) !== side,
  );
  return elsewhere.length === 0 ? undefined : elsewhere.map((action) => `\`${action}\` at ${side}`);
}
