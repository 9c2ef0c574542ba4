import { type PropertyType, pathOf, properties } from "./properties.ts";

const types: Readonly<Record<PropertyType, string>> = {
  string: "string | null",
  int: "i64",
  bool: "bool",
  nanoseconds: "i64",
};
const reads: Readonly<Record<PropertyType, string>> = {
  string: "widenOrNull",
  int: "toInt",
  bool: "toBool",
  nanoseconds: "toInt",
};
const missing: Readonly<Record<PropertyType, string>> = {
  string: "null where there is none",
  int: "-1 where there is none",
  bool: "false where it is not known",
  nanoseconds: "in nanoseconds; -1 where there is none",
};

/** AssemblyScript with a getter for each property that Envoy has, of its type. */
export function generateProperties(): string {
  const groups = Object.entries(properties).map(([group, members]) => {
    const getters = Object.entries(members).map(([name, [type, doc]]) => {
      const path = pathOf(group, name);
      const bytes = [...new TextEncoder().encode(path)];
      return `    /** ${doc.replace(/\.$/, "")}; ${missing[type]}. \`${path.replace("\0", ".")}\`. */
    static get ${camel(name)}(): ${types[type]} {
      return ${reads[type]}(property(bytes(memory.data<u8>([${bytes.join(", ")}]), ${bytes.length})));
    }
`;
    });
    return `  export class ${group} {\n${getters.join("\n")}  }\n`;
  });
  return `// Written by \`npm run gen:abi\` from abi/properties.ts.
import { widenOrNull } from "./byte-string";
import { bytes, property } from "./bytes";
import { Status } from "./enums";
import { readBool, readInt, readString, setString, toBool, toInt } from "./property";

/** What the host knows of the stream at hand, of the plugin and of itself. \`proxy_get_property\`. */
export namespace properties {
  /**
   * Any property, a byte string; null where there is none. \`path\` is written as in Envoy's documentation: with points between its parts, and a
   * part that has points itself in brackets, as in \`metadata.filter_metadata['envoy.filters.http.jwt_authn'].user\`.
   */
  export function get(path: string): string | null {
    return readString(path);
  }

  /** A whole number of 64 bits; \`missing\` where there is none, and where it is none. */
  export function getInt(path: string, missing: i64 = -1): i64 {
    return readInt(path, missing);
  }

  /** A yes or no; \`missing\` where there is none, and where it is none. */
  export function getBool(path: string, missing: bool = false): bool {
    return readBool(path, missing);
  }

${groups.join("\n")}}
${setter}`;
}

const setter = `
/**
 * Write the stream's filter state, which access logs and other filters can read: Envoy puts \`wasm.\` before the name, in which points are points.
 * \`properties.get\` reads it without \`wasm.\`, in brackets where it has points: \`['team.tier']\`. \`proxy_set_property\`.
 */
export function setProperty(name: string, value: string): Status {
  return setString(name, value);
}
`;

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
