import type { Protocol } from "../mesh.ts";
import type { Observations } from "./observations.ts";

/** Reads one row; what is wrong with it is said and nothing of it is observed. */
export type RowReader = (row: readonly string[]) => string | undefined;

const needed = ["timestamp", "um", "dm", "rpctype", "rt"] as const;
type Column = (typeof needed)[number] | "rpcid" | "uminstanceid" | "dminstanceid";

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
export function alibabaRows(
  header: readonly string[],
  observations: Observations,
): RowReader | string | undefined {
  const names = header.map((name) => name.trim().toLowerCase().replaceAll("_", ""));
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length === needed.length) return undefined;
  if (missing.length > 0)
    return `the first row has no ${missing.map((name) => `\`${name}\``).join(", ")}: it names the columns of Alibaba's call graphs`;
  const observer = observations.on(clockOf(names));
  const places = new Map(names.map((name, index) => [name, index]));
  return (row) => {
    const value = (column: Column): string => row[places.get(column) ?? -1]?.trim() ?? "";
    const [um, dm, type] = [value("um"), value("dm"), value("rpctype").toLowerCase()];
    const protocol = protocols[type];
    const at = number(value("timestamp"));
    const rt = number(value("rt"));
    if (protocol === undefined) return `\`${type}\` is no \`rpctype\`: there are rpc, http, mq, db and mc`;
    if (at === undefined) return `\`${value("timestamp")}\` is no \`timestamp\``;
    if (rt === undefined) return `\`${value("rt")}\` is no \`rt\``;
    if (isUnknown(dm)) return "nobody knows who was called";
    const witness = rt < 0 ? "callee" : "caller";
    // The first call of a trace has no number below another's, and often no caller.
    const isFirst = isUnknown(um) && /^\d+$/.test(value("rpcid"));
    if (um.toUpperCase() === "USER" || isFirst) observer.fromOutside(dm, protocol, witness);
    else if (isUnknown(um)) return "nobody knows who called";
    else observer.call(um, dm, protocol, witness);
    observer.at(at);
    for (const [service, id] of [
      [um, value("uminstanceid")],
      [dm, value("dminstanceid")],
    ] as const)
      if (!isUnknown(service) && !isUnknown(id) && service.toUpperCase() !== "USER")
        observer.instance(service, id);
    return undefined;
  };
}

/** Their times begin with the recording, and what was recorded together has the same columns. */
function clockOf(names: readonly string[]): string {
  return `rows of ${names.join()}`;
}

function isUnknown(name: string): boolean {
  return unknown.has(name.toLowerCase());
}

function number(text: string): number | undefined {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : undefined;
}
