import { createHash } from "node:crypto";
import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { IdHeader, Mesh } from "../mesh/mesh.ts";
import { diagnoseNoRoom } from "../placement/diagnose.ts";
import { noPaths, type PathsInUse } from "../placement/path-tables.ts";
import type { PlacedPolicy, PlacedProxy, Placement } from "../placement/placement.ts";
import { buildModule } from "./build-module.ts";
import { buildStamp } from "./build-stamp.ts";
import { type ChainCache, createChainCache } from "./chain-cache.ts";
import { configuration, type Site } from "./configuration.ts";
import type { Item } from "./failure-class.ts";
import { type Commutes, group } from "./group.ts";
import type { Chain, Module, Slot } from "./module.ts";
import { forwardsFact, pathFact, stampFacts } from "./path-facts.ts";
import { connectionCallers, refusedCallers } from "./refused-callers.ts";

export { type ChainCache, createChainCache } from "./chain-cache.ts";

/** `addressesOf` gives all the addresses that a service, or its proxy, sends from; `commutes` is the analysis'. */
export interface BuildOptions {
  readonly addressesOf: (service: string) => readonly string[];
  readonly commutes: Commutes;
  readonly cache?: ChainCache;
  /** What proxies have to know of the paths of requests. Default nothing. */
  readonly paths?: PathsInUse;
}

/** The chains of all proxies; without those that failed when there are errors among the diagnostics. */
export interface BuiltChains {
  readonly chains: readonly Chain[];
  readonly modules: readonly Module[];
  /** By the name of the slot without its hash, the AssemblyScript of what runs there. */
  readonly sources: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

const labelLengthMax = 100;
/** What a module takes of its plugin's configuration, in bytes, as the SDK's `plugins.ts` has it. */
const configurationMax = 65_536;

/** Compile what a placement puts on each proxy into modules, checked and tried once. */
export async function buildChains(
  policies: readonly Policy[],
  placement: Placement,
  mesh: Mesh,
  options: BuildOptions,
): Promise<BuiltChains> {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const cache: ChainCache = options.cache ?? createChainCache();
  const chains: Chain[] = [];
  const modules = new Map<string, Module>();
  const sources = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const givenUp = new Set<string>();
  /** Of the first proxy that has none for the states of paths: what is too much for one is for many. */
  let noRoom: readonly Diagnostic[] | undefined;
  const { addressesOf, paths = noPaths } = options;
  for (const proxy of placement.proxies) {
    for (const way of waysOf(proxy, mesh, paths)) {
      const { direction, version, callee } = way;
      const items = placedOn(proxy, way, mesh).flatMap((placed): Item[] => {
        const policy = byName.get(placed.policy);
        return policy === undefined ? [] : [{ policy, placed }];
      });
      const grouped = group(items, options.commutes);
      diagnostics.push(...grouped.diagnostics);
      const slots: Slot[] = [];
      const taken = new Set<string>();
      const vmId = `wire/${proxy.service}/${direction}`;
      const stampingBy = (inUse: PathsInUse): string | undefined =>
        stampConfiguration(proxy, way, { mesh, addressesOf, paths: inUse });
      const stamping = stampingBy(paths);
      if (stamping !== undefined && !hasRoom((inUse) => stampingBy(inUse) ?? "", paths)) {
        noRoom ??= diagnoseNoRoom(askingOf(paths, policies), proxy.service);
      } else if (stamping !== undefined) {
        const { origin: isOrigin = false } = mesh.services.get(proxy.service) ?? {};
        const joins = joinedBy(proxy.service, mesh) !== undefined;
        const stem = `${version === undefined ? vmId : `${vmId}@${version}`}/stamp`;
        const { module, source } = await buildStamp({ direction, isOrigin, joins }, stamping, cache);
        sources.set(stem, source);
        modules.set(module.sha256, module);
        slots.push({
          name: `${stem}/${digest(stamping)}`,
          // What is noted as it comes in is found as it goes out.
          vmId: joins ? `wire/${proxy.service}/stamp` : `${vmId}/stamp`,
          module,
          configuration: stamping,
        });
      }
      for (const together of grouped.groups) {
        const [first] = together;
        const names = together.map((item) => item.policy.name);
        // What was given up took its time, and would again on each of its proxies.
        if (first === undefined || givenUp.has(names.join())) continue;
        const place = [
          version === undefined ? vmId : `${vmId}@${version}`,
          ...(callee === undefined ? [] : [callee]),
        ];
        const stem = `${place.join("/")}/${label(names)}`;
        const textBy = (inUse: PathsInUse): string =>
          configuration(together, {
            service: proxy.service,
            direction,
            ...(callee === undefined ? {} : { callee }),
            ...(version === undefined ? {} : { version }),
            mesh,
            addressesOf,
            paths: inUse,
          });
        const text = textBy(paths);
        if (text.includes("\n@when\t") && !hasRoom(textBy, paths)) {
          const own = new Set(names);
          const asking = askingOf(paths, policies).filter(({ name }) => own.has(name));
          noRoom ??= diagnoseNoRoom(asking, proxy.service);
          continue;
        }
        const built = await buildModule(
          first,
          together,
          {
            configuration: text,
            over: isTcp(way, proxy, mesh) ? "tcp" : "http",
            decisions: mesh.decisionLog !== undefined,
            asks: text.includes("\n@when\t"),
          },
          cache,
        );
        sources.set(stem, built.source);
        diagnostics.push(...built.diagnostics);
        if (built.diagnostics.some(({ code }) => code === "MOD0103" || code === "MOD0104"))
          givenUp.add(names.join());
        if (built.module === undefined) continue;
        // Other calls are another filter: what changes under its name does not change in the instant in which routes do. And what let a
        // connection in stays with it, so that there other code is another filter, too.
        const kind = digest(isTcp(way, proxy, mesh) ? `${text}${withoutComments(built.source)}` : text);
        let name = `${stem}/${kind}`;
        for (let n = 2; taken.has(name); n++) name = `${stem}/${kind}/${n}`;
        taken.add(name);
        const module = modules.get(built.module.sha256) ?? built.module;
        modules.set(module.sha256, module);
        slots.push({ name, vmId, module, configuration: text });
      }
      if (slots.length === 0) continue;
      const { service } = proxy;
      const callers = connectionCallers({ service, ...way }, mesh);
      chains.push({
        service,
        direction,
        ...(version === undefined ? {} : { version }),
        ...(callee === undefined ? {} : { callee }),
        ...(isTcp(way, proxy, mesh) ? { refuses: refusedCallers(slots, callers, addressesOf) } : {}),
        slots,
      });
    }
  }
  const found = unique([...diagnostics, ...(noRoom ?? [])]);
  return { chains, modules: [...modules.values()], sources, diagnostics: found };
}

/**
 * Whether a configuration is as short as a module takes it. One that is for the requests of one revision has to leave room for those of another one, that may come in
 * its place: while it does, proxies know both.
 */
function hasRoom(textBy: (paths: PathsInUse) => string, paths: PathsInUse): boolean {
  const isAlone = paths.known.length === 1;
  const most = isAlone ? { ...paths, known: [...paths.known, ...paths.known] } : paths;
  return Buffer.byteLength(textBy(most)) <= configurationMax;
}

/** The policies that ask for paths. */
function askingOf({ known }: PathsInUse, policies: readonly Policy[]): readonly Policy[] {
  const names = new Set(known.flatMap(({ asks }) => asks.map(({ policy }) => policy)));
  return policies.filter(({ name }) => names.has(name));
}

type Way = Pick<Chain, "direction" | "version" | "callee">;

/**
 * The chains that a proxy may have: one inbound, or one for each version where policies tell them apart; one outbound; and one for each
 * store that is called.
 */
function waysOf(proxy: PlacedProxy, mesh: Mesh, { known }: PathsInUse): readonly Way[] {
  const apart =
    proxy.policies.some(({ calls }) => calls.some(([, , versions]) => versions !== undefined)) ||
    known.some(
      ({ stamps, asks }) =>
        stamps.some(({ service, version }) => service === proxy.service && version !== undefined) ||
        asks.some(
          ({ to, side, version }) => side === "ingress" && to === proxy.service && version !== undefined,
        ),
    );
  const versions = apart ? [...(mesh.services.get(proxy.service)?.versions.keys() ?? [])] : [undefined];
  const called = proxy.policies.filter(({ side }) => side === "egress").flatMap(({ calls }) => calls);
  const stores = new Set(called.map(([, to]) => to).filter((to) => isStore(to, mesh)));
  return [
    ...versions.map(
      (version): Way => ({ direction: "inbound", ...(version === undefined ? {} : { version }) }),
    ),
    { direction: "outbound" },
    ...[...stores].sort().map((callee): Way => ({ direction: "outbound", callee })),
  ];
}

/** The header with the id by which what a service sends is joined to what it was sent, if that is all that it hands on and anybody sends it anything. */
function joinedBy(service: string, mesh: Mesh): IdHeader | undefined {
  const { entry = false, forwards } = mesh.services.get(service) ?? {};
  return entry || mesh.calls.some(({ to }) => to === service) ? forwards : undefined;
}

/** What the filter that stamps has to know, where there is one this way: of what comes in, or of what a service begins by itself or has to be joined to what came in. */
function stampConfiguration(
  { service, stamps }: PlacedProxy,
  { direction, version, callee }: Way,
  { mesh, addressesOf, paths }: Pick<Site, "mesh" | "addressesOf" | "paths">,
): string | undefined {
  const { entry = false, origin = false } = mesh.services.get(service) ?? {};
  const id = joinedBy(service, mesh);
  if (!stamps || callee !== undefined || (direction === "outbound" && !origin && id === undefined))
    return undefined;
  const callers = mesh.calls.flatMap(({ from, to }) => (to === service && from !== null ? [from] : []));
  const isOpen = direction === "inbound" && entry;
  const outside = !isOpen ? "nobody" : callers.length === 0 ? "everybody" : "unlisted";
  const site = { service, direction, ...(version === undefined ? {} : { version }), paths };
  return [
    `@self\t${service}`,
    pathFact(mesh),
    ...(id === undefined ? [] : [forwardsFact(id)]),
    ...(outside === "unlisted"
      ? [...new Set(callers)].sort().map((name) => `@peer\t${name}\t${addressesOf(name).join(",")}`)
      : []),
    ...(direction === "outbound" && !origin ? [] : stampFacts(site, outside)),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function isStore(service: string, mesh: Mesh): boolean {
  return mesh.services.get(service)?.protocol === "tcp";
}

/** Whether connections go this way, and not requests. */
function isTcp({ direction, callee }: Way, { service }: PlacedProxy, mesh: Mesh): boolean {
  return callee !== undefined || (direction === "inbound" && isStore(service, mesh));
}

/** What is enforced on one way, without calls that are for other versions, or for other stores. */
function placedOn(
  proxy: PlacedProxy,
  { direction, version, callee }: Way,
  mesh: Mesh,
): readonly PlacedPolicy[] {
  const side = direction === "inbound" ? "ingress" : "egress";
  return proxy.policies
    .filter((placed) => placed.side === side)
    .map((placed) => ({
      ...placed,
      calls: placed.calls.filter(
        ([, to, versions]) =>
          (versions === undefined || version === undefined || versions.includes(version)) &&
          (direction === "inbound" || (callee === undefined ? !isStore(to, mesh) : to === callee)),
      ),
    }))
    .filter((placed) => placed.calls.length > 0);
}

/** Lines that moved are no other code; in generated code nothing but a comment has these slashes. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\/.*$/gm, "");
}

/** Names a set of policies: all of them as long as that is readable, else the first and a hash of the rest. */
function label(policies: readonly string[]): string {
  const whole = policies.join("+");
  const [first = "", ...rest] = policies;
  if (whole.length <= labelLengthMax) return whole;
  return `${first}+${rest.length}-${digest(rest.join("+"))}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** One mistake shows on every proxy that the policy is on; it is said once. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const key = ({ code, message, source, span }: Diagnostic): string =>
    [code, message, source.path, span.start, span.end].join("\0");
  return [...new Map(diagnostics.map((diagnostic) => [key(diagnostic), diagnostic])).values()];
}
