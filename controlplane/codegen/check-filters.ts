import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import { compileFilter } from "./build-module.ts";
import { type ChainCache, createChainCache } from "./chain-cache.ts";

/** What the compiler says of filter code, without a placement: its types, and what the module asks of a proxy. */
export async function checkFilters(
  policies: readonly Policy[],
  cache: ChainCache = createChainCache(),
): Promise<readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  for (const policy of policies)
    if (policy.kind === "filter") diagnostics.push(...(await compileFilter(policy, cache)).diagnostics);
  return diagnostics;
}
