import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  LoadStatsRequestSchema,
  type LoadStatsResponse,
  LoadStatsResponseSchema,
} from "../xds/generated/envoy/service/load_stats/v3/lrs_pb.ts";

const path = "/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats";

/** A client that reports load over a real socket, as a test tells it. */
export interface LoadReporter {
  readonly say: (request: MessageInitShape<typeof LoadStatsRequestSchema>) => void;
  readonly sendBytes: (bytes: Uint8Array) => void;
  /** The next question: its clusters, and how many seconds are between two reports. */
  readonly next: () => Promise<{ readonly clusters: readonly string[]; readonly seconds: number }>;
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  readonly close: () => void;
}

export function loadReporter(port: number): LoadReporter {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream: ClientDuplexStream<Uint8Array, LoadStatsResponse> = client.makeBidiStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => fromBinary(LoadStatsResponseSchema, bytes),
  );
  const ended = new Promise<{ code: number; details: string }>((resolve) => {
    stream.on("status", ({ code, details }) => resolve({ code, details }));
  });
  stream.on("error", () => {});
  const unread: LoadStatsResponse[] = [];
  let wake = (): void => {};
  stream.on("data", (response: LoadStatsResponse) => {
    unread.push(response);
    wake();
  });
  const close = (): void => {
    stream.cancel();
    client.close();
  };
  return {
    say: (request) => stream.write(toBinary(LoadStatsRequestSchema, create(LoadStatsRequestSchema, request))),
    sendBytes: (bytes) => stream.write(bytes),
    next: async () => {
      while (unread.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const { clusters: asked = [], loadReportingInterval: interval } = unread.shift() ?? {};
      return {
        clusters: asked,
        seconds: Number(interval?.seconds ?? 0n) + (interval?.nanos ?? 0) / 1e9,
      };
    },
    ended,
    close,
  };
}
