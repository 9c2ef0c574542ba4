import { bytesOf, bytesOfKey, join, keyOf, noBytes, textOf } from "./bytes.ts";
import { type HeaderKind, heldOnce } from "./held-once.ts";

/** A header as name and value; values may be bytes that are not UTF-8. */
export type Header = readonly [string, string | Uint8Array];

/** Names and values as bytes. */
export type BytePair = readonly [Uint8Array, Uint8Array];

/** Headers as Envoy holds them: names in lower case, several values of one name in their order, those of HTTP/2 (`:path`) first. */
export interface HeaderMap {
  readonly count: number;
  /** To show: names as text. */
  readonly pairs: readonly (readonly [string, Uint8Array])[];
  readonly bytePairs: readonly BytePair[];
  /** The bytes of all names and values. */
  readonly size: number;
  /** The first value. */
  get(name: string | Uint8Array): Uint8Array | undefined;
  /** All values in their order. */
  getAll(name: string | Uint8Array): readonly Uint8Array[];
  /** Of a header that Envoy holds in a place of its own, such as `content-type`, the values are joined. */
  add(name: Uint8Array, value: Uint8Array): void;
  /** All values go, and the new one is added behind the other headers. */
  replace(name: Uint8Array, value: Uint8Array): void;
  remove(name: Uint8Array): void;
  setAll(pairs: readonly BytePair[]): void;
}

/** In the headers of a request `host` is another word for `:authority`. */
export function createHeaderMap(headers: readonly Header[], kind: HeaderKind = "other"): HeaderMap {
  const keyOfName = (name: string | Uint8Array): string => {
    const key = lowerKey(name);
    return kind === "request" && key === "host" ? ":authority" : key;
  };
  let pairs: (readonly [string, Uint8Array])[] = [];
  const without = (key: string): typeof pairs => pairs.filter(([name]) => name !== key);
  const add = (key: string, value: Uint8Array): void => {
    const at = pairs.findIndex(([name]) => name === key);
    if (at !== -1 && heldOnce[kind].has(key)) {
      const before = pairs[at]?.[1] ?? noBytes;
      pairs[at] = [
        key,
        value.length === 0 || before.length === 0 ? join(before, value) : join(join(before, comma), value),
      ];
      return;
    }
    if (!key.startsWith(":")) {
      pairs.push([key, value]);
      return;
    }
    const end = pairs.findIndex(([name]) => !name.startsWith(":"));
    pairs.splice(end === -1 ? pairs.length : end, 0, [key, value]);
  };
  for (const [name, value] of headers) add(keyOfName(name), bytesOf(value));
  return {
    get count() {
      return pairs.length;
    },
    get pairs() {
      return pairs.map(([name, value]) => [textOf(bytesOfKey(name)), value] as const);
    },
    get bytePairs() {
      return pairs.map(([name, value]) => [bytesOfKey(name), value] as const);
    },
    get size() {
      return pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    },
    get(name) {
      const key = keyOfName(name);
      return pairs.find(([each]) => each === key)?.[1];
    },
    getAll(name) {
      const key = keyOfName(name);
      return pairs.filter(([each]) => each === key).map(([, value]) => value);
    },
    add: (name, value) => add(keyOfName(name), value),
    replace(name, value) {
      const key = keyOfName(name);
      pairs = without(key);
      add(key, value);
    },
    remove(name) {
      pairs = without(keyOfName(name));
    },
    setAll(all) {
      pairs = [];
      for (const [name, value] of all) add(keyOfName(name), value);
    },
  };
}

/** ASCII alone has a lower case here. */
function lowerKey(name: string | Uint8Array): string {
  return keyOf(bytesOf(name)).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const comma = bytesOf(",");
