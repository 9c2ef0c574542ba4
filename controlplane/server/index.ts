export { inconsistencies } from "../xds/inconsistencies.ts";
export type { Resource, Resources } from "../xds/resource.ts";
export { byName, mapOf, resource } from "../xds/resource.ts";
export type { TypeUrl } from "../xds/type-url.ts";
export { typeUrl } from "../xds/type-url.ts";
export { boundToSpiffeId } from "./bound-to-spiffe-id.ts";
export type { Converged } from "./convergence.ts";
export type { Refusal, TypeCounts, XdsCounts } from "./counts.ts";
export { startGrpcJsTransport } from "./grpc-js-transport.ts";
export { startHttp2Transport } from "./http2-transport.ts";
export type { ClusterLoad, LoadReport } from "./load-report.ts";
export type { LoggedRequests } from "./log-streams.ts";
export type { Ack, Nack, NodeStatus, Outcome } from "./node.ts";
export type { Mark, Moment, Receipt } from "./receipts.ts";
export type { Snapshot } from "./snapshot.ts";
export type { ResourceStatus } from "./stream.ts";
export type {
  Call,
  CallEnd,
  Credentials,
  HandshakeFailure,
  Peer,
  StartTransport,
  Transport,
} from "./transport.ts";
export {
  type Convergence,
  createXdsServer,
  type Limits,
  type Loads,
  type Logs,
  type Refused,
  type XdsServer,
  type XdsServerOptions,
} from "./xds-server.ts";
