import type { Signature, ValueType } from "../abi/table.ts";

/** What a module asks for and offers, read from its bytes. */
export interface Sections {
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly signature?: Signature;
  }[];
  readonly exports: readonly {
    readonly name: string;
    readonly kind: number;
    readonly signature?: Signature;
  }[];
  readonly hasStart: boolean;
  /** In pages of 64 KiB; without `max` it may grow as far as the host lets it. */
  readonly memories: readonly { readonly min: number; readonly max?: number }[];
}

/** What a module holds that this reader, and with it the check, does not understand. */
export interface Unreadable {
  readonly unreadable: string;
}

const valueTypes: ReadonlyMap<number, ValueType> = new Map([
  [127, "i32"],
  [126, "i64"],
  [125, "f32"],
  [124, "f64"],
]);

/**
 * Read the type, import, function, memory, export and start sections of a module that the engine takes. The engine takes more than the
 * first version of WebAssembly, which is all that the toolkit makes: the rest is not guessed at.
 */
export function readSections(bytes: Uint8Array): Sections | Unreadable {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof UnreadableError) return { unreadable: error.message };
    throw error;
  }
}

class UnreadableError extends Error {}

function read(bytes: Uint8Array): Sections {
  const text = new TextDecoder();
  let at = 8;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new UnreadableError("a section that ends too early");
    return value;
  };
  const number = (): number => {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = byte();
      result |= (next & 127) << shift;
      if (next < 128) return result >>> 0;
    }
    throw new UnreadableError("a number of more than 32 bits");
  };
  const list = <T>(item: () => T): T[] => {
    const items: T[] = [];
    for (let left = number(); left > 0; left--) items.push(item());
    return items;
  };
  const name = (): string => {
    const size = number();
    at += size;
    return text.decode(bytes.subarray(at - size, at));
  };
  const valueType = (): ValueType => {
    const code = byte();
    const type = valueTypes.get(code);
    if (type === undefined) throw new UnreadableError(`the value type ${hex(code)}`);
    return type;
  };
  const limits = (): { min: number; max?: number } => {
    const flags = byte();
    if (flags > 1) throw new UnreadableError("a memory or table that is shared or has 64-bit addresses");
    const min = number();
    return flags === 1 ? { min, max: number() } : { min };
  };
  const functionType = (): Signature => {
    const form = byte();
    if (form !== 0x60) throw new UnreadableError(`a type of the form ${hex(form)}`);
    return { parameters: list(valueType), results: list(valueType) };
  };
  let types: Signature[] = [];
  const functions: (Signature | undefined)[] = [];
  let imports: { module: string; name: string; signature?: Signature }[] = [];
  let exported: { name: string; kind: number; index: number }[] = [];
  let memories: { min: number; max?: number }[] = [];
  let hasStart = false;
  while (at < bytes.length) {
    const id = byte();
    const end = number() + at;
    if (id === 1) types = list(functionType);
    else if (id === 2) {
      imports = list(() => {
        const item = { module: name(), name: name() };
        const kind = byte();
        if (kind === 0) {
          const signature = types[number()];
          functions.push(signature);
          return signature === undefined ? item : { ...item, signature };
        }
        if (kind === 3) {
          valueType();
          byte();
        } else {
          if (kind !== 1 && kind !== 2) throw new UnreadableError(`an import of the kind ${kind}`);
          if (kind === 1) byte();
          limits();
        }
        return item;
      });
    } else if (id === 3) functions.push(...list(() => types[number()]));
    else if (id === 5) memories = list(limits);
    else if (id === 7) exported = list(() => ({ name: name(), kind: byte(), index: number() }));
    else if (id === 8) hasStart = true;
    else if (id > 12) throw new UnreadableError(`a section of the kind ${id}`);
    at = end;
  }
  const exports = exported.map(({ name, kind, index }) => {
    const signature = kind === 0 ? functions[index] : undefined;
    return signature === undefined ? { name, kind } : { name, kind, signature };
  });
  return { imports, exports, hasStart, memories };
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}
