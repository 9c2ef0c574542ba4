import { cell } from "./cell";
import { random_get } from "./wasi_snapshot_preview1";

/** A random number from 0 up to 1, as `Math.random` gives. It cannot be asked for while the module starts. `random_get`. */
export function random(): f64 {
  store<u64>(cell, 0);
  random_get(cell, 8);
  return <f64>(load<u64>(cell) >> 11) / 9007199254740992.0;
}

/** So many random bytes, fit for secrets as far as the host's are. `random_get`. */
export function randomBytes(size: i32): Uint8Array {
  const found = new Uint8Array(size);
  random_get(found.dataStart, size);
  return found;
}
