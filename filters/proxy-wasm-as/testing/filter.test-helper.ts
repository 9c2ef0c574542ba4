import { expect } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost, type Host, type HostOptions } from "./index.ts";

/** The callbacks of the ABI, by what the filter calls its own: what `assembly/entry/README.md` says, by hand. */
const callbacks: Readonly<Record<string, string>> = {
  onConfigure: `export function proxy_on_configure(root: u32, size: u32): u32 {
    enter(root);
    const text = configurationText(size);
    const taken = text !== null && onConfigure(text);
    collect();
    return taken;
  }`,
  onTick: stream("tick(root: u32): void", "root", "onTick()"),
  onQueue: stream("queue_ready(root: u32, queue: u32): void", "root", "onQueue(toQueue(queue))"),
  onForeign: stream("foreign_function(root: u32, id: u32, _size: u32): void", "root", "onForeign(id)"),
  onRequest: stream(
    "request_headers(context: u32, _count: u32, _last: u32): u32",
    "context",
    "onRequest(toRequest(context))",
  ),
  onRequestBody: stream(
    "request_body(context: u32, size: u32, last: u32): u32",
    "context",
    "onRequestBody(toRequest(context), size, last != 0)",
  ),
  onResponse: stream(
    "response_headers(context: u32, _count: u32, _last: u32): u32",
    "context",
    "onResponse(toResponse(context))",
  ),
  onLog: stream("log(context: u32): void", "context", "onLog(toStream(context))"),
  onConnection: stream("new_connection(context: u32): u32", "context", "onConnection(toConnection(context))"),
  onData: stream(
    "downstream_data(context: u32, size: u32, last: u32): u32",
    "context",
    "onData(toConnection(context), size, last != 0)",
  ),
  onClose: stream(
    "downstream_connection_close(context: u32, peer: u32): void",
    "context",
    "onClose(toConnection(context), peer)",
  ),
};

/** A module from a filter whose callbacks return a `Flow` where the ABI's do. Its objects outlive callbacks where it makes some as it starts. */
export async function filterModule(
  code: string,
  runtime: "arena" | "minimal" = "arena",
): Promise<Uint8Array> {
  const own = Object.entries(callbacks).filter(([name]) => code.includes(`function ${name}(`));
  const entry = `import "proxy-wasm-as/assembly/abort";
import { allocate, collect, configurationText, created, dispatchGrpcClose, dispatchGrpcInitialMetadata, dispatchGrpcMessage,
  dispatchGrpcTrailingMetadata, dispatchHttpCall, enter, forgetStream, keep, toConnection, toQueue, toRequest, toResponse, toStream,
} from "proxy-wasm-as/assembly/entry";
import { ${own.map(([name]) => name).join(", ")} } from "./policy";
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_memory_allocate(size: usize): usize { return allocate(size); }
${own.map(([, text]) => text).join("\n")}
${when(/PerPlugin/, code, "export function proxy_on_context_create(context: u32, parent: u32): void { created(context, parent); }")}
${when(/Per(Plugin|Stream)|fetch|grpc/, code, "export function proxy_on_delete(context: u32): void { forgetStream(context); collect(); }")}
${when(
  /fetch/,
  code,
  `export function proxy_on_http_call_response(root: u32, token: u32, headers: u32, size: u32, trailers: u32): void {
  enter(root); dispatchHttpCall(token, headers, size, trailers); collect(); }`,
)}
${when(/grpc/, code, grpc)}
keep();`;
  const head = `import { Answer, Body, clearRouteCache, Connection, Counter, fetch, Flow, foreign, fromBytes, Gauge, GrpcAnswer, GrpcCall, GrpcStream,
  Headers, Histogram, HttpCall, log, LogLevel, now, PerPlugin, PerStream, properties, Queue, random, randomBytes, Request, Response,
  setProperty, setTickPeriod, shared, Status, Stream, toBytes, utf8, Peer } from "proxy-wasm-as";\n`;
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry,
    files: { "policy.ts": head + code },
    runtime,
  });
  expect(stderr).toBe("");
  return bytes;
}

/** A host with such a filter. */
export async function hostOf(
  code: string,
  options: HostOptions = {},
  runtime: "arena" | "minimal" = "arena",
): Promise<Host> {
  const host = createHost(await filterModule(code, runtime), options);
  expect(host.failure).toBeNull();
  return host;
}

function stream(signature: string, context: string, call: string): string {
  const gives = signature.endsWith("u32");
  return `export function proxy_on_${signature} {
    enter(${context});
    ${gives ? `const flow = ${call};` : `${call};`}
    collect();
    ${gives ? "return flow;" : ""}
  }`;
}

function when(pattern: RegExp, code: string, text: string): string {
  return pattern.test(code) ? text : "";
}

const grpc = `export function proxy_on_grpc_receive_initial_metadata(root: u32, token: u32, count: u32): void {
  enter(root); dispatchGrpcInitialMetadata(token, count); collect(); }
export function proxy_on_grpc_receive(root: u32, token: u32, size: u32): void { enter(root); dispatchGrpcMessage(token, size); collect(); }
export function proxy_on_grpc_receive_trailing_metadata(root: u32, token: u32, count: u32): void {
  enter(root); dispatchGrpcTrailingMetadata(token, count); collect(); }
export function proxy_on_grpc_close(root: u32, token: u32, status: u32): void { enter(root); dispatchGrpcClose(token, status); collect(); }`;
