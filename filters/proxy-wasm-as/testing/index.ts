export type { Host, HostOptions, HostRequest, HostResult, LocalReply, LogLine } from "./host.ts";
export { createHost } from "./host.ts";
