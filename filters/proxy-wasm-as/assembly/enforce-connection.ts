import {
  CONNECTIONS,
  connecting,
  established,
  forget,
  keep,
} from "./actions/connection";
import { finish, rememberConnection } from "./remember";
import { restrict } from "./reserved";
import { runs } from "./policy";

export { closeUnadmitted } from "./actions/connection";

// What Wire says, beside what `remember.ts` has, of a filter for TCP connections.

/** Begin a new connection: whether the policy is for it. */
export function appliesToNew(context: u32): bool {
  restrict();
  connecting(context);
  const found = runs(0);
  rememberConnection(context, found);
  return found;
}

/** The end of it. A connection that the configuration closes is over. */
export function finishNew(flow: u32): u32 {
  const given = finish(flow);
  return established() == 1 ? 1 : given;
}

/** Said when a configuration is looked at. */
export function keepConnections(): void {
  keep(memory.data(131072), 131072 / <u32>CONNECTIONS);
}

/** A connection is over. */
export function forgetConnection(context: u32): void {
  forget(context);
}
