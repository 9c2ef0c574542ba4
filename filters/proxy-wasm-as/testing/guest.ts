import { status } from "../abi/table.ts";

type Callback = (...args: number[]) => number | undefined;

/** An instance of a module: its callbacks and its memory. */
export interface Guest {
  /** While it allocates or starts, only logging is allowed. */
  readonly isRestricted: boolean;
  readonly pages: number;
  has(name: string): boolean;
  /** Undefined when the module does not export it. */
  enter(name: string, ...args: number[]): number | undefined;
  read(pointer: number, size: number): Uint8Array;
  store32(pointer: number, value: number): void;
  store64(pointer: number, value: bigint): void;
  /** Hand bytes over: in memory that the module allocates, and nothing is allocated for nothing. */
  give(value: Uint8Array, pointer: number, size: number): number;
}

/** `instantiate` gets going what `begin` then starts: until there is an instance, nothing can be entered. */
export interface StartingGuest {
  readonly guest: Guest;
  begin(module: WebAssembly.Module, imports: WebAssembly.Imports): void;
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
  const guest: Guest = {
    get isRestricted() {
      return isRestricted;
    },
    get pages() {
      return memory().byteLength / 65536;
    },
    has: (name) => typeof exports[name] === "function",
    enter,
    read: (pointer, size) => new Uint8Array(memory(), pointer >>> 0, size >>> 0).slice(),
    store32: (pointer, value) => new DataView(memory()).setUint32(pointer >>> 0, value, true),
    store64: (pointer, value) => new DataView(memory()).setBigUint64(pointer >>> 0, value, true),
    give(value, pointer, size) {
      let at = 0;
      if (value.length > 0) {
        const allocator = exports["malloc"] === undefined ? "proxy_on_memory_allocate" : "malloc";
        at = restricted(() => enter(allocator, value.length)) ?? 0;
        if (at === 0) return status.invalidMemory;
        new Uint8Array(memory()).set(value, at >>> 0);
      }
      guest.store32(pointer, at);
      guest.store32(size, value.length);
      return status.ok;
    },
  };
  return {
    guest,
    begin(module, imports) {
      exports = new WebAssembly.Instance(module, imports).exports;
      restricted(() => {
        enter("_initialize");
        enter("_start");
      });
    },
  };
}
