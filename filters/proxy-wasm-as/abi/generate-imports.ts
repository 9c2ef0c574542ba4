import type { AbiFunction, ParameterType, ResultType } from "./notation.ts";

const enumTypes: ReadonlySet<string> = new Set([
  "LogLevel",
  "BufferType",
  "MapType",
  "StreamType",
  "MetricType",
  "Peer",
  "Flow",
  "Status",
]);

/** AssemblyScript that declares host functions. asc takes the import module from the name of the file. */
export function generateImports(functions: Readonly<Record<string, AbiFunction>>, module: string): string {
  const used = new Set<string>();
  const declarations = Object.entries(functions).map(([name, { doc, takes, gives }]) => {
    const parameters = takes.flatMap(([parameter, type]) => declare(parameter, type));
    for (const type of [...parameters.map(([, given]) => given), result(gives)]) {
      if (enumTypes.has(type)) used.add(type);
    }
    const list = parameters.map(([parameter, type]) => `${parameter}: ${type}`).join(", ");
    return `/** ${doc} */\nexport declare function ${name}(${list}): ${result(gives)};\n`;
  });
  const enums = used.size === 0 ? "" : `import { ${[...used].toSorted().join(", ")} } from "./enums";\n`;
  return `// Written by \`npm run gen:abi\` from abi/table.ts: the host functions of the module \`${module}\` as they are.
${enums}
${declarations.join("\n")}`;
}

function declare(name: string, type: ParameterType): readonly (readonly [string, string])[] {
  if (type === "bytes" || type === "pairs") {
    return [
      [`${name}Data`, "usize"],
      [`${name}Size`, "usize"],
    ];
  }
  const out = `return${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (type === "out bytes" || type === "out pairs") {
    return [
      [`${out}Data`, "usize"],
      [`${out}Size`, "usize"],
    ];
  }
  if (type.startsWith("out ")) return [[out, "usize"]];
  if (type === "size" || type === "pointer") return [[name, "usize"]];
  return [[name === "arguments" ? "argument" : name, enumTypes.has(type) || isNumber(type) ? type : "u32"]];
}

function isNumber(type: ParameterType): boolean {
  return type === "u32" || type === "i32" || type === "u64" || type === "i64" || type === "bool";
}

function result(type: ResultType): string {
  if (type === "none") return "void";
  return enumTypes.has(type) ? type : "u32";
}
