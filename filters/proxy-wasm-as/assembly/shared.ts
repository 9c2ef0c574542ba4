import { narrow, widen } from "./byte-string";
import { Bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { cell } from "./cell";
import { Status } from "./enums";
import { proxy_get_shared_data, proxy_set_shared_data } from "./env";
import { audits } from "./guard";

/** What stands under a key, and its version, which is another one after each change: what `proxy_get_shared_data` gives. */
export class SharedValue {
  /** A byte string. */
  readonly value: string;
  /** To be given to `shared.set`, so that it sets nothing when somebody else was first. */
  readonly version: u32;

  constructor(value: string, version: u32) {
    this.value = value;
    this.version = version;
  }
}

/**
 * Data that all workers share, and all VMs of one `vm_id`. Keys and values are byte strings. A key stays for good, whatever is under it: have no more of them than
 * you can name, as by a hash, and not one for each client or each second. A policy in audit mode has data of its own.
 */
export namespace shared {
  /** A version that no value has: with it, `set` makes a value only where there is none. */
  export const NEW: u32 = u32.MAX_VALUE;

  /** What stands under a key; null when nothing does, which an empty value is not. `proxy_get_shared_data`. */
  export function get(key: string): SharedValue | null {
    const name = ownKey(key);
    if (name == MISSING) return null;
    const status = proxy_get_shared_data(pointerOf(name), lengthOf(name), cell + 4, cell, cell + 8);
    return status != Status.Ok ? null : new SharedValue(widen(load<u64>(cell)), load<u32>(cell, 8));
  }

  /** Set a value: of version 0 whatever is there, else only what has this version; `CasMismatch` says that it has another. `proxy_set_shared_data`. */
  export function set(key: string, value: string, version: u32 = 0): Status {
    const name = ownKey(key);
    const content = narrow(value);
    if (name == MISSING || content == MISSING) return Status.BadArgument;
    return proxy_set_shared_data(
      pointerOf(name),
      lengthOf(name),
      pointerOf(content),
      lengthOf(content),
      version,
    );
  }

  /**
   * Change a value, as often as it takes until nobody else was first: `change` gets what is there, null for nothing, and gives what is to be
   * there. It is a function without a closure. After 1,000 times it is given up: `CasMismatch`. `proxy_get_shared_data`, `proxy_set_shared_data`.
   */
  export function update(key: string, change: (value: string | null) => string): Status {
    let status = Status.CasMismatch;
    for (let tries = 0; tries < 1000 && status == Status.CasMismatch; tries++) {
      const found = get(key);
      if (found === null) status = set(key, change(null), NEW);
      else status = set(key, change(found.value), found.version);
    }
    return status;
  }
}

/** What is tried out takes nothing from what is in force, and is judged by what it would have come to. */
function ownKey(key: string): Bytes {
  return narrow(audits() ? "audit/" + key : key);
}
