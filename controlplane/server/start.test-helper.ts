import { onTestFinished } from "vitest";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "./xds-server.ts";

/** A server on a port of its own, that ends with the test. */
export async function start(options: Partial<XdsServerOptions> = {}): Promise<XdsServer> {
  const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 }, ...options });
  onTestFinished(() => server.close());
  return server;
}
