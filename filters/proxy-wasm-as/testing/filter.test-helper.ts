import { expect } from "vitest";
import { assemble } from "../build/assemble.ts";
import { filterEntry } from "../build/filter-entry.ts";
import { readFilterModule } from "../build/read-filter-module.ts";
import { createHost, type Host, type HostOptions } from "./index.ts";

/** What filters of tests have at hand without importing it. */
const names =
  `Answer, Body, Bytes, clearRouteCache, Connection, Counter, done, environment, fetch, Flow, foreign, fromBytes, Gauge, GrpcAnswer, GrpcCall, GrpcStream, Headers,
  Histogram, HttpCall, lengthOf, log, LogLevel, MISSING, now, Peer, PerPlugin, PerStream, pointerOf, properties, Queue, random, randomBytes, Request, Response, setProperty,
  setTickPeriod, shared, Status, Stream, toBytes, utf8`.split(/,\s*/);

/** The module of a filter, with no budget and not tried before. */
export async function filterModule(
  code: string,
  runtime: "arena" | "minimal" = "arena",
): Promise<Uint8Array> {
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  const text = `import { ${used.join(", ")} } from "proxy-wasm-as";\n${code}`;
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: filterEntry(readFilterModule(text)),
    files: { "filter.ts": text },
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
