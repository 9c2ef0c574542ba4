export type { Header, Host, HostOptions, HostRequest, HostResult, LocalReply, LogLine } from "./host.ts";
export { createHost } from "./host.ts";
