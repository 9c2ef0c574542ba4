import { enums } from "./enums.ts";

/** What filters have of the enumerations: those of WASI nobody meets. */
const names = [
  "Status",
  "LogLevel",
  "BufferType",
  "MapType",
  "StreamType",
  "MetricType",
  "Peer",
  "Flow",
] as const;

/** AssemblyScript with the enumerations. */
export function generateEnums(): string {
  const declarations = names.map((name) => {
    const { doc, members } = enums[name];
    const lines = Object.entries(members).map(
      ([member, [value, about]]) => `  /** ${about} */\n  ${member} = ${value},\n`,
    );
    return `/** ${doc} */\nexport enum ${name} {\n${lines.join("")}}\n`;
  });
  return `// Written by \`npm run gen:abi\` from abi/enums.ts.\n\n${declarations.join("\n")}`;
}
