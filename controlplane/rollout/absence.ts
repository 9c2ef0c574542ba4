import { WireError } from "../error/wire-error.ts";

/** The code of what was not taken since proxies are not connected. */
export const absent = "absent";

export function absence(nodes: readonly string[]): WireError {
  return new WireError(
    absent,
    `it concerns proxies that are not connected, and is tried again when they are: ${nodes.join(", ")}`,
  );
}
