import type { Bytes } from "./bytes.ts";
import type { Run } from "./run.ts";

/** The kinds of decisions that are left to chance, by their letters. */
export type Decision = "s" | "m" | "d" | "a";

const prime = 0x100000001b3n;

/**
 * Where a request stands from 0 up to 1, by its `x-request-id` (RATIONALE says how): FNV-1a over the policy's name, the letter and the id,
 * mixed as MurmurHash3 does in the end, of which as many bits as a float has. Undefined without an id: then nobody can tell.
 */
export function placeOf({ policy, travel }: Run, decision: Decision): number | undefined {
  const id = travel.headers.find(([name]) => name === "x-request-id")?.[1] ?? "";
  if (id === "") return undefined;
  const hash = mixed(fnv1a(`${policy.name}${decision}${id}`));
  return Number(hash >> 11n) / 2 ** 53;
}

function fnv1a(bytes: Bytes): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = u64((hash ^ BigInt(byte.charCodeAt(0))) * prime);
  return hash;
}

/** The finalizer of MurmurHash3 for 64 bits. */
function mixed(hash: bigint): bigint {
  let h = hash;
  h = u64((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn);
  h = u64((h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return h ^ (h >> 33n);
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
