import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A feed of the control plane's HTTP API, followed until it is stopped; reconnects when the control plane comes back. */
export function followFeed<Value>(
  base: string,
  name: string,
  follower: string,
  taken: (value: Value) => Promise<void>,
): { stop(): void } {
  let stopped = false;
  let abort = new AbortController();

  async function acknowledge(revision: string): Promise<void> {
    const response = await fetch(`${base}/${name}/ack`, {
      method: "POST",
      body: JSON.stringify({ revision, follower }),
    });
    await response.arrayBuffer();
  }

  async function once(): Promise<void> {
    for await (const line of lines(`${base}/${name}?follower=${follower}`, abort.signal)) {
      const { revision, value } = JSON.parse(line) as { readonly revision: string; readonly value: Value };
      await taken(value);
      await acknowledge(revision);
    }
  }

  async function forever(): Promise<void> {
    while (!stopped) {
      // The control plane is away for a moment; what it said last stays in force.
      await once().catch(() => undefined);
      await sleep(100);
      abort = new AbortController();
    }
  }
  void forever();
  return {
    stop() {
      stopped = true;
      abort.abort();
    },
  };
}

async function* lines(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { signal }, resolve).on("error", reject).end();
  });
  yield* createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
}
