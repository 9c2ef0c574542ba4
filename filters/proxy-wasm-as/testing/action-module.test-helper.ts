/** The callbacks of a module that tries actions out: AssemblyScript, where `b"…"` is a literal's bytes as the generator writes them. */
export interface ActionModule {
  /** By the file they are in: `{ "actions/state": "state, increment" }`. */
  readonly imports: Readonly<Record<string, string>>;
  readonly configure?: string;
  readonly request?: string;
  readonly requestBody?: string;
  readonly response?: string;
  readonly responseBody?: string;
  /** Whether the headers of the request wait for its body. */
  readonly holds?: boolean;
  /** What stands outside of all callbacks. */
  readonly rest?: string;
}

/** The configuration that such a module wants: its one policy runs on every request. */
export const enforced = "p\toutbound\t*\n";
export const audited = "p\toutbound\t*\taudit\n";

/** The text of the entry file. `show(Bytes)` and `number(i64)` write to the log, a MISSING value as `-`. */
export function actionModule(module: ActionModule): string {
  const { imports, configure = "", rest = "" } = module;
  const callback = (body: string | undefined, name: string, parameters: string, headers: number): string =>
    body === undefined
      ? ""
      : `export function proxy_on_${name}(context: u32, ${parameters}): u32 {
  begin(context, ${headers});
  if (runs(0)) run_${name}();
  return end();
}
function run_${name}(): void { ${body} }
`;
  const waiting = (body: string | undefined, name: string, headers: number): string =>
    callback(body, name, "size: u32, last: u32", headers).replace(
      "  begin",
      "  if (!last) return 1;\n  begin",
    );
  const text = `import "proxy-wasm-as/assembly/abort";
import { bytes, Bytes, lengthOf, log as write, MISSING, pointerOf } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, end, runs } from "proxy-wasm-as/assembly/policy";
${Object.entries(imports)
  .map(([file, names]) => `import { ${names} } from "proxy-wasm-as/assembly/${file}";\n`)
  .join("")}
function show(value: Bytes): void { write(2, value == MISSING ? b"-" : value); }
function number(value: i64): void {
  const text = String.UTF8.encode(value.toString());
  write(2, bytes(changetype<usize>(text), text.byteLength));
}
${rest}
${callback(module.request, "request_headers", "count: u32, last: u32", 0)}
${module.holds ? "export function proxy_on_request_headers(context: u32, count: u32, last: u32): u32 { return last ? 0 : 1; }" : ""}
${waiting(module.requestBody, "request_body", 0)}
${callback(module.response, "response_headers", "count: u32, last: u32", 2)}
${waiting(module.responseBody, "response_body", 2)}
export function proxy_on_configure(root: u32, size: u32): u32 {
  ${configure}
  const accepted = configure(root, size, b"p\\n");
  __collect();
  return accepted;
}
export function proxy_on_context_create(context: u32, parent: u32): void { created(context, parent); }
export function proxy_on_memory_allocate(size: usize): usize { return allocate(size); }
export function proxy_abi_version_0_2_1(): void {}
${rest.includes("proxy_on_delete(") ? "" : "export function proxy_on_delete(context: u32): void { deleted(context); }"}
`;
  return text.replace(/\bb("(?:[^"\\]|\\.)*")/g, (_, literal: string) => {
    const encoded = new TextEncoder().encode(JSON.parse(literal));
    return encoded.length === 0
      ? "(<Bytes>0)"
      : `bytes(memory.data<u8>([${[...encoded]}]), ${encoded.length})`;
  });
}
