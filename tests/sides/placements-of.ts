import { checkInput } from "../../controlplane/pipeline/build.ts";
import type { PlacedPolicy, PlacedSide, Placement } from "../../controlplane/placement/placement.ts";
import { place } from "../../controlplane/placement/solve.ts";
import { caller, inputOf, namesOf, type Pair } from "./pair.ts";

/** Where the two policies are enforced. */
export type Sides = readonly [PlacedSide, PlacedSide];

const free = [{ name: "envoy", cost: 0, actions: "all" }] as const;
const sides = ["egress", "ingress"] as const;
const to = "to";

/**
 * Those that cost may choose. Where nothing costs anything, the placement that moves the fewest policies is taken: so what is wished for comes
 * out where it may.
 */
export async function placementsOf(pair: Pair): Promise<readonly Sides[]> {
  const { mesh, policies, diagnostics } = checkInput(inputOf(new Map([[to, pair]])));
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (mesh === undefined || error !== undefined) throw new Error(error?.message);
  const found = new Map<string, Sides>();
  for (const wish of sides.flatMap((one) => sides.map((other): Sides => [one, other]))) {
    const previous = placementOf(new Map([[to, { pair, sides: wish }]]));
    const { placement } = await place(policies, mesh, { dataplanes: free, previous });
    if (placement === undefined) continue;
    const [one, other] = namesOf(pair, to).map((name) => sideOf(placement, name));
    if (one !== undefined && other !== undefined) found.set(`${one} ${other}`, [one, other]);
  }
  return [...found.values()];
}

function sideOf({ proxies }: Placement, name: string): PlacedSide | undefined {
  return proxies.flatMap(({ policies }) => policies).find(({ policy }) => policy === name)?.side;
}

/** Pairs by the service that they are for the calls to, each at its sides. */
export function placementOf(
  pairs: ReadonlyMap<string, { readonly pair: Pair; readonly sides: Sides }>,
): Placement {
  const placed = [...pairs].flatMap(([to, { pair, sides }]) =>
    namesOf(pair, to).map((name, at) => {
      const side = sides[at as 0 | 1];
      const policy: PlacedPolicy = {
        policy: name,
        side,
        section: pair.headings[at] ?? "either",
        calls: [[caller, to]],
      };
      return { service: side === "egress" ? caller : to, policy };
    }),
  );
  const proxies = [...Map.groupBy(placed, ({ service }) => service)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    status: "optimal",
    cost: 0,
    bound: 0,
    unmatched: [],
    proxies: proxies.map(([service, own]) => ({
      service,
      dataplane: "envoy",
      stamps: false,
      policies: own.map(({ policy }) => policy).sort((a, b) => (a.policy < b.policy ? -1 : 1)),
    })),
  };
}
