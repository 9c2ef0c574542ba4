export type { HostConnect, HostConnection } from "./connection.ts";
export type { Header } from "./header-map.ts";
export type { Host, HostExchange, HostOptions, HostStream } from "./host.ts";
export { createHost } from "./host.ts";
export type { LocalReply } from "./local-reply.ts";
export { localResponse } from "./local-reply.ts";
export type { PropertyValue } from "./properties.ts";
export type { SharedData } from "./shared-data.ts";
export { createSharedData } from "./shared-data.ts";
export type {
  HostRequest,
  HostResponse,
  HostResult,
  LogLine,
  ReceivedResponse,
} from "./stream.ts";
