import { request } from "node:http";

export interface AdminReply {
  readonly status: number;
  readonly body: string;
}

/** One request to an Envoy's admin interface, on a connection of its own. Rejects after `timeoutMs`. */
export function admin(options: {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  /** Defaults to GET; what changes something wants POST. */
  readonly method?: "GET" | "POST";
  /** Defaults to two seconds. */
  readonly timeoutMs?: number;
}): Promise<AdminReply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: options.address,
        port: options.port,
        path: options.path,
        method: options.method ?? "GET",
        agent: false,
        signal: AbortSignal.timeout(options.timeoutMs ?? 2_000),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

/** Read the lines `name: 42` of `/stats`; histograms and texts are left out. */
export function parseStats(body: string): ReadonlyMap<string, number> {
  const stats = new Map<string, number>();
  for (const line of body.split("\n")) {
    const match = /^(.+): (\d+)$/.exec(line.trim());
    if (match?.[1] !== undefined) stats.set(match[1], Number(match[2]));
  }
  return stats;
}
