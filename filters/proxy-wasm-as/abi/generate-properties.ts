import { type PropertyType, pathOf, properties } from "./properties.ts";

const types: Readonly<Record<PropertyType, string>> = {
  string: "string | null",
  int: "i64",
  bool: "bool",
  nanoseconds: "i64",
  map: "Pairs",
};
const reads: Readonly<Record<PropertyType, string>> = {
  string: "widenOrNull",
  int: "toInt",
  bool: "toBool",
  nanoseconds: "toInt",
  map: "toPairs",
};
const missing: Readonly<Record<PropertyType, string>> = {
  string: "null where there is none",
  int: "-1 where there is none",
  bool: "false where it is not known",
  nanoseconds: "in nanoseconds; -1 where there is none",
  map: "empty where there are none",
};

/** AssemblyScript with a getter for each property that Envoy has, of its type. */
export function generateProperties(): string {
  const groups = Object.entries(properties).map(([group, members]) => {
    const getters = Object.entries(members).map(([name, [type, doc]]) => {
      const path = pathOf(group, name);
      const bytes = [...new TextEncoder().encode(path)];
      return `    /** ${doc.replace(/\.$/, "")}; ${missing[type]}. \`${path.replaceAll("\0", ".")}\`, by \`proxy_get_property\`. */
    static get ${camel(name)}(): ${types[type]} {
      return ${reads[type]}(property(bytes(memory.data<u8>([${bytes.join(", ")}]), ${bytes.length})));
    }
`;
    });
    return `  /** The properties of Envoy that begin with \`${begins(group)}\`, of their types. */\n  export class ${group} {\n${getters.join("\n")}  }\n`;
  });
  return `// Written by \`npm run gen:abi\` from abi/properties.ts.
import { widenOrNull } from "./byte-string";
import { bytes, property } from "./bytes";
import { Status } from "./enums";
import { Pairs, toPairs } from "./pair-list";
import { readBool, readFloat, readInt, readPairs, readString, setString, toBool, toInt } from "./property";

/** What the host knows of the stream at hand, of the plugin and of itself. \`proxy_get_property\`. */
export namespace properties {
  /**
   * Any property, a byte string; null where there is none. \`path\` is written as in Envoy's documentation: with points between its parts, and a
   * part that has points itself in brackets, as in \`metadata.filter_metadata['envoy.filters.http.jwt_authn'].user\`. \`proxy_get_property\`.
   */
  export function get(path: string): string | null {
    return readString(path);
  }

  /** A whole number of 64 bits, as attributes have; \`missing\` where there is none, and where it is none. \`proxy_get_property\`. */
  export function getInt(path: string, missing: i64 = -1): i64 {
    return readInt(path, missing);
  }

  /** A number as JSON and metadata have; \`missing\` where there is none, and where it is none. \`proxy_get_property\`. */
  export function getFloat(path: string, missing: f64 = NaN): f64 {
    return readFloat(path, missing);
  }

  /** A yes or no; \`missing\` where there is none, and where it is none. \`proxy_get_property\`. */
  export function getBool(path: string, missing: bool = false): bool {
    return readBool(path, missing);
  }

  /**
   * The names and values of a map, in no order, as \`metadata.filter_metadata['com.acme']\` is; of a list its items, each with an empty value; null where there is
   * none, and where it is neither. A value that is no text is as the host writes it: read it by its own path, with \`getFloat\`, \`getBool\` or \`getPairs\`. \`proxy_get_property\`.
   */
  export function getPairs(path: string): Pairs | null {
    return readPairs(path);
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

/** What the paths of a group begin with. */
function begins(group: string): string {
  return pathOf(group, "").replaceAll("\0", ".");
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
