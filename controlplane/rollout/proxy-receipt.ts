import type { Moment, Receipt } from "../server/receipts.ts";
import { settleMs } from "./pauses.ts";

/** A revision, and since when (RFC 3339, UTC). */
export interface Since {
  readonly revision: number;
  readonly time: string;
}

/** How far a proxy is. Times are those that the control plane which runs now has seen. */
export interface ProxyReceipt {
  readonly service: string;
  readonly connected: boolean;
  /** The revision that it is to run, or is on its way to. */
  readonly given: number;
  /** The last thing of which went out then. */
  readonly sent?: Since;
  /** All of which it has acknowledged. */
  readonly acknowledged?: Since;
  /** By which all its workers go. */
  readonly serving?: Since;
  /** Why it refuses a part of what it is to run. */
  readonly refused: readonly string[];
}

export function receiptOf(
  { node, connected, given, sent, acknowledged, refused }: Receipt,
  nowMs: number,
): ProxyReceipt {
  const isServed = acknowledged !== undefined && nowMs >= acknowledged.atMs + settleMs;
  return {
    ...{ service: node, connected, given: Number(given), refused },
    ...(sent === undefined ? {} : { sent: sinceOf(sent) }),
    ...(acknowledged === undefined ? {} : { acknowledged: sinceOf(acknowledged) }),
    ...(isServed ? { serving: sinceOf(acknowledged, settleMs) } : {}),
  };
}

function sinceOf({ revision, atMs }: Moment, laterMs = 0): Since {
  return { revision: Number(revision), time: new Date(atMs + laterMs).toISOString() };
}
