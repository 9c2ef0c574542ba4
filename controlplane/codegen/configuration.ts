import type { Statement } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { chosenSection, type Item } from "./failure-class.ts";
import type { Chain } from "./module.ts";

/** Where a module runs. `addressesOf` gives all the addresses that a service, or its proxy, sends from. */
export interface Site {
  readonly service: string;
  readonly direction: Chain["direction"];
  readonly mesh: Mesh;
  readonly addressesOf: (service: string) => readonly string[];
}

/** A line for each policy, `NAME DIRECTION PEERS MODE`, after facts that `Allow` needs; tabs between. */
export function configuration(group: readonly Item[], site: Site): string {
  const { service, direction, addressesOf } = site;
  const callers = new Set(
    group
      .flatMap(chosenSection)
      .flatMap((policy) => policy.sections.flatMap(({ body }) => body.flatMap(allowed))),
  );
  const facts = [...callers]
    .filter((name) => name !== "*")
    .sort()
    .map((name) => `@peer\t${name}\t${addressesOf(name).join(",")}`);
  const lines = group.map((item) => {
    const mode = item.policy.mode === "audit" ? "audit" : "enforce";
    return `${item.policy.name}\t${direction}\t${peersOf(item, site)}\t${mode}`;
  });
  return [`@self\t${service}`, ...(direction === "inbound" ? facts : []), ...lines]
    .map((line) => `${line}\n`)
    .join("");
}

/** Inbound the callers' addresses, outbound the callees' names; `*` is everybody, `!` everybody but these. */
function peersOf(item: Item, site: Site): string {
  const { service, direction, mesh, addressesOf } = site;
  const inbound = direction === "inbound";
  const calls = mesh.calls.filter(
    (call) => (inbound ? call.to : call.from) === service && call.from !== null,
  );
  const all = new Set(calls.map((call) => (inbound ? call.from : call.to)).filter((name) => name !== null));
  const peers = item.placed.calls.map(([from, to]) => (inbound ? from : to));
  const named = new Set(peers.filter((peer): peer is string => peer !== null));
  const list = (names: Iterable<string>): string =>
    [...names]
      .map((name) => (inbound ? addressesOf(name).join(",") : name))
      .sort()
      .join(",");
  const outside = !inbound || mesh.services.get(service)?.entry !== true || peers.includes(null);
  if (outside && [...all].every((name) => named.has(name))) return "*";
  // From outside and from some services is from any address that is not one of the other services'.
  if (peers.includes(null)) return `!${list([...all].filter((name) => !named.has(name)))}`;
  return list(named);
}

function allowed(statement: Statement): string[] {
  if (statement.kind === "if") return [...statement.then, ...statement.else].flatMap(allowed);
  return statement.kind === "allow" ? [statement.caller] : [];
}
