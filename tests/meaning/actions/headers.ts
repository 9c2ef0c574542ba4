import { type Action, bytesAt, type Invocation, mayAct } from "../action.ts";
import { type Bytes, lower } from "../bytes.ts";
import type { Header } from "../exchange.ts";
import type { Run } from "../run.ts";

const getHeader: Action = (call) => valuesOf(call.run, bytesAt(call, 0))[0];

const getHeaders: Action = (call) => {
  const values = valuesOf(call.run, bytesAt(call, 0));
  return values.length === 0 ? undefined : values.join(",");
};

const hasHeader: Action = (call) => {
  const values = valuesOf(call.run, bytesAt(call, 0));
  // Given and absent is a comparison with an absent operand: false.
  return call.values.length < 2 ? values.length > 0 : values.some((value) => value === call.values[1]);
};

const setHeader: Action = (call) => {
  if (mayAct(call)) replaceHeader(call, bytesAt(call, 0), trimmed(bytesAt(call, 1)));
};

const addHeader: Action = (call) => {
  const value = trimmed(bytesAt(call, 1));
  if (mayAct(call) && isLegal(value)) addTo(call.run.travel.headers, lower(bytesAt(call, 0)), value);
};

const removeHeader: Action = (call) => {
  if (mayAct(call)) dropHeader(call, bytesAt(call, 0));
};

/** Read and write headers, of a request or a response. */
export const headers: Readonly<Record<string, Action>> = {
  GetHeader: getHeader,
  GetHeaders: getHeaders,
  HasHeader: hasHeader,
  SetHeader: setHeader,
  AddHeader: addHeader,
  RemoveHeader: removeHeader,
};

/** All values of a header, in order. */
export function valuesOf(run: Run, name: string): readonly Bytes[] {
  const wanted = keyOf(run, name);
  const all = run.travel.headers.flatMap(([key, value]) => (key === wanted ? [value] : []));
  if (wanted !== ":authority" || run.travel.response !== undefined) return all;
  // The router writes it, once all policies have had their turn.
  const rewritten = run.travel.headers.find(([key]) => key === "x-wire-host");
  return rewritten === undefined ? all : [rewritten[1]];
}

/** Of the headers that are drawn, those of which a proxy has room for one value: more are written behind it, with commas between. */
const single: ReadonlySet<string> = new Set(["content-type", "x-request-id"]);

/** Headers as a proxy takes them in. */
export function takenIn(headers: readonly Header[]): Header[] {
  const taken: Header[] = [];
  for (const [name, value] of headers) addTo(taken, lower(name), value);
  return taken;
}

function addTo(headers: Header[], name: string, value: Bytes): void {
  const at = single.has(name) ? headers.findIndex(([key]) => key === name) : -1;
  const first = headers[at]?.[1];
  if (first === undefined) headers.push([name, value]);
  else headers[at] = [name, first === "" || value === "" ? first + value : `${first},${value}`];
}

/** The name of a header as proxies keep it: what HTTP/1 calls the host of a request is its authority. */
function keyOf({ travel }: Run, name: string): string {
  const key = lower(name);
  return key === "host" && travel.response === undefined ? ":authority" : key;
}

/** Replace all values of a header by one. Where it would break the message apart, by an empty one. */
export function replaceHeader(call: Invocation, name: string, value: Bytes): void {
  dropHeader(call, name);
  call.run.travel.headers.push([lower(name), isLegal(value) ? value : ""]);
}

export function dropHeader({ run: { travel } }: Invocation, name: string): void {
  travel.headers = travel.headers.filter(([key]) => key !== lower(name));
}

/** Blanks around a value are no part of it. */
function trimmed(value: Bytes): Bytes {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

function isLegal(value: Bytes): boolean {
  return !["\r", "\n", "\0"].some((character) => value.includes(character));
}
