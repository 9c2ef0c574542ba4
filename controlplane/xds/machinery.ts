import type { Slot } from "../codegen/module.ts";
import type { Mesh, TokenProvider } from "../mesh/mesh.ts";
import { controlHeaders } from "./control-headers.ts";
import { type StateHeader, stateHeaderOf } from "./probe.ts";

/** What of Envoy's own has to be there for a chain, because its filters only decide. Nothing that no policy uses is shipped. */
export interface Machinery {
  /** Holds requests back and answers in the place of the service. */
  readonly delays: boolean;
  /** Sends copies to versions of the callee. */
  readonly mirrors: boolean;
  /** Picks replicas by a key. */
  readonly hashes: boolean;
  /** Replaces the host. */
  readonly hosts: boolean;
  readonly deadlines: boolean;
  /** Tries again, elsewhere when there is a choice. */
  readonly retries: boolean;
  /** Leads the questions of filter code to services. */
  readonly asks: boolean;
  /** Verifies tokens, by these; absent when no policy reads a claim. */
  readonly providers?: ReadonlyMap<string, TokenProvider>;
  /** Writes the access log with these tags; absent when there is none to write. */
  readonly tags?: readonly string[];
  /** Logs this share of what policies decide; absent when it is not recorded. */
  readonly decisions?: number;
  /** Tells the control plane what is left of the doctor's probes; absent where no module looks at this header. */
  readonly states?: StateHeader;
  /** Tells it of paths that are lost, too: a module asks for them. */
  readonly loses: boolean;
}

/** The host functions by which filter code asks a cluster. */
const asking: readonly string[] = ["proxy_http_call", "proxy_grpc_call", "proxy_grpc_stream"];

/** What the modules of these slots use, and what the mesh file asks for on every listener. */
export function machineryOf(slots: readonly Slot[], mesh: Mesh): Machinery {
  const actions = new Set(slots.flatMap((slot) => slot.module.actions));
  const tags = [...new Set(slots.flatMap((slot) => slot.module.tags))].sort();
  return {
    delays: actions.has("InjectDelay"),
    mirrors: actions.has("Mirror"),
    hashes: actions.has("SetHashKey"),
    hosts: actions.has("RewriteHost"),
    deadlines: actions.has("SetDeadline"),
    retries: actions.has("SetRetries"),
    asks: slots.some(({ module }) => asking.some((name) => module.imports.includes(`env.${name}`))),
    loses: slots.some(asksForPaths),
    ...(actions.has("GetClaim") && mesh.jwt !== undefined ? { providers: mesh.jwt } : {}),
    ...(actions.has("TagAccessLog") || mesh.accessLog === true ? { tags } : {}),
    ...(slots.length > 0 && mesh.decisionLog !== undefined ? { decisions: mesh.decisionLog } : {}),
    ...(slots.some(looksAtPaths) ? { states: stateHeaderOf(mesh.stateHeader) } : {}),
  };
}

/** Whether its module stamps requests, or asks how far their paths have come. */
export function looksAtPaths({ configuration }: Pick<Slot, "configuration">): boolean {
  return configuration.includes("\n@path\t");
}

function asksForPaths({ configuration }: Slot): boolean {
  return configuration.includes("\n@when\t");
}

/** Names what is there: a chain that needs other machinery is another generation. Empty when it needs none. */
export function nameOf(machinery: Machinery): readonly string[] {
  const used = Object.entries(machinery).filter(([, value]) => value === true);
  const { providers, tags, decisions, states } = machinery;
  return [
    ...used.map(([name]) => name),
    ...(providers === undefined ? [] : [`jwt ${JSON.stringify([...providers])}`]),
    ...(tags === undefined ? [] : [`log ${tags.join()}`]),
    ...(decisions === undefined ? [] : [`decisions ${decisions}`]),
    ...(states === undefined ? [] : [`states ${states.name}`]),
  ];
}

/** The control headers that the routes have to take away, since nobody behind them reads them. */
export function leftHeaders({ delays, mirrors, deadlines, providers }: Machinery): readonly string[] {
  return [
    ...(mirrors ? [controlHeaders.mirror] : []),
    ...(deadlines ? [controlHeaders.budget] : []),
    ...(providers !== undefined ? [controlHeaders.claims] : []),
    ...(delays ? [controlHeaders.faultDelay, controlHeaders.faultAbort] : []),
  ];
}

/** The control headers that the router reads when the routes are done, and which a cluster has to take away. */
export function lateHeaders({ hashes, hosts }: Pick<Machinery, "hashes" | "hosts">): readonly string[] {
  return [...(hashes ? [controlHeaders.hash] : []), ...(hosts ? [controlHeaders.host] : [])];
}
