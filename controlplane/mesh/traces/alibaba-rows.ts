import type { Protocol } from "../mesh.ts";
import type { Observations, Observer, Witness } from "./observations.ts";
import { createNames } from "./own-text.ts";

/** Reads one row; what is wrong with it is said and nothing of it is observed. */
export type RowReader = (row: readonly string[]) => string | undefined;

/** What one row says. All of it is there in each, so that reading millions of them is fast. */
export interface AlibabaCall {
  /** Undefined for a request from outside. */
  readonly from: string | undefined;
  readonly to: string;
  readonly protocol: Protocol;
  readonly witness: Witness;
  /** In milliseconds since the recording began. */
  readonly atMs: number;
  readonly fromInstance: string | undefined;
  readonly toInstance: string | undefined;
  /** The request that it was made for; empty where there is no such column. Part of the row, whose text it keeps in memory. */
  readonly trace: string;
  /** The online service that the request was for: of 2022 only. */
  readonly service: string | undefined;
  /** 1 for the first call of a trace, 2 for those that are made for it, and so on; 0 where the row does not say. */
  readonly depth: number;
}

/** Takes one row apart, or says what is wrong with it. */
export type CallReader = (row: readonly string[]) => AlibabaCall | string;

const needed = ["timestamp", "um", "dm", "rpctype", "rt"] as const;

const protocols: Readonly<Record<string, Protocol>> = {
  rpc: "grpc",
  http: "http",
  mq: "tcp",
  db: "tcp",
  mc: "tcp",
};

/** How the traces say that they do not know who it was. */
const unknown = new Set(["", "(?)", "unknown", "unavailable", "nan", "none", "null"]);

/**
 * The rows of Alibaba's call graphs, of 2021 and 2022, by the names in the first row. A remote call is there twice, once as the caller has seen it and
 * once, with a negative response time, as the callee has. A message instead of a reader says what the first row lacks; where
 * it lacks everything, there is neither.
 */
export function alibabaCalls(
  header: readonly string[],
  more: readonly ("traceid" | "rpcid")[] = [],
): CallReader | string | undefined {
  const names = namesIn(header);
  const columns = [...needed, ...more];
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length === columns.length) return undefined;
  if (missing.length > 0)
    return `the first row has no ${missing.map((name) => `\`${name}\``).join(", ")}: it names the columns of Alibaba's call graphs`;
  const places = new Map(names.map((name, index) => [name, index]));
  const textOf = (name: string): ((row: readonly string[]) => string) => {
    const place = places.get(name) ?? -1;
    return (row) => row[place]?.trim() ?? "";
  };
  const [timestamp, rt, rpctype] = [textOf("timestamp"), textOf("rt"), textOf("rpctype")];
  const [caller, callee] = [textOf("um"), textOf("dm")];
  const [callerInstance, calleeInstance] = [textOf("uminstanceid"), textOf("dminstanceid")];
  const [traceid, rpcid, serviceid] = [textOf("traceid"), textOf("rpcid"), textOf("service")];
  // Of a row nothing else is kept.
  const nameOf = createNames(isUnknown);
  return (row) => {
    const type = rpctype(row);
    const protocol = protocols[type] ?? protocols[type.toLowerCase()];
    const atMs = number(timestamp(row));
    const time = number(rt(row));
    if (protocol === undefined)
      return `\`${type.toLowerCase()}\` is no \`rpctype\`: there are rpc, http, mq, db and mc`;
    if (atMs === undefined) return `\`${timestamp(row)}\` is no \`timestamp\``;
    if (time === undefined) return `\`${rt(row)}\` is no \`rt\``;
    const [from, to] = [nameOf(caller(row)), nameOf(callee(row))];
    if (to === undefined) return "nobody knows who was called";
    const depth = depthOf(rpcid(row));
    // The first call of a trace has no number below another's, and often no caller.
    const isFromOutside = from === undefined ? depth === 1 : from.toUpperCase() === "USER";
    if (from === undefined && !isFromOutside) return "nobody knows who called";
    return {
      from: isFromOutside ? undefined : from,
      to,
      protocol,
      witness: time < 0 ? "callee" : "caller",
      atMs,
      fromInstance: isFromOutside ? undefined : nameOf(callerInstance(row)),
      toInstance: nameOf(calleeInstance(row)),
      trace: traceid(row),
      service: nameOf(serviceid(row)),
      depth,
    };
  };
}

/** How many numbers there are with dots between, such as `0.1.12`; 0 where it is anything else. */
function depthOf(id: string): number {
  if (!/^\d+(?:\.\d+)*$/.test(id)) return 0;
  let depth = 1;
  for (let dot = id.indexOf("."); dot !== -1; dot = id.indexOf(".", dot + 1)) depth++;
  return depth;
}

/** The rows of a file as observations; what is instead of a reader is as with `alibabaCalls`. */
export function alibabaRows(
  header: readonly string[],
  observations: Observations,
): RowReader | string | undefined {
  const read = alibabaCalls(header);
  if (typeof read !== "function") return read;
  const observer = observations.on(clockOf(header));
  return (row) => {
    const call = read(row);
    if (typeof call === "string") return call;
    observeCall(call, observer);
    observer.at(call.atMs);
    return undefined;
  };
}

/** Who called whom; not when. */
export function observeCall(call: AlibabaCall, observer: Observer): void {
  const { from, to, protocol, witness, fromInstance, toInstance } = call;
  if (from === undefined) observer.fromOutside(to, protocol, witness);
  else observer.call(from, to, protocol, witness);
  if (from !== undefined && fromInstance !== undefined) observer.instance(from, fromInstance);
  if (toInstance !== undefined) observer.instance(to, toInstance);
}

function namesIn(header: readonly string[]): readonly string[] {
  return header.map((name) => name.trim().toLowerCase().replaceAll("_", ""));
}

/** Their times begin with the recording, and what was recorded together has the same columns. */
function clockOf(header: readonly string[]): string {
  return `rows of ${namesIn(header).join()}`;
}

function isUnknown(name: string): boolean {
  return name === "" || unknown.has(name.toLowerCase());
}

function number(text: string): number | undefined {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : undefined;
}
