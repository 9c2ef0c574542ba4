import { Bytes, bytes, replaceHeader } from "../bytes";
import { forgetPairs } from "../pairs";
import { holdsBack, leadsTo, reroute } from "../policy";

const VERSION: usize = memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 118, 101, 114, 115, 105, 111, 110]);

export function routeToVersion(service: Bytes, version: Bytes): void {
  if (!leadsTo(service) || holdsBack()) return;
  replaceHeader(bytes(VERSION, 14), version);
  forgetPairs();
  reroute();
}
