import { filterCallbacks } from "./filter-callbacks.ts";
import type { ExportedFunction } from "./read-filter-module.ts";

/** What a filter is called for, and what it uses of the SDK; from its syntax tree. */
export interface FilterUse {
  readonly exported: readonly ExportedFunction[];
  readonly sdk: ReadonlySet<string>;
  readonly startsWithValues: boolean;
}

// What a filter that makes calls imports: the function of the plugin's own calls, or for `request.fetch` the type of what it is answered with.
const calls = ["fetch", "Answer"];
const grpcCalls = ["grpc", "GrpcAnswer"];
const grpcStreams = ["grpcStream", "GrpcHandlers"];

/** The entry file around a filter, which `./filter` is: only the callbacks that it needs. */
export function filterEntry({ exported, sdk, startsWithValues }: FilterUse): string {
  const used = new Set<string>();
  const use = (name: string): string => {
    used.add(name);
    return name;
  };
  const uses = (...names: readonly string[]): boolean => sdk.has("*") || names.some((name) => sdk.has(name));
  const own = exported.filter(({ name }) => Object.hasOwn(filterCallbacks, name));
  const parts = own.filter(({ name }) => name !== "onDelete").map((each) => callbackText(each, use));

  const added = (signature: string, body: string): void => {
    parts.push(`export function proxy_on_${signature} {\n${body}}\n`);
  };
  const dispatch = (signature: string, call: string): void => {
    added(signature, `  ${use("enter")}(root);\n  ${call};\n  ${use("collect")}();\n`);
  };
  if (uses("PerPlugin"))
    added("context_create(context: u32, parent: u32): void", `  ${use("created")}(context, parent);\n`);
  if (uses(...calls))
    dispatch(
      "http_call_response(root: u32, token: u32, headers: u32, size: u32, trailers: u32): void",
      `${use("dispatchHttpCall")}(token, headers, size, trailers)`,
    );
  if (uses(...grpcStreams)) {
    dispatch(
      "grpc_receive_initial_metadata(root: u32, token: u32, count: u32): void",
      `${use("dispatchGrpcInitialMetadata")}(token, count)`,
    );
    dispatch(
      "grpc_receive_trailing_metadata(root: u32, token: u32, count: u32): void",
      `${use("dispatchGrpcTrailingMetadata")}(token, count)`,
    );
  }
  if (uses(...grpcCalls, ...grpcStreams)) {
    dispatch(
      "grpc_receive(root: u32, token: u32, size: u32): void",
      `${use("dispatchGrpcMessage")}(token, size)`,
    );
    dispatch(
      "grpc_close(root: u32, token: u32, status: u32): void",
      `${use("dispatchGrpcClose")}(token, status)`,
    );
  }
  const deleted = own.find(({ name }) => name === "onDelete");
  const forgets = uses("PerPlugin", "PerStream", ...calls, ...grpcCalls, ...grpcStreams);
  if (deleted !== undefined || forgets) {
    const call = deleted === undefined ? "" : `  ${callOf(deleted, use)};\n`;
    const forget = forgets ? `  ${use("forgetStream")}(context);\n` : "";
    added(
      "delete(context: u32): void",
      `  ${use("enter")}(context);\n${call}${forget}  ${use("collect")}();\n`,
    );
  }
  const kept = startsWithValues ? `\n${use("keep")}();\n` : "";
  const allocate = use("allocate");
  return `// The callbacks around a filter.
import "proxy-wasm-as/assembly/abort";
import { ${[...used].sort().join(", ")} } from "proxy-wasm-as/assembly/entry";
import { ${own.map(({ name }) => name).join(", ")} } from "./filter";

${parts.join("\n")}
export function proxy_on_memory_allocate(size: usize): usize {
  return ${allocate}(size);
}

export function proxy_abi_version_0_2_1(): void {}
${kept}`;
}

function callbackText(own: ExportedFunction, use: (name: string) => string): string {
  const callback = filterCallbacks[own.name];
  if (callback === undefined) return "";
  const { signature, context, result } = callback;
  const call = callOf(own, use);
  const readsText = own.name === "onConfigure" && own.parameters > 0;
  const text = readsText
    ? `  const text = ${use("configurationText")}(size);\n  if (text === null) return 0;\n`
    : "";
  const run = result === undefined || own.returnsNothing ? `  ${call};\n` : `  const result = ${call};\n`;
  const end = result === undefined ? "" : `  return ${own.returnsNothing ? result.otherwise : "result"};\n`;
  return `export function ${signature} {
  ${use("enter")}(${context});
${text}${run}  ${use("collect")}();
${end}}
`;
}

function callOf({ name, parameters }: ExportedFunction, use: (name: string) => string): string {
  const given = filterCallbacks[name]?.arguments.slice(0, parameters) ?? [];
  for (const each of given) {
    const [, convert] = /^(to\w+)\(/.exec(each) ?? [];
    if (convert !== undefined) use(convert);
  }
  return `${name}(${given.join(", ")})`;
}
