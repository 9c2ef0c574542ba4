import { status } from "../abi/table.ts";
import type { CompiledModule } from "./compiled-module.ts";

type Callback = (...args: number[]) => number | undefined;

/** A pointer of the module's that leads out of its memory; the host function answers `InvalidMemoryAccess`. */
export class OutOfBounds extends Error {}

/** An instance of a module: its callbacks and its memory. */
export interface Guest {
  /** While it allocates or starts, only logging is allowed. */
  readonly isRestricted: boolean;
  readonly pages: number;
  has(name: string): boolean;
  /** Undefined when the module does not export it. */
  enter(name: string, ...args: number[]): number | undefined;
  read(pointer: number, size: number): Uint8Array;
  write(pointer: number, value: Uint8Array): void;
  store32(pointer: number, value: number): void;
  store64(pointer: number, value: bigint): void;
  /** Hand bytes over: in memory that the module allocates, and nothing is allocated for nothing. */
  give(value: Uint8Array, pointer: number, size: number): number;
  /** Memory that the module allocates, with some bytes in it; 0 when it gives none. */
  allocate(value: Uint8Array): number;
}

/** `instantiate` gets going what `begin` then starts: until there is an instance, nothing can be entered. */
export interface StartingGuest {
  readonly guest: Guest;
  begin(module: CompiledModule, imports: Readonly<Record<string, object>>): void;
}

export function createGuest(): StartingGuest {
  let exports: WebAssembly.Exports = {};
  let isRestricted = false;
  const memory = (): ArrayBuffer => {
    const found = exports["memory"];
    return found instanceof WebAssembly.Memory ? found.buffer : new ArrayBuffer(0);
  };
  const enter = (name: string, ...args: number[]): number | undefined => {
    const callback = exports[name];
    return typeof callback === "function" ? (callback as Callback)(...args) : undefined;
  };
  const restricted = <T>(run: () => T): T => {
    const before = isRestricted;
    isRestricted = true;
    try {
      return run();
    } finally {
      isRestricted = before;
    }
  };
  const view = (pointer: number, size: number): Uint8Array => {
    const [at, length] = [pointer >>> 0, size >>> 0];
    const bytes = memory();
    if (at + length > bytes.byteLength) throw new OutOfBounds();
    return new Uint8Array(bytes, at, length);
  };
  const at = (pointer: number, size: number): DataView => {
    const { buffer, byteOffset } = view(pointer, size);
    return new DataView(buffer, byteOffset, size);
  };
  const guest: Guest = {
    get isRestricted() {
      return isRestricted;
    },
    get pages() {
      return memory().byteLength / 65536;
    },
    has: (name) => typeof exports[name] === "function",
    enter,
    read: (pointer, size) => view(pointer, size).slice(),
    write: (pointer, value) => view(pointer, value.length).set(value),
    store32: (pointer, value) => at(pointer, 4).setUint32(0, value, true),
    store64: (pointer, value) => at(pointer, 8).setBigUint64(0, BigInt.asUintN(64, value), true),
    give(value, pointer, size) {
      let found = 0;
      if (value.length > 0) {
        found = guest.allocate(value);
        if (found === 0) return status.invalidMemory;
      }
      guest.store32(pointer, found);
      guest.store32(size, value.length);
      return status.ok;
    },
    allocate(value) {
      const allocator = exports["malloc"] === undefined ? "proxy_on_memory_allocate" : "malloc";
      const found = restricted(() => enter(allocator, value.length)) ?? 0;
      if (found !== 0) guest.write(found, value);
      return found;
    },
  };
  return {
    guest,
    begin(module, imports) {
      const { Instance } = WebAssembly;
      exports = new Instance(module as WebAssembly.Module, imports as WebAssembly.Imports).exports;
      if (!Object.keys(exports).some((name) => /^proxy_abi_version_0_2_[01]$/.test(name)))
        throw new Error("missing or unknown Proxy-Wasm ABI version");
      if (exports["malloc"] === undefined && exports["proxy_on_memory_allocate"] === undefined)
        throw new Error("the module exports no allocator");
      restricted(() => {
        if (guest.has("_initialize")) {
          enter("_initialize");
          enter("main", 0, 0);
        } else enter("_start");
      });
    },
  };
}
