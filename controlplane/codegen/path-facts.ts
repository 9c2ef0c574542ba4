import type { IdHeader, Mesh } from "../mesh/mesh.ts";
import {
  type Asking,
  isSecret,
  type PathsInUse,
  type PathTables,
  stateless,
} from "../placement/path-tables.ts";
import type { Item } from "./failure-class.ts";

/** What a plugin's configuration says of the paths of requests, as the SDK's `on-path.ts` and `stamp.ts` read it. */

/** The header that the state is in: a member of a list, or all of it. */
export function pathFact({ stateHeader }: Mesh): string {
  return stateHeader.startsWith("header:")
    ? `@path\t${stateHeader.slice("header:".length).toLowerCase()}\twhole`
    : `@path\t${stateHeader}\tlist`;
}

/** Where the id is that is all that a service hands on. */
export function forwardsFact(header: IdHeader): string {
  const shape = header === "traceparent" ? "trace" : header === "x-request-id" ? "whole" : "b3";
  return `@forwards\t${header}\t${shape}`;
}

/** Where a chain runs, as far as paths go. */
export interface PathSite {
  readonly service: string;
  readonly direction: "inbound" | "outbound";
  readonly version?: string;
  readonly paths: PathsInUse;
}

/** What a revision says here of a policy. */
function askedHere(
  { policy, placed }: Item,
  { service, direction, version }: PathSite,
  { asks }: PathTables,
): readonly Asking[] {
  const side = direction === "inbound" ? "ingress" : "egress";
  return asks.filter(
    (asking) =>
      asking.policy === policy.name &&
      asking.section === placed.section &&
      asking.side === side &&
      (side === "ingress" ? asking.to : asking.from) === service &&
      (asking.version === undefined || asking.version === version),
  );
}

/** The peers whose requests the path decides about: `*` for those of all callers, where these are not known. */
export function askedPeers(item: Item, site: PathSite): ReadonlySet<string> {
  const { own, known } = site.paths;
  const tables = known.filter(({ revision }) => revision === own);
  const peers = tables.flatMap((each) => askedHere(item, site, each)).map((asking) => peerOf(asking, site));
  const called = new Set(item.placed.calls.map(([from, to]) => (site.direction === "inbound" ? from : to)));
  return new Set(peers.filter((peer) => peer === "*" || called.has(peer)));
}

function peerOf({ from, to }: Asking, { direction }: PathSite): string {
  return direction === "inbound" ? (from ?? "*") : to;
}

/** In which states a policy is for the requests of which peers, and what becomes of those that nobody knows. */
export function whenFacts(item: Item, site: PathSite): readonly string[] {
  const { policy } = item;
  const peers = askedPeers(item, site);
  if (peers.size === 0) return [];
  const lines = site.paths.known.flatMap((each) => {
    const asks = askedHere(item, site, each).filter((asking) => peers.has(peerOf(asking, site)));
    return [...Map.groupBy(asks, ({ states, others }) => `${listOf(states)}\t${listOf(others)}`)].map(
      ([lists, alike]) => {
        const names = alike.map((asking) => peerOf(asking, site)).sort();
        return `@when\t${policy.name}\t${each.revision}\t${names.join(",")}\t${lists}`;
      },
    );
  });
  return [...lines, `@lost\t${policy.name}\t${policy.onLost}`];
}

/** How a service's requests are stamped, and which ones come from outside: of no service that is listed. */
export function stampFacts(
  { service, direction, version, paths: { begin, known } }: PathSite,
  outside: "nobody" | "everybody" | "unlisted",
): readonly string[] {
  const inUse = known.filter(({ revision }) => revision !== stateless);
  // Where one revision asks nothing any more another one may, to which such a request has lost nothing. With a key nobody is to be able to say that.
  const isChanging = inUse.length > 1 && !inUse.some((each) => statesOf(each).some(isSecret));
  return [
    ...(outside === "nobody" ? [] : [`@outside\t${outside === "everybody" ? "*" : "!"}`]),
    ...(begin === undefined ? [] : [`@begin\t${begin}`]),
    ...inUse.map((each) => {
      const all = each.stamps.filter((own) => own.service === service);
      const stamping = all.find((own) => own.version === undefined || own.version === version);
      // Where a version has come since, nobody knows what a state leads to.
      if (direction === "inbound" && stamping === undefined && all.length > 0)
        return `@stamp\t${each.revision}\t-\t-`;
      const known = stamping?.steps ?? new Map<string, string>();
      const ends = isChanging ? statesOf(each).filter((state) => !known.has(state)) : [];
      const steps = [...known, ...ends.map((state) => [state, unasked] as const)];
      // What goes out was stamped as it came in, and what the service does by itself begins a path.
      const isAsItWas = stamping === undefined || direction === "outbound";
      const list = isAsItWas ? "=" : steps.map(([from, to]) => `${from}>${to}`).join(",") || "-";
      return `@stamp\t${each.revision}\t${stamping?.first ?? (isChanging ? unasked : "-")}\t${list}`;
    }),
  ];
}

/** What is nobody's state. */
const unasked = "0";

function statesOf({ stamps }: PathTables): readonly string[] {
  return [
    ...new Set([...stamps.flatMap(({ first = unasked, steps }) => [first, ...steps.values()]), unasked]),
  ];
}

function listOf(states: Asking["states"]): string {
  return states === "all" ? "*" : states.join(",") || "-";
}
