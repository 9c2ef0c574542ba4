import { fromBinary } from "@bufbuild/protobuf";
import type { HTTPAccessLogEntry } from "../xds/generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { StreamAccessLogsMessageSchema } from "../xds/generated/envoy/service/accesslog/v3/als_pb.ts";
import type { Refusal } from "./counts.ts";
import { createTokenBucket } from "./token-bucket.ts";
import type { Call, CallEnd } from "./transport.ts";

/** Entries of an access log, which are requests; of connections nothing is taken. */
export interface LoggedRequests {
  readonly node: string;
  /** `log_name` of the client's logger. */
  readonly log: string;
  readonly entries: readonly HTTPAccessLogEntry[];
}

export interface LogStreamsOptions {
  /** Why the client may not be this node, or have one more stream of `open`. */
  readonly refuses: (
    call: Call,
    node: string,
    open: number,
  ) => { readonly why: Refusal; readonly details: string } | undefined;
  readonly refuse: (call: Call, why: Refusal, details: string, node?: string) => void;
  readonly onEntries: (logged: LoggedRequests) => void;
  /** A message was let go of unread, since its stream says more than is read of one. */
  readonly onUnread: (node: string) => void;
  readonly nowMs: () => number;
}

/** The streams on which clients send access logs. Nothing is answered, and nothing of them is kept. */
export interface LogStreams {
  readonly accept: (call: Call) => CallEnd;
  readonly endNode: (node: string, end: (call: Call) => void) => void;
  readonly calls: () => Iterable<Call>;
  readonly count: () => number;
}

/** Bytes. Clients gather some kilobytes, so that a larger message is one entry with a header that is nobody's. */
const messageBytesMax = 1 << 20;
/** Bytes of one stream that are read, at once and in a second: thousands of entries. */
const reading = { burst: messageBytesMax, perSecond: 256 << 10 };

export function createLogStreams(options: LogStreamsOptions): LogStreams {
  const { refuse, onEntries, onUnread, nowMs } = options;
  const streams = new Map<string, Set<Call>>();

  /** Whether the client may say as this node what it says. */
  function open(call: Call, node: string): boolean {
    const own = streams.get(node) ?? new Set();
    const refusal =
      node === ""
        ? ({ why: "invalid_argument", details: "the first message has no node.id" } as const)
        : options.refuses(call, node, own.size);
    if (refusal !== undefined) {
      refuse(call, refusal.why, refusal.details, node === "" ? undefined : node);
      return false;
    }
    streams.set(node, own.add(call));
    return true;
  }

  return {
    accept: (call) => {
      const budget = createTokenBucket(reading);
      let identity: { readonly node: string; readonly log: string } | undefined;
      let over = false;
      const leave = (): void => {
        over = true;
        const own = identity === undefined ? undefined : streams.get(identity.node);
        own?.delete(call);
        if (identity !== undefined && own?.size === 0) streams.delete(identity.node);
      };
      const end = (why: Refusal, details: string): void => {
        leave();
        refuse(call, why, details, identity?.node);
      };
      return {
        message: (bytes) => {
          if (over) return;
          if (bytes.length > messageBytesMax) {
            end("resource_exhausted", `a message has at most ${messageBytesMax} bytes`);
            return;
          }
          if (!budget.take(nowMs(), bytes.length)) {
            if (identity !== undefined) onUnread(identity.node);
            return;
          }
          const read = readEntries(bytes);
          if (read === undefined) {
            end("invalid_argument", "not a message of an access log");
            return;
          }
          if (identity === undefined) {
            if (!open(call, read.node)) {
              over = true;
              return;
            }
            identity = { node: read.node, log: read.log };
          }
          if (read.entries.length > 0) onEntries({ ...identity, entries: read.entries });
        },
        drained: () => {},
        ended: leave,
      };
    },
    endNode: (node, end) => {
      for (const call of [...(streams.get(node) ?? [])]) end(call);
    },
    calls: () => [...streams.values()].flatMap((each) => [...each]),
    count: () => [...streams.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

/** A message of a client; undefined where it is none. Only the first of a stream says who the client is, and which log it is. */
function readEntries(bytes: Uint8Array): LoggedRequests | undefined {
  try {
    const { identifier, logEntries } = fromBinary(StreamAccessLogsMessageSchema, bytes);
    return {
      node: identifier?.node?.id ?? "",
      log: identifier?.logName ?? "",
      entries: logEntries.case === "httpLogs" ? logEntries.value.logEntry : [],
    };
  } catch {
    return undefined;
  }
}
