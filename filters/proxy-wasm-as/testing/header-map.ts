/** A header as name and value; values may be bytes that are not UTF-8. */
export type Header = readonly [string, string | Uint8Array];

/**
 * Headers as Envoy holds them: names in lower case, several values of one name in their order. In those of a request `host` is another
 * word for `:authority`, of which there is one: a value that is added is joined to it.
 */
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

/** `of` says what they are the headers of. */
export function createHeaderMap(headers: readonly Header[], of: "request" | "other" = "other"): HeaderMap {
  const keyOf = (name: string): string =>
    of === "request" && name.toLowerCase() === "host" ? ":authority" : name.toLowerCase();
  let pairs: [string, Uint8Array][] = [];
  const add = (name: string, value: Uint8Array): void => {
    const key = keyOf(name);
    const first = of === "request" && key === ":authority" ? pairs.find(([each]) => each === key) : undefined;
    if (first === undefined) pairs.push([key, value]);
    else first[1] = Uint8Array.from([...first[1], ...bytesOf(","), ...value]);
  };
  for (const [name, value] of headers) add(name, bytesOf(value));
  const without = (key: string): [string, Uint8Array][] => pairs.filter(([name]) => name !== key);
  return {
    get pairs() {
      return pairs;
    },
    get size() {
      return pairs.reduce((sum, [name, value]) => sum + encoder.encode(name).length + value.length, 0);
    },
    get: (name) => pairs.find(([key]) => key === keyOf(name))?.[1],
    add,
    replace(name, value) {
      const key = keyOf(name);
      pairs = [...without(key), [key, value]];
    },
    remove(name) {
      pairs = without(keyOf(name));
    },
    setAll(all) {
      pairs = [];
      for (const [name, value] of all) add(name, value);
    },
  };
}
