import { narrow, widen } from "./byte-string";
import { bytes, lengthOf, MISSING, pointerOf, same } from "./bytes";
import { cell } from "./cell";
import { allocate } from "./memory";
import { environ_get, environ_sizes_get } from "./wasi_snapshot_preview1";

/** The variables of the VM's environment: those that the plugin's `environment_variables` name or say. They cannot be read while the module starts. */
export namespace environment {
  /** The value of one, a byte string; null when there is none of this name. All of them are read each time: keep what `onVmStart` or `onConfigure` reads. `environ_sizes_get`, `environ_get`. */
  export function get(name: string): string | null {
    const key = narrow(name);
    if (key == MISSING || environ_sizes_get(cell, cell + 4) != 0) return null;
    const count = load<u32>(cell);
    const pointers = allocate(<usize>count << 2);
    const end = <usize>load<u32>(cell, 4);
    const texts = allocate(end);
    if (environ_get(pointers, texts) != 0) return null;
    // Each is `NAME=VALUE` with a zero behind it.
    for (let at = texts; at < texts + end; at++) {
      const start = at;
      while (load<u8>(at) != 0 && load<u8>(at) != 61) at++;
      const value = at + 1;
      const isSought = at - start == lengthOf(key) && same(start, pointerOf(key), lengthOf(key));
      while (load<u8>(at) != 0) at++;
      if (isSought && value <= at) return widen(bytes(value, at - value));
    }
    return null;
  }
}
