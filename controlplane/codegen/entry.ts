import { phaseOf } from "../language/phase-of.ts";
import type { Act } from "../language/policy.ts";
import { type ConnectionEntries, entryConnection } from "./entry-connection.ts";

/** What a module runs: policies in order. */
export interface Entries {
  /** The name of the function that gives the names of the policies, each with a newline. */
  readonly names: string;
  readonly calls: readonly Entry[];
  /** Said once a configuration is taken. */
  readonly configured?: readonly string[];
  /** Whether the paths of requests are asked for. Default false. */
  readonly asks?: boolean;
  /** Said when a stream is over. */
  readonly ended?: readonly string[];
  /** Only of a module for TCP connections. */
  readonly connections?: Omit<ConnectionEntries, "run">;
}

interface Entry {
  readonly act: Act;
  /** Whether it has an `Allow`. */
  readonly judges: boolean;
  /** Whether it may end an exchange: it has an `Allow` or a `Deny`. */
  readonly decides: boolean;
  /** Whether it may ask for another route. */
  readonly reroutes: boolean;
  /** How much of the body it reads, in bytes; absent: nothing. */
  readonly bodyLimit?: number;
  readonly code: string;
}

type Numbered = Entry & { readonly index: number };
type Use = (file: string, name: string) => string;

/** The callbacks of a module: only those that its policies need. */
export function entry(entries: Entries, use: Use): string {
  const { names, calls, configured = [], asks = false, ended = [], connections } = entries;
  const numbered = calls.map((call, index) => ({ ...call, index }));
  const requests = numbered.filter((each) => phaseOf(each) === "request");
  // Order is nesting: on the way back the last policy is the first (design §4).
  const responses = numbered.filter((each) => phaseOf(each) === "response").reverse();
  // A response is asked about when the headers of its request are not there any more.
  const notes = asks && responses.length > 0;
  // A client may go while its body is awaited.
  const deleted = [
    ...(notes ? [`${use("on-path", "forgetPath")}(context)`] : []),
    ...ended,
    ...(requests.some(waits)
      ? [`${use("waiting", "resume")}(context, 0)`, `${use("first-piece", "endFirst")}(context)`]
      : []),
    ...(responses.some(waits) ? [`${use("waiting", "resume")}(context, 2)`] : []),
  ];
  const onLog =
    ended.length === 0 ? "" : `export function proxy_on_log(context: u32): void {\n${lines(ended)}}\n\n`;
  // A connection is not answered but closed.
  const useOfConnections: Use = (file, name) => use(name === "verdict" ? "actions/connection" : file, name);
  const connection =
    connections === undefined
      ? undefined
      : entryConnection({ run: runAll(requests, useOfConnections), ...connections }, use);
  const callbacks =
    connection?.callbacks ??
    (notes && requests.length === 0 ? noting(use) : onPhase("request", requests, use, notes)) +
      onPhase("response", responses, use);
  const begun = [...configured, ...(connection?.configured ?? [])];
  return `${callbacks}${onLog}${lifeCycle({ names: `${names}()`, begun, over: [...deleted, ...(connection?.deleted ?? [])] }, use)}`;
}

/** What a module does as it is configured and as streams come and go. */
export function lifeCycle(
  {
    names,
    begun,
    over,
  }: { readonly names: string; readonly begun: readonly string[]; readonly over: readonly string[] },
  use: Use,
): string {
  const [configure, created, deleted] = ["configure", "created", "deleted"].map((name) =>
    use("plugins", name),
  );
  return `export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = ${configure}(root, size, ${names});
${lines(begun)}  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  ${created}(context, parent);
}

export function proxy_on_delete(context: u32): void {
${lines(over)}  ${deleted}(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return ${use("policy", "allocate")}(size);
}

export function proxy_abi_version_0_2_1(): void {}
`;
}

function lines(statements: readonly string[]): string {
  return statements.map((each) => `  ${each};\n`).join("");
}

/** Keeps in mind what will be asked of the path when the response comes. */
export function noting(use: Use): string {
  return `export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  ${use("policy", "begin")}(context, 0);
  ${use("on-path", "notePath")}(context);
  return ${use("policy", "leave")}();
}

`;
}

/** The callbacks of one phase: on its headers, or where a policy reads the body, once that is there. */
function onPhase(phase: "request" | "response", list: readonly Numbered[], use: Use, notes = false): string {
  if (list.length === 0) return "";
  const map = phase === "request" ? 0 : 2;
  const isOwn =
    phase === "request"
      ? ""
      : `  if (${use("own-answer", "isOwnAnswer")}()) return ${use("policy", "leave")}();\n`;
  const begin = `  ${use("policy", "begin")}(context, ${map});\n`;
  const note = notes ? `  ${use("on-path", "notePath")}(context);\n` : "";
  const leave = `${use("policy", "leave")}()`;
  const end = (flow: string): string =>
    [
      ...(list.some(({ judges }) => judges) ? [`  ${use("policy", "verdict")}();\n`] : []),
      ...(list.some(({ reroutes }) => reroutes) ? [`  ${use("policy", "applyRoute")}();\n`] : []),
      `  return ${flow};\n`,
    ].join("");
  const limits = list.flatMap(({ bodyLimit }) => bodyLimit ?? []);
  if (limits.length === 0) {
    return `export function proxy_on_${phase}_headers(context: u32, _headers: u32, _last: u32): u32 {
${begin}${note}${isOwn}${runAll(list, use)}${end(leave)}}

`;
  }
  const readers = list.filter(waits);
  // Access control fails closed, and the rest open (design §4): a body that there is no room to wait for is an empty one to the rest.
  const strict = readers.filter(({ decides }) => decides).map(({ index }) => mustRead(index, use));
  const held =
    strict.length === 0
      ? `${use("waiting", "wait")}()`
      : `(${use("waiting", "wait")}() || (${anyOf(strict)} && ${use("waiting", "refuse")}()))`;
  const isWaiting = `${use("waiting", "isWaiting")}(context, ${map})`;
  const act = `${begin}  ${use("waiting", "resume")}(context, ${map});\n  ${phase}Policies();\n`;
  // What waits of a response has one end whoever lets it go.
  const passes = (name: string, given: string, flow: string): string =>
    phase === "request" ? `${use("first-piece", name)}(${given}, ${flow})` : flow;
  const passHeaders = (flow: string): string => passes("holdFirst", "context", flow);
  const passPiece = (flow: string): string => passes("passFirst", "context, last", flow);
  const passTrailers = (flow: string): string => passes("passEndOfFirst", "context", flow);
  const goesOn =
    phase === "request"
      ? `export function proxy_on_queue_ready(root: u32, queue: u32): void {
  ${use("first-piece", "letFirstGo")}(root, queue);
  __collect();
}

`
      : "";
  return `function ${phase}Policies(): void {
${runAll(list, use)}}

export function proxy_on_${phase}_headers(context: u32, _headers: u32, last: u32): u32 {
${begin}${note}${isOwn}  if (last == 0 && ${anyOf(readers.map(({ index }) => runs(index, use)))} && ${held}) return ${passHeaders("1")};
  ${phase}Policies();
${end(leave)}}

export function proxy_on_${phase}_body(context: u32, size: u32, last: u32): u32 {
  if (!${isWaiting}) return ${passPiece("0")};
  if (last == 0 && size <= ${Math.max(...limits)}) return ${passPiece("1")};
${act}${end(passPiece(leave))}}

export function proxy_on_${phase}_trailers(context: u32, _trailers: u32): u32 {
  if (!${isWaiting}) return ${passTrailers("0")};
${act}${end(passTrailers(leave))}}

${goesOn}`;
}

function waits({ bodyLimit }: Entry): boolean {
  return bodyLimit !== undefined;
}

function runAll(list: readonly Numbered[], use: Use): string {
  return list
    .map(({ code, index }, place) => `${judged(list, place, use)}  if (${runs(index, use)}) ${code};\n`)
    .join("");
}

/** A request is judged once the last policy with an `Allow` for it is done: what comes later is for what was admitted. */
function judged(list: readonly Numbered[], place: number, use: Use): string {
  const [here, before] = [list[place], list[place - 1]];
  if (here?.judges !== false || !list.slice(0, place).some(({ judges }) => judges)) return "";
  const left = list.slice(place).filter(({ judges }) => judges);
  // Said before the policy before this one.
  if (left.length === 0 && before?.judges === false) return "";
  const verdict = `${use("policy", "verdict")}();\n`;
  if (left.length === 0) return `  ${verdict}`;
  return `  if (!${anyOf(left.map(({ index }) => runs(index, use)))}) ${verdict}`;
}

/** A condition that may stand behind `!` and beside `&&`. */
function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? conditions.join("") : `(${conditions.join(" || ")})`;
}

/** An audited policy stands in nobody's way. */
function mustRead(index: number, use: Use): string {
  return `${runs(index, use)} && !${use("policy", "audits")}()`;
}

function runs(index: number, use: Use): string {
  return `${use("policy", "runs")}(${index})`;
}
