import type { Assembled } from "../../filters/proxy-wasm-as/build/assemble.ts";
import type { Smoked } from "../../filters/proxy-wasm-as/build/smoke.ts";
import type { Module } from "./module.ts";

/** What is known of sources and modules already; kept by the caller from one build to the next. */
export interface ChainCache {
  /** By source text. */
  readonly assembled: Memo<Promise<Assembled>>;
  /** Why a module is refused, by its hash. */
  readonly verified: Memo<readonly string[]>;
  /** How a module runs, by its hash and its configuration. */
  readonly tried: Memo<Promise<Smoked>>;
  /** By hash. */
  readonly interfaces: Memo<Pick<Module, "imports" | "exports">>;
}

/** An empty cache, for the caller to keep. */
export function createChainCache(): ChainCache {
  return { assembled: memo(), verified: memo(), tried: memo(), interfaces: memo() };
}

interface Memo<Value> {
  /** What is known, or what `make` gives, which is kept. */
  get(key: string, make: () => Value): Value;
  delete(key: string): void;
}

/** Keeps what was asked for last: an editor's session tries many versions of a policy and comes back to few. */
function memo<Value>(max = 512): Memo<Value> {
  const known = new Map<string, Value>();
  return {
    get(key, make) {
      const value = known.get(key) ?? make();
      known.delete(key);
      known.set(key, value);
      for (const oldest of known.keys()) {
        if (known.size <= max) break;
        known.delete(oldest);
      }
      return value;
    },
    delete(key) {
      known.delete(key);
    },
  };
}
