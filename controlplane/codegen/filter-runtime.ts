import { readFilterModule } from "../../filters/proxy-wasm-as/build/read-filter-module.ts";
import type { FilterPolicy } from "../language/policy.ts";

/**
 * The runtime for an author's filter code: the arena, which is smaller and faster, unless it keeps what a callback made. The texts of parameters
 * are made anew for each callback, before any code of the author's sees them.
 */
export function filterRuntime(policy: Pick<FilterPolicy, "source" | "parameters">): "arena" | "minimal" {
  const { keptObjects, sdk } = readFilterModule(policy.source.text);
  const others =
    policy.parameters.length === 0 ? keptObjects : keptObjects.filter((name) => name !== "params");
  return others.length > 0 || sdk.has("PerPlugin") ? "minimal" : "arena";
}
