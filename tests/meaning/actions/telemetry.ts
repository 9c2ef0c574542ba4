import { type Action, bytesAt, intAt, mayAct } from "../action.ts";
import type { Bytes } from "../bytes.ts";
import type { Level } from "../exchange.ts";

const count: Action = (call) => {
  const [name, by] = [`wire.${bytesAt(call, 0)}`, intAt(call, 1)];
  // A counter only goes up.
  if (mayAct(call) && by > 0n) addTo(call.run.travel.counts, name, by);
};

const countBytes: Action = (call) => {
  if (mayAct(call)) call.run.travel.metered.push(`wire.${bytesAt(call, 0)}`);
};

const histogram: Action = (call) => {
  const [name, value] = [`wire.${bytesAt(call, 0)}`, intAt(call, 1)];
  // Nor does a histogram know what is below nothing.
  if (mayAct(call)) call.run.travel.records.push([name, value > 0n ? value : 0n]);
};

const log: Action = (call) => {
  const [message, level] = [oneLine(bytesAt(call, 0)), bytesAt(call, 1) as Level];
  if (mayAct(call)) call.run.travel.logs.push({ level, message });
};

const tagAccessLog: Action = (call) => {
  const value = oneLine(bytesAt(call, 1));
  if (mayAct(call)) call.run.travel.tags.set(bytesAt(call, 0), value);
};

const status: Action = ({ run }) => BigInt(run.travel.response?.status ?? 0);

const isRequestStatus: Action = (call) => {
  const { run } = call;
  const grpc = run.travel.headers.find(([name]) => name === "grpc-status")?.[1];
  const failed = Number(status(call)) >= 500 || (grpc !== undefined && grpc !== "0");
  return failed === (bytesAt(call, 0) === "FAILED");
};

/** What is told about requests, and what their responses tell. */
export const telemetry: Readonly<Record<string, Action>> = {
  Count: count,
  CountBytes: countBytes,
  Histogram: histogram,
  Log: log,
  TagAccessLog: tagAccessLog,
  GetStatus: status,
  IsRequestStatus: isRequestStatus,
};

/** A line stays one line: control characters of ASCII become blanks. */
function oneLine(text: Bytes): Bytes {
  return text.replace(/[\p{Cc}--[\x80-\xff]]/gv, " ");
}

/** Add to what a counter has gained. */
export function addTo(counts: Map<string, bigint>, name: string, by: bigint): void {
  counts.set(name, (counts.get(name) ?? 0n) + by);
}
