import { inspect } from "node:util";
import { pathOf, properties } from "../abi/properties.ts";
import { callbacks } from "../abi/table.ts";
import type { CompiledModule } from "./compiled-module.ts";
import type { HostConnect } from "./connection.ts";
import type { FetchAnswer } from "./fetches.ts";
import type { HostOptions } from "./host.ts";
import type { FailurePolicy, PluginOptions } from "./plugin.ts";
import { isMap } from "./properties.ts";
import { propertyKey } from "./property-key.ts";
import type { HostMore, HostRequest, HostResponse } from "./stream.ts";

// Tests are often plain JavaScript, or say `as` where a type does not fit. What the host is given is looked at where it comes in: further inside, the
// mistake would look like one of the filter's, or of the host.

const failures: readonly FailurePolicy[] = ["closed", "open", "reload"];

/** The module and how it is set up. */
export function checkHost(bytes: unknown, options: HostOptions): void {
  if (!(bytes instanceof Uint8Array))
    wrong("a host takes the bytes of a module, such as `readFileSync(path)` gives them", bytes);
  checkPlugin(options);
  checkText("`vmConfiguration`", options.vmConfiguration);
  checkText("`vmId`", options.vmId);
  checkWhole("`workers`", options.workers, 1);
  checkWhole("`memoryPagesMax`", options.memoryPagesMax, 1);
  checkWhole("`bufferLimit`", options.bufferLimit, 0);
  checkProperties(options.properties);
  if (options.now !== undefined) checkNanoseconds("`now`", options.now);
}

/** Compile a module; what V8 says of bytes that are none is the cause. */
export function compile(bytes: Uint8Array<ArrayBuffer>): CompiledModule {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const isModule = [...bytes.subarray(0, 4)].join() === "0,97,115,109";
    const found = `${bytes.length} bytes of something else`;
    const why = isModule && cause instanceof Error ? cause.message : found;
    throw new TypeError(`a host takes a module of WebAssembly: ${why}`, { cause });
  }
}

/** How a plugin is set up. */
export function checkPlugin({ configuration, failure, reloadBackoffMs }: PluginOptions): void {
  if (configuration !== undefined) checkConfiguration(configuration);
  checkWhole("`reloadBackoffMs`", reloadBackoffMs, 0);
  if (failure !== undefined && !failures.includes(failure))
    wrong(`\`failure\` is ${failures.map((each) => `"${each}"`).join(" or ")}`, failure);
}

/** What a plugin is configured with. */
export function checkConfiguration(configuration: unknown): void {
  if (typeof configuration !== "string")
    wrong("a configuration is a text, for an object what `JSON.stringify` makes of it", configuration);
}

/** A request, of which there are so many workers to take it. */
export function checkRequest(request: HostRequest, workers: number): void {
  checkRecord("a request", request);
  checkPairs("the headers of a request", request.headers);
  checkBody("the body of a request", request.body);
  checkPairs("the trailers of a request", request.trailers);
  checkProperties(request.properties);
  checkWorker(request.worker, workers);
}

/** What follows of a message, whether that is unfinished. */
export function checkMore(kind: "request" | "response", more: HostMore, isUnfinished: boolean): void {
  checkRecord(`what follows of a ${kind}`, more);
  checkBody(`the body of a ${kind}`, more.body);
  checkPairs(`the trailers of a ${kind}`, more.trailers);
  if (!isUnfinished)
    wrong(`a ${kind} that has ended takes no more: begin it with \`isUnfinished: true\``, more);
}

/** What a service, or a cluster that is asked, answers. */
export function checkAnswer(answer: HostResponse | FetchAnswer): void {
  if (answer instanceof Promise)
    wrong("an answer is there at once, or given later by `answer`: it is no promise", answer);
  checkRecord("an answer", answer);
  checkWhole("the status of an answer", answer.status, 100, 599);
  checkPairs("the headers of an answer", answer.headers);
  checkBody("the body of an answer", answer.body);
  checkPairs("the trailers of an answer", answer.trailers);
}

/** What a handler of gRPC came to, which says what it says by the call that it is given. */
export function checkGrpcHandled(result: unknown): void {
  if (result === undefined) return;
  wrong(
    "a handler of gRPC returns nothing: it answers by `call.send(message)` and `call.close(status)`",
    result,
  );
}

/** A connection, of which there are so many workers to take it. */
export function checkConnect(connect: HostConnect, workers: number): void {
  checkRecord("a connection", connect);
  if (typeof connect.address !== "string") wrong("the `address` of who connects is a text", connect.address);
  if (/^[\d.]+:\d+$|\]:\d+$/.test(connect.address))
    wrong(
      "the `address` of who connects has no port; `properties` can say another `source.address`",
      connect.address,
    );
  checkProperties(connect.properties);
  checkWorker(connect.worker, workers);
}

/** The name of a callback that a test enters by itself. */
export function checkCallback(name: unknown): void {
  if (typeof name !== "string" || !Object.hasOwn(callbacks, name))
    wrong("what is entered is a callback of the ABI, such as `proxy_on_tick`", name);
}

/** A time, or how long something takes. */
export function checkNanoseconds(what: string, given: unknown): void {
  if (typeof given !== "bigint") wrong(`${what} is in nanoseconds, a \`bigint\` such as 1_000_000n`, given);
}

/** Names and values, also those of gRPC. */
export function checkPairs(what: string, given: unknown): void {
  if (given === undefined) return;
  const rule = `${what} are a list of pairs, as [["name", "value"]]`;
  if (!Array.isArray(given)) {
    const help =
      typeof given === "object" && given !== null ? ", of an object `Object.entries` makes one" : "";
    wrong(rule + help, given);
  }
  for (const pair of given) {
    const isPair = Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && isData(pair[1]);
    if (!isPair) wrong(`${rule}, of texts or a value of bytes`, pair);
  }
}

function checkBody(what: string, given: unknown): void {
  const pieces: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (given !== undefined && !pieces.every(isData))
    wrong(`${what} is a text, bytes, or a list of those`, given);
}

function checkProperties(given: unknown): void {
  if (given === undefined) return;
  checkRecord("`properties`", given);
  for (const [path, value] of Object.entries(given)) {
    const key = propertyKey(path);
    if (key === "node" || key.startsWith("node\0"))
      wrong("what an Envoy knows of itself is `xds.node`, as in `xds.node.id`: it has no `node`", {
        [path]: value,
      });
    checkProperty(path, key, value);
  }
}

/** A property, and what is in it. */
function checkProperty(path: string, key: string, value: unknown): void {
  if (typeof value === "number" && isWhole(key))
    wrong(`the property \`${path}\` is a whole number of 64 bits, a \`bigint\` such as 8080n`, value);
  if (isData(value) || ["bigint", "number", "boolean"].includes(typeof value)) return;
  if (!Array.isArray(value) && !isMap(value))
    wrong(
      `the property \`${path}\` is a text, bytes, a number, a bool, a map of such by names, or a list`,
      value,
    );
  for (const [name, each] of Object.entries(value))
    checkProperty(`${path}['${name}']`, `${key}\0${name}`, each);
}

function isWhole(key: string): boolean {
  return Object.entries(properties).some(([group, members]) =>
    Object.entries(members).some(
      ([name, [type]]) => (type === "int" || type === "nanoseconds") && pathOf(group, name) === key,
    ),
  );
}

function checkWorker(given: unknown, workers: number): void {
  checkWhole("`worker`", given, 0, workers - 1);
}

function checkText(what: string, given: unknown): void {
  if (given !== undefined && typeof given !== "string") wrong(`${what} is a text`, given);
}

function checkWhole(what: string, given: unknown, least: number, most: number = 2 ** 31 - 1): void {
  if (given === undefined) return;
  const isFit = typeof given === "number" && Number.isInteger(given) && given >= least && given <= most;
  if (!isFit) wrong(`${what} is a whole number from ${least} to ${most}`, given);
}

function checkRecord(what: string, given: unknown): asserts given is object {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    wrong(`${what} is an object`, given);
}

function isData(given: unknown): boolean {
  return typeof given === "string" || given instanceof Uint8Array;
}

/** Throws, with the rule and what was there in its stead. */
function wrong(rule: string, given: unknown): never {
  const shown = inspect(given, { depth: 1, maxArrayLength: 4, maxStringLength: 40, breakLength: Infinity });
  throw new TypeError(`${rule}; this is ${shown}`);
}
