import { createHost, type Host, type HostOptions } from "../filters/proxy-wasm-as/testing/index.ts";
import type { BuiltPolicy } from "./build-policy.ts";

/** A host in which a ready-made policy runs as it is configured. Throws when that is refused. */
export function startPolicy(
  { bytes, configuration }: BuiltPolicy,
  options: Omit<HostOptions, "configuration"> = {},
): Host {
  const host = createHost(bytes, { ...options, configuration });
  if (host.failure !== null)
    throw new Error([host.failure, ...host.logs.map(({ message }) => message)].join("\n"));
  return host;
}
