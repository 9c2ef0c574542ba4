import type { Policy } from "../language/policy.ts";
import type { Service } from "../mesh/mesh.ts";
import type { PlacedSide } from "./placement.ts";
import { actionsIn, type Section } from "./section.ts";

/** A kind of proxy: what it offers and what it costs. */
export interface Dataplane {
  readonly name: string;
  /** Of one proxy; multiplied by a service's replicas. */
  readonly cost: number;
  /** Names of the actions that it offers: `SetHeader` for any act, `Request.SetHeader` for one. */
  readonly actions: "all" | readonly string[];
  /** Those that it offers on one side only. */
  readonly sides?: Readonly<Record<string, PlacedSide>>;
  /** Cost of one execution of an action, by its names as above, times the rate of a call; default 0. */
  readonly actionCosts?: Readonly<Record<string, number>>;
  /** Cost of one request through the proxy before any action, times the rates of all calls of and by the service; default 0. */
  readonly requestCost?: number;
  /** Cost of one update of the state header, times the rate of all calls into the service; default 0. */
  readonly stampCost?: number;
  /** Cost of one look at the state header before a policy, times the rate of a call; default 0. */
  readonly checkCost?: number;
}

/** One Envoy in front of a service, able to do everything. */
export const defaultDataplanes: readonly Dataplane[] = [{ name: "envoy", cost: 1, actions: "all" }];

/** The data planes that a service can take: none when it is `never`, one when it is pinned. */
export function fitting(service: Service, dataplanes: readonly Dataplane[]): readonly Dataplane[] {
  if (service.proxy === "never") return [];
  return service.proxy === "any"
    ? dataplanes
    : dataplanes.filter((dataplane) => dataplane.name === service.proxy);
}

/** Whether a data plane has all actions of a policy. */
export function offers(dataplane: Dataplane, policy: Policy): boolean {
  const actions = dataplane.actions;
  return (
    actions === "all" ||
    policy.actions.every((action) => actions.includes(action) || actions.includes(`${policy.act}.${action}`))
  );
}

/** Acts of which a proxy sees the headers. */
const withHeaders: ReadonlySet<string> = new Set(["Request", "RPCRequest", "Response", "RPCResponse"]);

/**
 * Whether its proxies look at requests at all, and so can carry the state of their paths; not those that only pass connections on. These
 * offer for requests too what they offer for connections (`Request.Deny`), and nothing else.
 */
export function carriesState({ actions }: Dataplane): boolean {
  if (actions === "all") return true;
  return actions.some((action) => {
    const [act = "", name] = action.split(".");
    return name === undefined || (withHeaders.has(act) && !actions.includes(`Connection.${name}`));
  });
}

/** Whether none of a section's actions is for the other side on this data plane. */
export function offersAt(
  { sides = {} }: Dataplane,
  side: PlacedSide,
  { policy, section }: { readonly policy: Policy; readonly section: Section },
): boolean {
  return actionsIn(policy, section.body).every(
    (action) => (sides[action] ?? sides[`${policy.act}.${action}`] ?? side) === side,
  );
}
