/** A header as name and value; values may be bytes that are not UTF-8. */
export type Header = readonly [string, string | Uint8Array];

/** Headers as Envoy holds them: names in lower case, several values of one name in their order. */
export interface HeaderMap {
  readonly pairs: readonly (readonly [string, Uint8Array])[];
  /** The bytes of all names and values. */
  readonly size: number;
  /** The first value. */
  get(name: string): Uint8Array | undefined;
  add(name: string, value: Uint8Array): void;
  /** All values go, and the new one is added behind the other headers. */
  replace(name: string, value: Uint8Array): void;
  remove(name: string): void;
  setAll(pairs: readonly (readonly [string, Uint8Array])[]): void;
}

const encoder = new TextEncoder();

/** The bytes of a text, and bytes as they are. */
export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/** The text that bytes are, with U+FFFD for what is not UTF-8. */
export function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

export function createHeaderMap(headers: readonly Header[]): HeaderMap {
  let pairs: [string, Uint8Array][] = headers.map(([name, value]) => [name.toLowerCase(), bytesOf(value)]);
  const without = (key: string): [string, Uint8Array][] => pairs.filter(([name]) => name !== key);
  return {
    get pairs() {
      return pairs;
    },
    get size() {
      return pairs.reduce((sum, [name, value]) => sum + encoder.encode(name).length + value.length, 0);
    },
    get: (name) => pairs.find(([key]) => key === name.toLowerCase())?.[1],
    add(name, value) {
      pairs.push([name.toLowerCase(), value]);
    },
    replace(name, value) {
      const key = name.toLowerCase();
      pairs = [...without(key), [key, value]];
    },
    remove(name) {
      pairs = without(name.toLowerCase());
    },
    setAll(all) {
      pairs = all.map(([name, value]) => [name.toLowerCase(), value]);
    },
  };
}
