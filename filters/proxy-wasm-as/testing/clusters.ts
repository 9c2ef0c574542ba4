import { checkGrpcHandled } from "./check-input.ts";
import type { Fetch, FetchHandler } from "./fetches.ts";
import type { GrpcCall, GrpcHandler } from "./grpc.ts";

/** What stands for every cluster that nobody else answers for. */
const ANY = "*";

/** The clusters that callouts can go to, with who answers there, and the callouts that nobody has answered yet. */
export interface Clusters {
  readonly fetches: readonly Fetch[];
  readonly grpcCalls: readonly GrpcCall[];
  has(cluster: string): boolean;
  onFetch(cluster: string, handler: FetchHandler | undefined): void;
  onGrpc(cluster: string, handler: GrpcHandler | undefined): void;
  /** A callout goes out. */
  fetch(fetch: Fetch): void;
  open(call: GrpcCall): void;
  /** A stream has another message, or its end. */
  progress(call: GrpcCall): void;
}

export function createClusters(): Clusters {
  const known = new Set<string>();
  const fetchHandlers = new Map<string, FetchHandler>();
  const grpcHandlers = new Map<string, GrpcHandler>();
  const grpcHandlerOf = (cluster: string): GrpcHandler | undefined =>
    grpcHandlers.get(known.has(cluster) ? cluster : ANY);
  let fetches: readonly Fetch[] = [];
  let grpcCalls: readonly GrpcCall[] = [];
  const asked = (call: GrpcCall): void => checkGrpcHandled(grpcHandlerOf(call.cluster)?.(call));
  return {
    get fetches() {
      fetches = fetches.filter(({ isOpen }) => isOpen);
      return fetches;
    },
    get grpcCalls() {
      grpcCalls = grpcCalls.filter(({ isOpen }) => isOpen);
      return grpcCalls;
    },
    has: (cluster) => known.has(cluster) || known.has(ANY),
    onFetch(cluster, handler) {
      known.add(cluster);
      if (handler === undefined) fetchHandlers.delete(cluster);
      else fetchHandlers.set(cluster, handler);
    },
    onGrpc(cluster, handler) {
      known.add(cluster);
      if (handler === undefined) grpcHandlers.delete(cluster);
      else grpcHandlers.set(cluster, handler);
    },
    fetch(fetch) {
      const answered = fetchHandlers.get(known.has(fetch.cluster) ? fetch.cluster : ANY)?.(fetch);
      if (answered === "fail") fetch.fail();
      else if (answered !== undefined) fetch.answer(answered);
      fetches = [...fetches, fetch];
    },
    open(call) {
      grpcCalls = [...grpcCalls, call];
      asked(call);
    },
    progress: asked,
  };
}
