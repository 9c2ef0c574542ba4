import { status } from "../abi/table.ts";

/** What the VMs of one id have in common, workers and successors alike: values under keys, each with a number for compare-and-swap. */
export interface SharedData {
  /** The keys in use, and their values; for tests to look at. */
  readonly entries: ReadonlyMap<string, Uint8Array>;
  get(key: string): { readonly value: Uint8Array; readonly cas: number } | undefined;
  /**
   * As Envoy does it: a `cas` of 0 overwrites whatever is there, another one only the value that was read with it, and a key that is not
   * there is made whatever the `cas`. So one that was never given out makes a key or fails, which two workers cannot both do.
   */
  set(key: string, value: Uint8Array, cas: number): number;
}

export function createSharedData(): SharedData {
  const entries = new Map<string, Uint8Array>();
  const numbers = new Map<string, number>();
  let next = 1;
  return {
    entries,
    get(key) {
      const value = entries.get(key);
      return value === undefined ? undefined : { value, cas: numbers.get(key) ?? 0 };
    },
    set(key, value, cas) {
      if (entries.has(key) && cas !== 0 && cas !== numbers.get(key)) return status.casMismatch;
      entries.set(key, value);
      numbers.set(key, next++);
      return status.ok;
    },
  };
}
