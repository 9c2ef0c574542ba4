import type { Signature, ValueType } from "../../filters/proxy-wasm-as/abi/table.ts";

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
}

const valueTypes: Readonly<Record<number, ValueType>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64" };

/** Read the type, import, function, export and start sections of a module that is known to parse. */
export function readSections(bytes: Uint8Array): Sections {
  const text = new TextDecoder();
  let at = 8;
  const number = (): number => {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      result |= (byte & 127) << shift;
      if (byte < 128) return result >>> 0;
    }
  };
  const list = <T>(read: () => T): T[] => Array.from({ length: number() }, read);
  const name = (): string => {
    const size = number();
    at += size;
    return text.decode(bytes.subarray(at - size, at));
  };
  const valueType = (): ValueType => valueTypes[bytes[at++] ?? 0] ?? "i32";
  const limits = (): void => {
    const flags = bytes[at++] ?? 0;
    number();
    if ((flags & 1) !== 0) number();
  };
  let types: Signature[] = [];
  const functions: (Signature | undefined)[] = [];
  let imports: { module: string; name: string; signature?: Signature }[] = [];
  let exported: { name: string; kind: number; index: number }[] = [];
  let hasStart = false;
  while (at < bytes.length) {
    const id = bytes[at++];
    const end = number() + at;
    if (id === 1) {
      types = list(() => {
        at++;
        return { parameters: list(valueType), results: list(valueType) };
      });
    } else if (id === 2) {
      imports = list(() => {
        const item = { module: name(), name: name() };
        const kind = bytes[at++];
        if (kind === 0) {
          const signature = types[number()];
          functions.push(signature);
          return signature === undefined ? item : { ...item, signature };
        }
        if (kind === 3) at += 2;
        else {
          if (kind === 1) at++;
          limits();
        }
        return item;
      });
    } else if (id === 3) functions.push(...list(() => types[number()]));
    else if (id === 7) exported = list(() => ({ name: name(), kind: bytes[at++] ?? 0, index: number() }));
    else if (id === 8) hasStart = true;
    at = end;
  }
  const exports = exported.map(({ name, kind, index }) => {
    const signature = kind === 0 ? functions[index] : undefined;
    return signature === undefined ? { name, kind } : { name, kind, signature };
  });
  return { imports, exports, hasStart };
}
