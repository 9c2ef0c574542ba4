import { type CallKind, filterCallbacks } from "../abi/filter-callbacks.ts";
import { type ExportedFunction, OF_PLUGIN } from "./read-filter-module.ts";
import type { FilterParameter } from "./read-parameters.ts";

/** What a filter is called for, and what it uses of the SDK; from its syntax tree. */
export interface FilterUse {
  readonly exported: readonly ExportedFunction[];
  readonly sdk: ReadonlySet<string>;
  readonly startsWithValues: boolean;
  /** Whether it may keep what stands for a stream, and use it in a callback that is about another one. */
  readonly keepsStreams: boolean;
  /** Whether it may write a body. */
  readonly writesBodies: boolean;
  /** The names of its functions that may pause what their callback is about. */
  readonly pausing: ReadonlySet<string>;
  /** What the plugin configuration fills, where no guard has another way to. Default none. */
  readonly parameters?: readonly FilterParameter[];
}

/** What an entry says around a filter that somebody else has a say in. Code is statements, each in a line of its own. */
export interface FilterGuard {
  /** The name of the filter's file. */
  readonly file: string;
  /** What else is imported from there. */
  readonly imports: readonly string[];
  /** What stands before the callbacks; asked for last. */
  readonly head: () => string;
  /** Callbacks of the guard's own. */
  readonly callbacks: readonly string[];
  /** The filter is called where this condition holds; these statements come before. Of an answer, it is not known which function it is for. */
  asks(kind: CallKind, context: string): string;
  before(callback: ExportedFunction | undefined): string;
  /** Said last, in the stead of `collect()`: what is returned, of what the filter wants. Where nothing more may come that it could wait for, `last` is not 0. */
  ends(kind: CallKind, flow: string, last: string): string;
  /** Whether it is called for new connections, whoever else is. */
  readonly takesConnections: boolean;
  /** Whether it keeps something of each stream in the SDK's slabs. */
  readonly remembers: boolean;
  /** Said when a context begins and when it has gone. */
  readonly created: string;
  readonly deleted: string;
}

/** The entry file around a filter, which `./filter` is where no guard says another: only the callbacks that it needs. */
export function filterEntry(filter: FilterUse, guard?: FilterGuard): string {
  const { exported, startsWithValues, keepsStreams } = filter;
  const used = new Set<string>();
  const use = (name: string): string => {
    used.add(name);
    return name;
  };
  const own = ownOf(filter);
  const configured = guard === undefined ? (filter.parameters ?? []) : [];
  const read = (context: string): string => (configured.length > 0 ? `  readParameters(${context});\n` : "");
  const keepsRecords = keepsStreams || filter.sdk.has("*") || filter.sdk.has("PerStream");
  const enter = (context: string): string =>
    `  ${use("enter")}(${context});\n${keepsRecords ? `  ${use("reserveRecords")}();\n` : ""}`;
  // Where nobody asks who is at work, the end of a configuration would pass for that of a stream.
  const beginsRoots =
    guard === undefined && exported.some(({ name }) => name === "onDelete" || name === "onDone");
  const resumes = filter.sdk.has("*") || filter.sdk.has("resume");
  const resets = filter.sdk.has("*") || filter.sdk.has("reset");
  const written = writtenSides(filter);
  const holdsFirst = holdsFirstPiece(filter);
  const holdsEnd = ["onRequestBody", "onRequestTrailers"].some((callback) => filter.pausing.has(callback));
  const forgets =
    holdsFirst ||
    configured.length > 0 ||
    beginsRoots ||
    keepsStreams ||
    guard?.remembers === true ||
    ["*", "PerPlugin", "PerStream", "fetch", "grpc", "grpcStream"].some((name) => filter.sdk.has(name));
  const tracks = resumes && forgets && own.some(({ name }) => name.startsWith("onRequest"));
  const again = configured.length > 0 ? "  if (waiting != 0) readParameters(waiting);\n" : "";
  // What was let go goes on then, where it is not let go at once.
  const leaves = resumes && written.includes("Request") ? `  ${use("letLeave")}();\n` : "";
  // What has been written where nobody reads on is found only by what is kept of streams.
  const passesUnread = (resumes && forgets) || holdsFirst;
  const forgetsGone =
    filter.writesBodies && forgets ? `${again}  if (${use("waiting")} == 0) ${use("forgetGone")}();\n` : "";
  const goBack = `${leaves}${forgetsGone}`;
  const said: Around = {
    use,
    guard,
    enter,
    read,
    goBack,
    forgets,
    beginsRoots,
    resumes,
    resets,
    passesUnread,
    holdsFirst,
    holdsEnd,
    keepsStreams,
    written,
    comingWithin: guard === undefined && resumes && forgets ? heldSides(filter) : [],
  };
  const calls = own.filter(({ name }) => name !== "onDelete").map((each) => callbackText(each, own, said));
  if (configured.length > 0 && !own.some(({ name }) => name === "onConfigure"))
    calls.push(
      callbackText({ name: "onConfigure", parameters: 0, returnsNothing: true, start: 0, end: 0 }, own, {
        ...said,
        calls: false,
      }),
    );
  else if (beginsRoots && !own.some(({ name }) => name === "onConfigure"))
    calls.push(`export function proxy_on_configure(root: u32, _size: u32): u32 {
  ${use("beginRoot")}(root);
  return 1;
}
`);
  if (guard?.takesConnections === true && !own.some(({ name }) => name === "onConnection"))
    calls.push(
      `export function proxy_on_new_connection(context: u32): u32 {
${enter("context")}  ${guard.asks("connection", "context")};
  return ${guard.ends("connection", "0", "1")};
}
`,
    );
  for (const side of written)
    if (!own.some(({ name }) => name === `on${side}`)) calls.push(lengthText(side, said));
  // Without a body's callback, what is paused holds them in Envoy.
  const has = (callback: string): boolean => own.some(({ name }) => name === callback);
  if ((tracks || holdsFirst || holdsEnd) && has("onRequestBody") && !has("onRequestTrailers"))
    calls.push(trailersText(said, tracks));
  if (holdsFirst && !has("onQueue")) calls.push(queueText(said));
  if (said.comingWithin.includes("Response") && !has("onResponseTrailers"))
    calls.push(responseTrailersText(said));
  const parts = [...calls, ...ofTheEntry(filter, said), ...(guard?.callbacks ?? [])];
  const head = configured.length > 0 ? parametersText(configured, use) : (guard?.head() ?? "");
  const started = [
    ...(resumes ? written : []).map(
      (side) => `${use("writeBodies")}(${use("MapType")}.Http${side}Headers);\n`,
    ),
    ...(tracks ? [`${use("letGoOnce")}();\n`] : []),
    ...(keepsStreams ? [`${use("keepStreams")}();\n`] : []),
    ...(startsWithValues || keepsStreams ? [`${use("keep")}();\n`] : []),
  ];
  const kept = started.length > 0 ? `\n${started.join("")}` : "";
  const allocate = use("allocate");
  const imported = [
    ...own.map(({ name }) => name),
    ...(configured.length > 0 ? ["params"] : []),
    ...(guard?.imports ?? []),
  ];
  return `${guard === undefined ? "// The callbacks around a filter.\n" : ""}import "proxy-wasm-as/assembly/abort";
import { ${[...used].sort().join(", ")} } from "proxy-wasm-as/assembly/entry";
import { ${imported.join(", ")} } from "./${guard?.file ?? "filter"}";
${head}
${parts.join("\n")}
export function proxy_on_memory_allocate(size: usize): usize {
  return ${allocate}(size);
}

export function proxy_abi_version_0_2_1(): void {}
${kept}`;
}

function ownOf({ exported }: FilterUse): readonly ExportedFunction[] {
  return exported.filter(({ name }) => Object.hasOwn(filterCallbacks, name));
}

/** The messages whose headers go on before a body that the filter may write. */
export function writtenSides({ exported, writesBodies }: FilterUse): readonly Side[] {
  return (["Request", "Response"] as const).filter(
    (side) => writesBodies && exported.some(({ name }) => name === `on${side}Body`),
  );
}

/** Whether headers of a request may wait while a body is looked at, which may go on before it has ended. */
function holdsFirstPiece({ exported, pausing }: FilterUse): boolean {
  return (
    pausing.has("onRequest") &&
    ["onRequest", "onRequestBody"].every((callback) => exported.some(({ name }) => name === callback))
  );
}

/** The messages of which headers and body may be paused, and trailers go on: those of a request wait where a filter does not look at them. In a mesh of Wire's no body waits behind its headers. */
function heldSides({ exported }: FilterUse): readonly Side[] {
  const pauses = (callback: string): boolean =>
    exported.some(({ name, returnsNothing }) => name === callback && !returnsNothing);
  return (["Request", "Response"] as const).filter(
    (side) =>
      pauses(`on${side}`) &&
      pauses(`on${side}Body`) &&
      (side === "Response" || exported.some(({ name }) => name === "onRequestTrailers")),
  );
}

type Side = "Request" | "Response";

/** Said where headers, or a piece of a body, go on by what a callback returns. */
function leftOut(side: Side, flow: string, use: (name: string) => string): string {
  return `${use("leaveLengthOut")}(${use("MapType")}.Http${side}Headers, ${flow}, last);\n`;
}

/** The callback for headers of a filter that has none of its own, and writes their body. */
function lengthText(side: Side, { use, guard, enter }: Around): string {
  const kind = side === "Request" ? "request" : "response";
  const start = `export function proxy_on_${kind}_headers(context: u32, _count: u32, last: u32): u32 {\n`;
  if (guard === undefined) return `${start}  ${leftOut(side, "0", use)}  return 0;\n}\n`;
  return `${start}${enter("context")}  if (${guard.asks(kind, "context")}) ${leftOut(side, "0", use)}  return ${guard.ends(kind, "0", "last")};
}
`;
}

/** The callback for the trailers of a request of a filter that has none, and lets requests go or may have their body wait. */
function trailersText({ use, guard, enter, holdsFirst }: Around, tracks: boolean): string {
  const start = "export function proxy_on_request_trailers(context: u32, _count: u32): u32 {\n";
  const passes = (flow: string): string =>
    holdsFirst ? `${use("passEndOfFirst")}(context, ${flow})` : `${use("holdEnd")}(${flow})`;
  if (!tracks) return `${start}  return ${passes("0")};\n}\n`;
  const flow = `${use("holdTrailers")}(context)`;
  if (guard === undefined) return `${start}  return ${passes(flow)};\n}\n`;
  return `${start}${enter("context")}  let flow: u32 = 0;
  if (${guard.asks("request", "context")}) flow = ${flow};
  return ${passes(guard.ends("request", "flow", "1"))};
}
`;
}

/** The callback for queues of a filter that has none, by which requests go on. */
function queueText({ use, enter }: Around): string {
  return `export function proxy_on_queue_ready(root: u32, queue: u32): void {
${enter("root")}  ${use("letFirstGo")}(root, queue);
  ${use("collect")}();
}
`;
}

/** The callback for the trailers of a response of a filter that has none, and may pause all before them. */
function responseTrailersText({ use }: Around): string {
  const what = `context, ${use("StreamType")}.HttpResponse`;
  return `export function proxy_on_response_trailers(context: u32, _count: u32): u32 {
  return ${use("comesAnew")}(${what}) ? 0 : ${use("passTrailers")}(${what}, 0);
}
`;
}

/** Whether a filter waits for answers to calls. */
export function waitsForAnswers({ sdk }: FilterUse): boolean {
  return ["*", "fetch", "grpc", "grpcStream"].some((name) => sdk.has(name));
}

/** The callbacks by which the SDK does what the filter uses of it. */
function ofTheEntry({ exported, sdk }: FilterUse, said: Around): readonly string[] {
  const { use, guard, enter, read, goBack, forgets } = said;
  const isConfigured = read("") !== "";
  const parts: string[] = [];
  const uses = (...names: readonly string[]): boolean => sdk.has("*") || names.some((name) => sdk.has(name));
  const added = (signature: string, body: string): void => {
    parts.push(`export function proxy_on_${signature} {\n${body}}\n`);
  };
  const dispatch = (signature: string, kind: "Http" | "Grpc", call: string): void => {
    const waits = guard === undefined ? "" : `${use(`contextOf${kind}Call`)}(token)`;
    const body = around("answer", `${call};`, { use, guard, goBack, context: waits });
    added(signature, `${enter("root")}${read("root")}${body}`);
  };
  const creates = `${isConfigured || uses("PerPlugin", OF_PLUGIN) ? `  ${use("created")}(context, parent);\n` : ""}${guard?.created ?? ""}`;
  if (creates !== "") added("context_create(context: u32, parent: u32): void", creates);
  if (uses("fetch"))
    dispatch(
      "http_call_response(root: u32, token: u32, headers: u32, size: u32, trailers: u32): void",
      "Http",
      `${use("dispatchHttpCall")}(token, headers, size, trailers)`,
    );
  if (uses("grpcStream")) {
    dispatch(
      "grpc_receive_initial_metadata(root: u32, token: u32, count: u32): void",
      "Grpc",
      `${use("dispatchGrpcInitialMetadata")}(token, count)`,
    );
    dispatch(
      "grpc_receive_trailing_metadata(root: u32, token: u32, count: u32): void",
      "Grpc",
      `${use("dispatchGrpcTrailingMetadata")}(token, count)`,
    );
  }
  if (uses("grpc", "grpcStream")) {
    dispatch(
      "grpc_receive(root: u32, token: u32, size: u32): void",
      "Grpc",
      `${use("dispatchGrpcMessage")}(token, size)`,
    );
    dispatch(
      "grpc_close(root: u32, token: u32, status: u32): void",
      "Grpc",
      `${use("dispatchGrpcClose")}(token, status)`,
    );
  }
  const deleted = exported.find(({ name }) => name === "onDelete");
  const configuration = isConfigured ? `  ${use("forgetParameters")}(context);\n` : "";
  const forget = `${forgets ? `  ${use(goBack.includes("forgetGone") ? "forgetInTime" : "forgetStream")}(context);\n` : ""}${configuration}${guard?.deleted ?? ""}`;
  if (deleted !== undefined) {
    const isStream = said.beginsRoots ? `if (!${use("isRoot")}(context)) ` : "";
    const ended = `${use("endStream")}(context);\n`;
    const body = around("end", `${isStream}${callOf(deleted, use)};`, {
      use,
      guard,
      goBack,
      context: "context",
      last: forget,
      own: deleted,
    });
    added("delete(context: u32): void", `${enter("context")}  ${ended}${read("context")}${body}`);
  } else if (forget !== "") {
    added("delete(context: u32): void", `  ${use("enter")}(context);\n${forget}  ${use("collect")}();\n`);
  }
  return parts;
}

/** What the entry uses, and what it says around the callbacks of the filter. */
interface Around {
  readonly use: (name: string) => string;
  readonly guard: FilterGuard | undefined;
  /** What begins a callback for a context. */
  readonly enter: (context: string) => string;
  /** What has the parameters read for a context. */
  readonly read: (context: string) => string;
  /** What lets go on, leaves to the callback that this one was called inside of what that had, or forgets what went meanwhile. */
  readonly goBack: string;
  /** Whether something is kept of a stream, or of a configuration, that has to go with it. */
  readonly forgets: boolean;
  /** Whether it is kept which contexts are those of configurations. */
  readonly beginsRoots: boolean;
  /** Whether the filter lets go on what it has paused. */
  readonly resumes: boolean;
  /** Whether it ends streams without an answer. */
  readonly resets: boolean;
  /** Whether bodies that it writes may be paused and let go. */
  readonly passesUnread: boolean;
  /** Whether the first piece of a request's body may go on where its headers wait. */
  readonly holdsFirst: boolean;
  /** Whether the body of a request may wait, or its trailers. */
  readonly holdsEnd: boolean;
  readonly keepsStreams: boolean;
  /** The messages of which it writes the body. */
  readonly written: readonly Side[];
  /** The messages whose body may be paused where what has waited comes from within, and whose trailers then go on. */
  readonly comingWithin: readonly Side[];
}

/** The parameters' defaults are what they are when the module has started; each callback sees those of its own configuration. */
function parametersText(parameters: readonly FilterParameter[], use: (name: string) => string): string {
  const defaults = parameters.map(
    ({ name, type }, place) => `const default${place}: ${type} = params.${name};\n`,
  );
  const values = parameters.map(
    ({ name, type }, place) =>
      `  params.${name} = ${use("parameterAt")}<${type}>(values, ${place}, default${place});\n`,
  );
  return `
${defaults.join("")}
function readParameters(context: u32): void {
  const values = ${use("parametersOf")}(context);
${values.join("")}}

function configure(root: u32, text: string): bool {
  const declared = ${JSON.stringify(parameters.map(({ name, type }) => `${type} ${name}`).join("\n"))};
  return ${use("configureParameters")}<${parameters.some(({ type }) => type === "f64") ? "f64" : "i64"}>(root, text, declared);
}
`;
}

/** What is called, and what is said around it; `last` is said when it is over. */
function around(
  kind: CallKind,
  call: string,
  {
    use,
    guard,
    goBack,
    context,
    last = "",
    own,
  }: {
    readonly use: (name: string) => string;
    readonly guard: FilterGuard | undefined;
    readonly goBack: string;
    readonly context: string;
    readonly last?: string;
    readonly own?: ExportedFunction;
  },
): string {
  if (guard === undefined) return `  ${call}\n${last}${goBack}  ${use("collect")}();\n`;
  return `  if (${guard.asks(kind, context)}) {
${guard.before(own)}    ${call}
  }
${goBack}  ${guard.ends(kind, "0", "1")};
${last}`;
}

/** `calls` says whether the filter has the callback itself. */
function callbackText(
  own: ExportedFunction,
  all: readonly ExportedFunction[],
  {
    use,
    guard,
    enter,
    read,
    goBack,
    beginsRoots,
    resumes,
    resets,
    passesUnread,
    holdsFirst,
    holdsEnd,
    keepsStreams,
    written,
    comingWithin,
    calls = true,
  }: Around & { readonly calls?: boolean },
): string {
  const callback = filterCallbacks[own.name];
  if (callback === undefined) return "";
  const { kind, signature, context, before, ofStreams, result } = callback;
  const call = callOf(own, use);
  const returns = result !== undefined && !own.returnsNothing;
  const begins = beginsRoots && own.name === "onConfigure" ? `  ${use("beginRoot")}(${context});\n` : "";
  const looks = resumes && context === "context" && signature.includes("_response_");
  const asks = keepsStreams && result?.type === "Flow";
  const look = (at: string): string =>
    `${looks ? `  ${use("lookAtResponse")}(${at});\n` : ""}${asks ? `  ${use("ask")}(${at});\n` : ""}`;
  // What it lets go of the request that it is about, goes by what is returned.
  const passesOn = resumes && /^onRequest(|Body|Trailers)$/.test(own.name);
  const decides = passesOn && returns;
  const first = `${look(context)}${passesOn ? `  ${use("lookAtRequest")}(${context});\n` : ""}${begins}${before === undefined ? "" : `  ${use(before)}(${context});\n`}`;
  const stops = returns && needsStopAll(own, all) ? `${STOP_ALL} * ` : "";
  const [, side] = /^on(Request|Response)(?:Body)?$/.exec(own.name) ?? [];
  const without = written
    .filter((each) => each === side)
    .map((each) => leftOut(each, returns ? (guard === undefined ? "result" : "flow") : "0", use))
    .join("");
  const leaves = (flow: string): string => {
    if (!passesOn) return goBack;
    const pass = returns ? `${flow} = ${use("pass")}(${flow})` : `${use("passOn")}()`;
    return `  ${pass};\n${goBack.includes("letLeave") ? "" : `  ${use("letLeave")}();\n`}${goBack}`;
  };
  // Envoy crashes when trailers go on of a response that has been reset meanwhile.
  const goesBy = (flow: string): string =>
    resets && own.name === "onResponseTrailers" ? `${use("isOver")}(${context}) ? 1 : ${flow}` : flow;
  const [, direction, part = "Headers"] = /^on(Request|Response)(Body|Trailers)?$/.exec(own.name) ?? [];
  const isWithin = comingWithin.some((each) => each === direction);
  const what = (): string => `context, ${use("StreamType")}.Http${direction}`;
  const isFirst = holdsFirst && direction === "Request";
  const passesFirst = (flow: string): string => {
    if (!isFirst)
      return direction === "Request" && part === "Trailers" && holdsEnd ? `${use("holdEnd")}(${flow})` : flow;
    if (part === "Headers") return `${use("holdFirst")}(context, ${flow})`;
    return part === "Body"
      ? `${use("passFirst")}(context, last, ${flow})`
      : `${use("passEndOfFirst")}(context, ${flow})`;
  };
  const passesRead = (given: string): string => {
    const flow = passesFirst(given);
    if (!passesUnread || part === "Headers" || !written.some((each) => each === direction)) return flow;
    return part === "Body"
      ? `${use("passPiece")}(${what()}, ${isFirst ? "whole" : "size"}, last, ${flow})`
      : `${use("passEnd")}(${what()}, ${flow})`;
  };
  const passes = (flow: string): string =>
    isWithin ? `${use(`pass${part}`)}(${what()}, ${passesRead(flow)})` : passesRead(flow);
  const anew = isWithin && part !== "Headers" ? `  if (${use("comesAnew")}(${what()})) return 0;\n` : "";
  const streams =
    ofStreams === undefined ? anew : `  if (!${use("isRoot")}(${context})) return ${ofStreams};\n`;
  const sizes =
    isFirst && part === "Body"
      ? `  const whole = size;\n  size -= ${use("goneBytes")}(context);\n`
      : holdsFirst && own.name === "onQueue"
        ? `  if (${use("letFirstGo")}(root, queue)) {\n    ${use("collect")}();\n    return;\n  }\n`
        : "";
  const start = `export function ${signature} {\n${streams}${enter(context)}${sizes}${first}`;
  if (guard !== undefined) {
    const flow = returns ? "  let flow: u32 = 0;\n" : "";
    const end = result === undefined ? "" : `return ${stops}`;
    return `${start}${flow}  if (${guard.asks(kind, context)}) {
${guard.before(own)}    ${returns ? `flow = ${call}` : call};
${without === "" ? "" : `    ${without}`}  }
${look("0")}${leaves("flow")}  ${end}${passes(guard.ends(kind, goesBy(returns ? "flow" : "0"), returns ? lastOf(own, all) : "1"))};
}
`;
  }
  const takes = own.name === "onConfigure" && read("") !== "";
  const readsText = takes || (callback.arguments.includes("text") && own.parameters > 0);
  const textOf = own.name === "onVmStart" ? "vmConfigurationText" : "configurationText";
  const text = readsText ? `  const text = ${use(textOf)}(size);\n  if (text === null) return 0;\n` : "";
  const parameters = takes
    ? `  if (!configure(root, text)) {\n    ${use("collect")}();\n    return 0;\n  }\n${read(context)}`
    : read(context);
  if (!calls) return `${start}${text}${parameters}  ${use("collect")}();\n  return 1;\n}\n`;
  const run = `  ${returns ? `${decides ? "let result: u32" : "const result"} = ${call}` : call};\n${without === "" ? "" : `  ${without}`}`;
  const end =
    result === undefined
      ? ""
      : `  return ${passes(goesBy(returns ? `${stops}result` : result.otherwise))};\n`;
  return `${start}${text}${parameters}${run}${look("0")}${leaves("result")}  ${use("collect")}();\n${end}}\n`;
}

/** What a pause is where the body has to wait, too: Envoy's `StopAllIterationAndWatermark`. */
const STOP_ALL = 4;

/**
 * Whether a pause of headers would not hold the body: where Envoy is configured so that bodies come while headers are held, as for a module that
 * looks at those of either direction, all of it would go on in the one that there is no callback for.
 */
function needsStopAll({ name }: ExportedFunction, own: readonly ExportedFunction[]): boolean {
  return (
    (name === "onRequest" || name === "onResponse") && !own.some((other) => other.name === `${name}Body`)
  );
}

/** Whether this is the last that a filter with these callbacks is called for of what comes this way. */
function lastOf({ name }: ExportedFunction, own: readonly ExportedFunction[]): string {
  const hasMore = /Data$|Body$/.test(name) || own.some((other) => other.name === `${name}Body`);
  return hasMore ? "last" : "1";
}

function callOf({ name, parameters }: ExportedFunction, use: (name: string) => string): string {
  const given = filterCallbacks[name]?.arguments.slice(0, parameters) ?? [];
  for (const each of given) {
    const [, convert] = /^(to\w+)\(/.exec(each) ?? [];
    if (convert !== undefined) use(convert);
  }
  return `${name}(${given.join(", ")})`;
}
