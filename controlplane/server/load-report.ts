import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  LoadStatsRequestSchema,
  LoadStatsResponseSchema,
} from "../xds/generated/envoy/service/load_stats/v3/lrs_pb.ts";
import { timerMs } from "./timer.ts";

/** What a client has sent to one cluster since it last told of it. */
export interface ClusterLoad {
  readonly cluster: string;
  /** Milliseconds in which these were counted. A client that could not tell at some time tells of all of it later. */
  readonly overMs: number;
  /** Begun in this time: each attempt, and of a TCP cluster each connection. The localities and priorities together. */
  readonly requests: number;
  /** Of those that have ended in this time, whenever they began: answered by 5xx, or not at all. */
  readonly failed: number;
  /** Not sent, since the cluster was overloaded or told to drop them. */
  readonly dropped: number;
}

/** One message of one stream. */
export interface LoadReport {
  readonly node: string;
  /** Streams are counted from 1: replicas of a proxy that share a node's name have one each, and one that starts again another. */
  readonly stream: number;
  /** When it came, in milliseconds of a clock that only goes on. */
  readonly atMs: number;
  readonly clusters: readonly ClusterLoad[];
}

/** A message of a client; undefined where it is none. Only the first of a stream has to say who the client is. */
export function readLoads(
  bytes: Uint8Array,
): { readonly node: string; readonly clusters: readonly ClusterLoad[] } | undefined {
  try {
    const { node, clusterStats } = fromBinary(LoadStatsRequestSchema, bytes);
    return {
      node: node?.id ?? "",
      clusters: clusterStats.map(
        ({ clusterName, loadReportInterval: over, upstreamLocalityStats: parts, totalDroppedRequests }) => ({
          cluster: clusterName,
          overMs: Number(over?.seconds ?? 0n) * 1_000 + (over?.nanos ?? 0) / 1e6,
          requests: sum(parts.map(({ totalIssuedRequests }) => totalIssuedRequests)),
          failed: sum(parts.map(({ totalErrorRequests }) => totalErrorRequests)),
          dropped: Number(totalDroppedRequests),
        }),
      ),
    };
  } catch {
    return undefined;
  }
}

/** What a client is to report, and how often. */
export function writeInterest(clusters: Iterable<string>, wantedMs: number): Uint8Array {
  const intervalMs = timerMs(wantedMs);
  return toBinary(
    LoadStatsResponseSchema,
    create(LoadStatsResponseSchema, {
      clusters: [...clusters],
      loadReportingInterval: create(DurationSchema, {
        seconds: BigInt(Math.floor(intervalMs / 1_000)),
        nanos: Math.round((intervalMs % 1_000) * 1e6),
      }),
    }),
  );
}

function sum(counts: readonly bigint[]): number {
  return counts.reduce((total, count) => total + Number(count), 0);
}
