import { Bytes, bytes, header, lengthOf, MISSING, pointerOf } from "./bytes";
import { policyName } from "./policy";

// "x-request-id"
function REQUEST_ID(): Bytes { return bytes(memory.data<u8>([120, 45, 114, 101, 113, 117, 101, 115, 116, 45, 105, 100]), 12); }

/** What is decided: of the same request each gets a number of its own. */
export const SPLIT: u8 = 115;
export const MIRROR: u8 = 109;
export const DELAY: u8 = 100;
export const ABORT: u8 = 97;

let requests: u64 = 0;

/** Whether it is this request's turn, which comes at so many of a hundred. */
export function chance(percent: f64, decision: u8): bool {
  if (percent >= 100) return true;
  return percent > 0 && share(decision) * 100 < percent;
}

/**
 * A number from 0 up to 1, the same for all requests with one `x-request-id`: FNV-1a of the policy's name, the letter of the decision and
 * the id, its bits mixed. Without an id, of how many came without one to this worker before.
 */
export function share(decision: u8): f64 {
  let hash = add(0xcbf29ce484222325, policyName());
  hash = (hash ^ decision) * PRIME;
  const id = header(REQUEST_ID());
  hash = id == MISSING || lengthOf(id) == 0 ? hash + ++requests * 0x9e3779b97f4a7c15 : add(hash, id);
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return <f64>(hash >> 11) / 9007199254740992;
}

const PRIME: u64 = 0x100000001b3;

function add(hash: u64, text: Bytes): u64 {
  const end = pointerOf(text) + lengthOf(text);
  for (let at = pointerOf(text); at < end; at++) hash = (hash ^ load<u8>(at)) * PRIME;
  return hash;
}
