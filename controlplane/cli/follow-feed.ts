import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const reconnectMs = 100;

/**
 * A feed of the control plane's HTTP API, followed until it is stopped; reconnects when the control plane comes back, and what it said
 * last stays in force meanwhile. A value is acknowledged when `taken` has resolved.
 */
export function followFeed<Value>(
  base: string,
  name: string,
  follower: string,
  taken: (value: Value) => Promise<void>,
): { stop(): void } {
  const stopped = new AbortController();
  void follow();

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      const response = await open(`${base}/${name}?follower=${follower}`, stopped.signal);
      if (response !== undefined) await read(response);
      await sleep(reconnectMs);
    }
  }

  async function read(response: IncomingMessage): Promise<void> {
    const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
    // The stream ends, by an error or not, with the control plane or with us.
    response.on("error", () => lines.close());
    lines.on("error", () => lines.close());
    for await (const line of lines) {
      const { revision, value }: { readonly revision: string; readonly value: Value } = JSON.parse(line);
      await taken(value);
      await acknowledge(revision);
    }
    response.destroy();
  }

  /** Not said again when it is lost: on the next connection the value comes again. */
  async function acknowledge(revision: string): Promise<void> {
    const body = JSON.stringify({ revision, follower });
    await fetch(`${base}/${name}/ack`, { method: "POST", body }).catch(() => undefined);
  }

  return { stop: () => stopped.abort() };
}

/** Undefined while nobody answers. */
function open(url: string, signal: AbortSignal): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    request(url, { signal, agent: false }, resolve)
      .on("error", () => resolve(undefined))
      .end();
  });
}
