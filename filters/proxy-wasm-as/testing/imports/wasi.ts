import type { WasiFunctions } from "../../abi/table.ts";
import { bytesOf, join, noBytes, textOf } from "../bytes.ts";
import type { Vm } from "../vm.ts";

const SUCCESS = 0;
const BAD_FILE = 8;
const INVALID = 28;
const NOT_SUPPORTED = 58;
/** So many random bytes Envoy gives at a time. */
const RANDOM_MAX = 65_536;

/** What Envoy offers of WASI. */
export function wasiImports(vm: Vm): WasiFunctions {
  const { guest, parts } = vm;
  const environment = Object.entries(parts.environment).map(([name, value]) => bytesOf(`${name}=${value}\0`));
  const number = (pointer: number): number => new DataView(guest.read(pointer, 4).buffer).getUint32(0, true);
  return {
    fd_write(file, buffers, count, written) {
      if (file !== 1 && file !== 2) return BAD_FILE;
      let bytes: Uint8Array = noBytes;
      for (let at = buffers; at < buffers + count * 8; at += 8)
        bytes = join(bytes, guest.read(number(at), number(at + 4)));
      const [level, message] = [file === 1 ? 2 : 4, textOf(bytes).replace(/\n$/, "")];
      if (bytes.length > 0 && level >= parts.logLevel) vm.log({ level, message });
      guest.store32(written, bytes.length);
      return SUCCESS;
    },
    clock_time_get(clock, _precision, time) {
      if (clock > 1) return NOT_SUPPORTED;
      guest.store64(time, parts.proxy.loop.now);
      return SUCCESS;
    },
    random_get(data, size) {
      if (size > RANDOM_MAX) return INVALID;
      guest.write(data, parts.random(size));
      return SUCCESS;
    },
    environ_sizes_get(count, size) {
      guest.store32(count, environment.length);
      guest.store32(
        size,
        environment.reduce((sum, { length }) => sum + length, 0),
      );
      return SUCCESS;
    },
    environ_get(pointers, texts) {
      let at = texts;
      for (const [index, each] of environment.entries()) {
        guest.store32(pointers + index * 4, at);
        guest.write(at, each);
        at += each.length;
      }
      return SUCCESS;
    },
    args_sizes_get(count, size) {
      guest.store32(count, 0);
      guest.store32(size, 0);
      return SUCCESS;
    },
    args_get: () => SUCCESS,
    proc_exit() {
      throw new Error("proc_exit");
    },
  };
}
