import type { PolicyParameter } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { PathsInUse } from "../placement/path-tables.ts";
import { chosenSection, type Item } from "./failure-class.ts";
import type { Chain } from "./module.ts";
import { askedPeers, pathFact, whenFacts } from "./path-facts.ts";

/** Where a module runs. `addressesOf` gives all the addresses that a service, or its proxy, sends from. */
export interface Site {
  readonly service: string;
  readonly direction: Chain["direction"];
  /** Of a chain for connections to a store. */
  readonly callee?: string;
  /** Of a chain for one version of the service. */
  readonly version?: string;
  readonly mesh: Mesh;
  readonly addressesOf: (service: string) => readonly string[];
  readonly paths: PathsInUse;
}

/**
 * A line for each policy, `NAME DIRECTION PEERS MODE` and its parameters, after the facts that these need: `@self NAME`, and inbound, where a caller is
 * known by its address, `@peer NAME ADDRESSES` for each service that a line or an `Allow` names; and what policies ask of paths (`path-facts.ts`). Tabs between.
 */
export function configuration(group: readonly Item[], site: Site): string {
  const { service, direction, callee, addressesOf } = site;
  const policies = group.map((item) => ({ item, peers: peersOf(item, site), asked: askedPeers(item, site) }));
  const callers = new Set([
    ...group
      .flatMap(chosenSection)
      .flatMap((policy) => policy.sections.flatMap(({ body }) => callsIn(body)))
      .flatMap((call) => {
        if (call.action === "GetCaller") return callersOf(site);
        return call.action === "Allow" && textOf(call, 0) !== "*" ? [textOf(call, 0)] : [];
      }),
    ...policies.flatMap(({ peers, asked }) => [...peers.names, ...asked]),
  ]);
  callers.delete("*");
  const facts = [...callers].sort().map((name) => `@peer\t${name}\t${addressesOf(name).join(",")}`);
  const lines = policies.map(({ item, peers }) => {
    const mode = item.policy.mode === "audit" ? "audit" : "enforce";
    const parameters = item.policy.parameters.map(parameterText);
    // Nobody is called `?`: of all the rest the path decides, if anything does.
    const list = peers.sign + peers.names.join(",") || "?";
    return [item.policy.name, direction, list, mode, ...parameters].join("\t");
  });
  const asking = group.flatMap((item) => whenFacts(item, site));
  return [
    `@self\t${service}`,
    ...(callee === undefined ? [] : [`@callee\t${callee}`]),
    ...(direction === "inbound" ? facts : []),
    ...(asking.length === 0 ? [] : [pathFact(site.mesh), ...asking]),
    ...lines,
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function callersOf({ mesh, service }: Site): readonly string[] {
  if (mesh.identity === "none") return [];
  return mesh.calls.filter((call) => call.to === service).flatMap(({ from }) => from ?? []);
}

/** As the SDK's `parameters` reads it: a float is the 64 bits that it is. */
function parameterText({ default: { type, value } }: PolicyParameter): string {
  if (type === "bool") return value === true ? "1" : "0";
  if (type !== "float") return String(value);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Number(value));
  return String(bits.getBigInt64(0));
}

interface Peers {
  readonly sign: "*" | "!" | "";
  readonly names: readonly string[];
}

/** Inbound the callers, outbound the callees; `*` is everybody, `!` everybody but these. */
function peersOf(item: Item, site: Site): Peers {
  const { service, direction, mesh } = site;
  const inbound = direction === "inbound";
  const asked = askedPeers(item, site);
  if (asked.has("*")) return { sign: "", names: [] };
  // Without identities nobody knows a caller by its address: what is placed at ingress is for all of them (design §4).
  if (inbound && mesh.identity === "none") return { sign: "*", names: [] };
  const calls = mesh.calls.filter(
    (call) => (inbound ? call.to : call.from) === service && call.from !== null,
  );
  const all = new Set(calls.map((call) => (inbound ? call.from : call.to)).filter((name) => name !== null));
  const peers = item.placed.calls
    .map(([from, to]) => (inbound ? from : to))
    .filter((peer) => peer === null || !asked.has(peer));
  const named = new Set(peers.filter((peer): peer is string => peer !== null));
  const outside = !inbound || mesh.services.get(service)?.entry !== true || peers.includes(null);
  if (outside && [...all].every((name) => named.has(name))) return { sign: "*", names: [] };
  // From outside and from some services is from any address that is not one of the other services'.
  if (peers.includes(null)) return { sign: "!", names: [...all].filter((name) => !named.has(name)).sort() };
  return { sign: "", names: [...named].sort() };
}
