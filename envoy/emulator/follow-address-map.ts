import { get, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddressMap, AddressRevision } from "./address-map.ts";
import type { Emulator } from "./start-emulator.ts";

export interface FollowOptions {
  /** Names this follower to the control plane. Defaults to the process id. */
  readonly follower?: string;
  /** Ends the following. */
  readonly signal?: AbortSignal;
  /** Called when the stream is lost, before the next attempt. */
  readonly onLost?: (error: unknown) => void;
}

const backoffMsMin = 50;
const backoffMsMax = 2_000;

/**
 * Follow the address map that a control plane streams from `url` (`http://HOST:PORT/addresses`), and acknowledge
 * each revision that is in force. The last map stays in force while the control plane is away.
 */
export async function followAddressMap(
  url: string,
  emulator: Pick<Emulator, "update">,
  options: FollowOptions = {},
): Promise<void> {
  const follower = options.follower ?? String(process.pid);
  const signal = options.signal ?? new AbortController().signal;
  let backoffMs = backoffMsMin;
  while (!signal.aborted) {
    try {
      await stream(`${url}?follower=${encodeURIComponent(follower)}`, signal, async (next) => {
        backoffMs = backoffMsMin;
        await emulator.update(next);
        await acknowledge(`${url}/ack`, { revision: next.revision, follower }, signal);
      });
    } catch (error) {
      if (signal.aborted) return;
      options.onLost?.(error);
    }
    await sleep(backoffMs, undefined, { signal, ref: true }).catch(() => {});
    backoffMs = Math.min(backoffMs * 2, backoffMsMax);
  }
}

/** Take line by line; of the lines that came while one was taken, only the last counts. */
function stream(
  url: string,
  signal: AbortSignal,
  take: (next: AddressRevision) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let latest: AddressRevision | undefined;
    let busy = false;
    const sent = get(url, { agent: false, signal }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`the control plane answers ${response.statusCode} to ${url}`));
        return;
      }
      let pending = "";
      const work = async (): Promise<void> => {
        if (busy) return;
        busy = true;
        for (let next = latest; next !== undefined; next = latest) {
          latest = undefined;
          await take(next);
        }
        busy = false;
      };
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (pending + chunk).split("\n");
        pending = lines.pop() ?? "";
        const line = lines.filter((text) => text.trim() !== "").at(-1);
        if (line === undefined) return;
        try {
          const next: { readonly revision: string; readonly value: AddressMap } = JSON.parse(line);
          latest = { revision: next.revision, map: next.value };
        } catch (error) {
          sent.destroy();
          reject(error);
          return;
        }
        work().catch((error: unknown) => {
          sent.destroy();
          reject(error);
        });
      });
      response.on("end", resolve);
      response.on("error", reject);
    });
    sent.on("error", reject);
  });
}

function acknowledge(
  url: string,
  body: { readonly revision: string; readonly follower: string },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", agent: false, signal, headers: { "content-type": "application/json" } },
      (response) => {
        response.resume();
        response.on("end", resolve);
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}
