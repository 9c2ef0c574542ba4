const encoder = new TextEncoder();

/** The texts that a module has in its data segment, each once. */
export interface Literals {
  /** The name of the function that gives this text. */
  text(value: string): string;
  /** The name of the constant that points at these bytes; `about` is said beside them. */
  table(bytes: Uint8Array, about: string): string;
  /** The declarations of all that was asked for, in that order. */
  declarations(): string;
}

export function createLiterals(): Literals {
  const names = new Map<string, string>();
  const lines: string[] = [];
  return {
    text(value) {
      const known = names.get(value);
      if (known !== undefined) return known;
      const stem = value
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "_")
        .slice(0, 24);
      const name = `L${names.size}_${stem}`.replace(/_$/, "");
      names.set(value, name);
      lines.push(constant(name, value));
      return name;
    },
    table(bytes, about) {
      const key = `\0${about}`;
      const known = names.get(key);
      if (known !== undefined) return known;
      const name = `T${names.size}`;
      names.set(key, name);
      lines.push(`// ${plain(about)}\nconst ${name}: usize = memory.data<u8>([${[...bytes].join(", ")}]);`);
      return name;
    },
    declarations: () => lines.join("\n"),
  };
}

/** A text as bytes in the data segment; the inlined function gives pointer and length. */
export function constant(name: string, value: string): string {
  const encoded = encoder.encode(value);
  const data = encoded.length === 0 ? "0" : `memory.data<u8>([${[...encoded].join(", ")}])`;
  return `// ${plain(JSON.stringify(value))}
@inline function ${name}(): u64 { return bytes(${data}, ${encoded.length}); }`;
}

/** What stands in a comment has to stay in it, whatever its reader takes for the end of a line. */
export function plain(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
