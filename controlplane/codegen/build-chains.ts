import { createHash } from "node:crypto";
import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import { buildModule } from "./build-module.ts";
import { type ChainCache, createChainCache } from "./chain-cache.ts";
import { configuration } from "./configuration.ts";
import type { Item } from "./failure-class.ts";
import { type Commutes, group } from "./group.ts";
import type { Chain, Module, Slot } from "./module.ts";

export { type ChainCache, createChainCache } from "./chain-cache.ts";

/** `addressesOf` gives all the addresses that a service, or its proxy, sends from; `commutes` is the analysis'. */
export interface BuildOptions {
  readonly addressesOf: (service: string) => readonly string[];
  readonly commutes: Commutes;
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

const labelLengthMax = 100;

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
      const grouped = group(items, options.commutes);
      diagnostics.push(...grouped.diagnostics);
      const slots: Slot[] = [];
      const taken = new Set<string>();
      const vmId = `wire/${proxy.service}/${direction}`;
      for (const together of grouped.groups) {
        const [first] = together;
        if (first === undefined) continue;
        const stem = `${vmId}/${label(together.map((item) => item.policy.name))}`;
        let name = stem;
        for (let n = 2; taken.has(name); n++) name = `${stem}/${n}`;
        taken.add(name);
        const text = configuration(together, {
          service: proxy.service,
          direction,
          mesh,
          addressesOf: options.addressesOf,
        });
        const built = await buildModule(first, together, text, cache);
        sources.set(name, built.source);
        diagnostics.push(...built.diagnostics);
        if (built.module === undefined) continue;
        const module = modules.get(built.module.sha256) ?? built.module;
        modules.set(module.sha256, module);
        slots.push({ name, vmId, module, configuration: text });
      }
      if (slots.length > 0) chains.push({ service: proxy.service, direction, slots });
    }
  }
  return { chains, modules: [...modules.values()], sources, diagnostics: unique(diagnostics) };
}

/** Names a set of policies: all of them as long as that is readable, else the first and a hash of the rest. */
function label(policies: readonly string[]): string {
  const whole = policies.join("+");
  const [first = "", ...rest] = policies;
  if (whole.length <= labelLengthMax) return whole;
  return `${first}+${rest.length}-${createHash("sha256").update(rest.join("+")).digest("hex").slice(0, 8)}`;
}

/** One mistake shows on every proxy that the policy is on; it is said once. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const key = ({ code, message, source, span }: Diagnostic): string =>
    [code, message, source.path, span.start, span.end].join("\0");
  return [...new Map(diagnostics.map((diagnostic) => [key(diagnostic), diagnostic])).values()];
}
