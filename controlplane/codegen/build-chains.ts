import { createHash } from "node:crypto";
import type { Diagnostic } from "../language/diagnostic.ts";
import type { CopperPolicy, FilterPolicy, Policy, Statement } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { PlacedPolicy, Placement } from "../placement/placement.ts";
import { type Assembled, assemble } from "./assemble.ts";
import { generate, hasAllow } from "./generate.ts";
import { generateFilter } from "./generate-filter.ts";
import type { Chain, Module, Slot } from "./module.ts";
import { smoke } from "./smoke.ts";
import { verifyModule } from "./verify-module.ts";

/** What was compiled from which source; kept by the caller from one build to the next. */
export type ChainCache = Map<string, Assembled>;

/** An empty cache, for the caller to keep. */
export function createChainCache(): ChainCache {
  return new Map();
}

/** `addressesOf` gives all the addresses that a service, or its proxy, sends from. */
export interface BuildOptions {
  readonly addressesOf: (service: string) => readonly string[];
  readonly cache?: ChainCache;
}

/** The chains of all proxies; without those that failed when there are errors among the diagnostics. */
export interface BuiltChains {
  readonly chains: readonly Chain[];
  readonly modules: readonly Module[];
  /** By slot name, the AssemblyScript of what runs there. */
  readonly sources: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

interface Item {
  readonly policy: Policy;
  readonly placed: PlacedPolicy;
}

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
  for (const proxy of placement.proxies) {
    for (const direction of ["inbound", "outbound"] as const) {
      const side = direction === "inbound" ? "ingress" : "egress";
      const items = proxy.policies.flatMap((placed): Item[] => {
        const policy = byName.get(placed.policy);
        return policy === undefined || placed.side !== side ? [] : [{ policy, placed }];
      });
      const slots: Slot[] = [];
      const taken = new Set<string>();
      for (const group of groups(items)) {
        const stem = `wire/${proxy.service}/${direction}/${group[0]?.policy.name}`;
        let name = stem;
        for (let n = 2; taken.has(name); n++) name = `${stem}/${n}`;
        taken.add(name);
        const configuration = configurationOf(group, direction, proxy.service, mesh, options.addressesOf);
        const built = await build(group, configuration, cache);
        sources.set(name, built.source);
        diagnostics.push(...built.diagnostics);
        if (built.module === undefined) continue;
        const module = modules.get(built.module.sha256) ?? built.module;
        modules.set(module.sha256, module);
        slots.push({ name, module, configuration });
      }
      if (slots.length > 0) chains.push({ service: proxy.service, direction, slots });
    }
  }
  return { chains, modules: [...modules.values()], sources, diagnostics };
}

/** Whether a policy's failure must stop requests: it is access control. */
function isClosed(policy: Policy): boolean {
  if (policy.kind === "filter")
    return policy.actions.includes("Deny") || /\bdeny\s*\(/.test(policy.source.text);
  return policy.sections.some((section) => section.body.some((item) => hasAllow(item) || denies(item)));
}

function denies(statement: Statement): boolean {
  if (statement.kind === "if") return statement.then.some(denies) || statement.else.some(denies);
  return statement.kind === "deny";
}

function groups(items: readonly Item[]): readonly (readonly Item[])[] {
  const result: Item[][] = [];
  for (const item of items) {
    const last = result.at(-1);
    const head = last?.[0]?.policy;
    const joins =
      head?.kind === "copper" && item.policy.kind === "copper" && isClosed(head) === isClosed(item.policy);
    if (joins) last?.push(item);
    else result.push([item]);
  }
  return result;
}

function chosen({ policy, placed }: Item): CopperPolicy[] {
  if (policy.kind !== "copper") return [];
  return [{ ...policy, sections: policy.sections.filter((section) => section.side === placed.section) }];
}

async function build(
  group: readonly Item[],
  configuration: string,
  cache: ChainCache,
): Promise<{ source: string; module?: Module; diagnostics: Diagnostic[] }> {
  const [first] = group;
  if (first === undefined) return { source: "", diagnostics: [] };
  const { policy } = first;
  const filter: FilterPolicy | null = policy.kind === "filter" ? policy : null;
  const source = filter === null ? generate(group.flatMap(chosen)) : generateFilter(policy.name);
  const key = filter === null ? source : `${source}\0${filter.source.text}`;
  let assembled = cache.get(key);
  if (assembled === undefined) {
    assembled = await assemble(
      filter === null
        ? { entry: source }
        : { entry: source, files: { "policy.ts": filter.source.text }, runtime: "minimal" },
    );
    cache.set(key, assembled);
  }
  const shown = filter === null ? source : filter.source.text;
  const { bytes } = assembled;
  if (bytes === undefined) return { source: shown, diagnostics: compileErrors(policy, assembled) };
  const reasons = verifyModule(bytes);
  if (reasons.length === 0) reasons.push(...smoke(bytes, configuration));
  if (reasons.length > 0) {
    const diagnostics = reasons.map(
      (reason): Diagnostic => refusal(policy, "MOD0102", `\`${policy.name}\`: ${reason}`),
    );
    return { source: shown, diagnostics };
  }
  const compiled = new WebAssembly.Module(Uint8Array.from(bytes));
  const imports = WebAssembly.Module.imports(compiled).map((item) => `${item.module}.${item.name}`);
  const exports = WebAssembly.Module.exports(compiled).map((item) => item.name);
  const module: Module = {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    bytes,
    policies: group.map((item) => item.policy.name),
    failure: isClosed(policy) ? "closed" : "open",
    imports: imports.sort(),
    exports: exports.sort(),
  };
  return { source: shown, module, diagnostics: [] };
}

function compileErrors(policy: Policy, assembled: Assembled): Diagnostic[] {
  const errors = assembled.messages.filter((message) => message.severity === "error");
  if (errors.length === 0)
    return [refusal(policy, "MOD0101", `\`${policy.name}\` does not compile: ${assembled.stderr}`)];
  return errors.map((error) => {
    const message = `\`${policy.name}\` does not compile: ${error.message.replace(/\.$/, "")}`;
    const own = policy.kind === "filter" && error.file === "policy.ts";
    if (!own || error.start === undefined || error.end === undefined)
      return refusal(policy, "MOD0101", message);
    return { ...refusal(policy, "MOD0101", message), span: { start: error.start, end: error.end } };
  });
}

function refusal(policy: Policy, code: Diagnostic["code"], message: string): Diagnostic {
  return { code, severity: "error", message, source: policy.source, span: policy.span };
}

/** A line for each policy, `NAME DIRECTION PEERS MODE`, after facts that `Allow` needs; tabs between. */
function configurationOf(
  group: readonly Item[],
  direction: Chain["direction"],
  service: string,
  mesh: Mesh,
  addressesOf: (service: string) => readonly string[],
): string {
  const inbound = direction === "inbound";
  const others = mesh.calls.filter(
    (call) => (inbound ? call.to : call.from) === service && call.from !== null,
  );
  const key = (other: string): string => (inbound ? addressesOf(other).join(",") : other);
  const peersOf = (item: Item): string => {
    const peers = item.placed.calls.map(([from, to]) => (inbound ? from : to));
    const named = new Set(peers.filter((peer): peer is string => peer !== null));
    const all = new Set(
      others.map((call) => (inbound ? call.from : call.to)).filter((name) => name !== null),
    );
    const outside = !inbound || mesh.services.get(service)?.entry !== true || peers.includes(null);
    if (outside && [...all].every((name) => named.has(name))) return "*";
    // From outside and from some services is from any address that is not one of the other services'.
    if (peers.includes(null))
      return `!${[...all]
        .filter((name) => !named.has(name))
        .map(key)
        .sort()
        .join(",")}`;
    return [...named].map(key).sort().join(",");
  };
  const callers = new Set(
    group
      .flatMap((item) => chosen(item))
      .flatMap((policy) => policy.sections.flatMap(({ body }) => body.flatMap(allowed))),
  );
  const facts = [...callers]
    .filter((name) => name !== "*")
    .sort()
    .map((name) => `@peer\t${name}\t${addressesOf(name).join(",")}`);
  const lines = group.map(({ policy, placed }) => {
    return `${policy.name}\t${direction}\t${peersOf({ policy, placed })}\t${policy.mode === "audit" ? "audit" : "enforce"}`;
  });
  return [`@self\t${service}`, ...(inbound ? facts : []), ...lines].map((line) => `${line}\n`).join("");
}

function allowed(statement: Statement): string[] {
  if (statement.kind === "if") return [...statement.then, ...statement.else].flatMap(allowed);
  return statement.kind === "allow" ? [statement.caller] : [];
}
