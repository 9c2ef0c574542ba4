import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";

/** Run a verified module once with its configuration; why it does not work, in its own words. Never throws. */
export function smoke(bytes: Uint8Array, configuration: string): string[] {
  try {
    const host = createHost(bytes, { configuration });
    if (host.failure !== null) return [host.failure, ...host.logs.map((line) => line.message)];
    for (const headers of [
      [],
      [
        [":method", "GET"],
        [":path", "/"],
        ["user-agent", "wire"],
      ] as const,
    ]) {
      const properties = { "source.address": "127.0.0.1:1", "xds.route_name": "none" };
      const { logs } = host.request({ headers, properties });
      if (host.failure !== null) return [host.failure, ...logs.map((line) => line.message)];
    }
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
