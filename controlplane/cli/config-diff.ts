import { typeUrl } from "../xds/type-url.ts";

/** A resource that a proxy is to have. */
export interface Wanted {
  /** A type URL. */
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** Of endpoints, which Envoy shows without a version: `ADDRESS:PORT`, sorted. */
  readonly places?: readonly string[];
}

export interface Difference {
  readonly type: string;
  readonly name: string;
  /** `missing`: Envoy lacks it. `left over`: it has one that nobody wants. `other`: it runs another version. `refused`: it was given one that it does not take. */
  readonly what: "missing" | "left over" | "other" | "refused";
  readonly wanted?: string;
  readonly has?: string;
  /** Why Envoy refuses it, in its own words. */
  readonly why?: string;
}

/** What Envoy's admin interface answers to `/config_dump?include_eds`, as far as it is read here. */
interface Dump {
  readonly configs?: readonly Readonly<Record<string, unknown>>[];
}

interface Held {
  readonly version: string;
  readonly why?: string;
}

/** How what a proxy is to have differs from what its Envoy says that it runs, in the order of types and names. */
export function configDiff(wanted: readonly Wanted[], dump: unknown): readonly Difference[] {
  const held = heldIn(dump as Dump);
  const differences = wanted.flatMap((resource): readonly Difference[] => {
    const { type, name } = resource;
    const version = resource.places === undefined ? resource.version : resource.places.join();
    const has = held.get(type)?.get(name);
    if (has === undefined) return [{ type, name, what: "missing", wanted: version }];
    if (has.version === version) return [];
    const both = { type, name, wanted: version, has: has.version };
    return [has.why === undefined ? { ...both, what: "other" } : { ...both, what: "refused", why: has.why }];
  });
  const known = new Set(wanted.map(({ type, name }) => `${type} ${name}`));
  const drained = drainedIn(dump as Dump);
  const leftOver = [...held].flatMap(([type, resources]) =>
    [...resources].flatMap(([name, { version }]): readonly Difference[] =>
      known.has(`${type} ${name}`) || drained.get(type)?.has(name) === true
        ? []
        : [{ type, name, what: "left over", has: version }],
    ),
  );
  return [...differences, ...leftOver].sort((a, b) =>
    `${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1,
  );
}

/** By type and name, what came from the control plane. */
function heldIn({ configs = [] }: Dump): ReadonlyMap<string, ReadonlyMap<string, Held>> {
  const all = (list: string): readonly Item[] => configs.flatMap((config) => itemsOf(config[list]));
  const of = (list: string, entry: (item: Item) => readonly [name: string, held: Held]): Map<string, Held> =>
    new Map(all(list).map(entry));
  const used = all("dynamic_listeners").filter((item) => !isOnlyDraining(item));
  return new Map([
    [typeUrl.listener, new Map(used.map((item) => [textOf(item["name"]), stateOf(item)]))],
    [
      typeUrl.cluster,
      new Map([
        ...of("dynamic_active_clusters", (item) => [nameIn(item["cluster"]), versionOf(item)]),
        // What warms is not used yet.
        ...of("dynamic_warming_clusters", (item) => [nameIn(item["cluster"]), { version: "warming" }]),
      ]),
    ],
    [typeUrl.route, of("dynamic_route_configs", (item) => [nameIn(item["route_config"]), versionOf(item)])],
    [typeUrl.extension, of("ecds_filters", (item) => [nameIn(item["ecds_filter"]), versionOf(item)])],
    [typeUrl.endpoints, of("dynamic_endpoint_configs", (item) => placesOf(itemOf(item["endpoint_config"])))],
  ]);
}

type Item = Readonly<Record<string, unknown>>;

function itemOf(value: unknown): Item {
  return typeof value === "object" && value !== null ? (value as Item) : {};
}

function itemsOf(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value.map(itemOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function nameIn(resource: unknown): string {
  return textOf(itemOf(resource)["name"]);
}

function versionOf(item: Item): Held {
  const details = textOf(itemOf(item["error_state"])["details"]);
  return { version: textOf(item["version_info"]), ...(details === "" ? {} : { why: details }) };
}

/** It takes nothing more, and is shown until what is open has had its time. */
function isOnlyDraining(listener: Item): boolean {
  return "draining_state" in listener && !("active_state" in listener) && !("warming_state" in listener);
}

/** By type, what such listeners have still in use. */
function drainedIn({ configs = [] }: Dump): ReadonlyMap<string, ReadonlySet<string>> {
  const listeners = configs.flatMap((config) => itemsOf(config["dynamic_listeners"])).filter(isOnlyDraining);
  const items = listeners.flatMap((listener) => itemsWithin(listener["draining_state"]));
  return new Map([
    [typeUrl.route, new Set(items.map((item) => textOf(item["route_config_name"])))],
    [
      typeUrl.extension,
      new Set(items.flatMap((item) => ("config_discovery" in item ? [textOf(item["name"])] : []))),
    ],
  ]);
}

/** However deep inside. */
function itemsWithin(value: unknown): readonly Item[] {
  if (Array.isArray(value)) return value.flatMap(itemsWithin);
  const item = itemOf(value);
  return [item, ...Object.values(item).flatMap(itemsWithin)];
}

/** A listener may serve in one version, warm in the next, and have refused a third. */
function stateOf(item: Item): Held {
  const active = itemOf(item["active_state"]);
  const details = textOf(itemOf(item["error_state"])["details"]);
  const version = textOf(active["version_info"]) || "warming";
  return { version, ...(details === "" ? {} : { why: details }) };
}

function placesOf(assignment: Item): readonly [name: string, held: Held] {
  const places = itemsOf(assignment["endpoints"])
    .flatMap((locality) => itemsOf(locality["lb_endpoints"]))
    .map(({ endpoint }) => itemOf(itemOf(itemOf(endpoint)["address"])["socket_address"]))
    .map(({ address, port_value }) => `${textOf(address)}:${Number(port_value)}`);
  return [textOf(assignment["cluster_name"]), { version: places.sort().join() }];
}
