import { setTimeout as sleep } from "node:timers/promises";
import { WireError } from "../error/wire-error.ts";
import type { Outcome } from "../server/node.ts";
import type { XdsServer } from "../server/xds-server.ts";
import { absence } from "./absence.ts";
import { oneLine } from "./one-line.ts";
import type { Pauses } from "./pauses.ts";
import type { Presence } from "./presence.ts";

/** Waits for what proxies make of what they were given last; for none that has left. Each rejects where the proxy refuses it. */
export interface Acknowledgements {
  /** Resolves when the proxy has taken all that it was given; rejects when it does not answer. */
  readonly by: (node: string) => Promise<void>;
  /** The same, however long it takes. */
  readonly inTheEndBy: (node: string) => Promise<void>;
  /** Nothing depends on it: the proxy may take it when it can. */
  readonly offeredTo: (node: string) => Promise<void>;
  /** What is to go may stay with the proxy for as long as it is away. */
  readonly leftBy: (node: string) => Promise<void>;
  /** There is nothing to go back to before the first build: its proxies may take as long as they need. Never rejects. */
  readonly firstBy: (node: string, replaced: AbortSignal) => Promise<void>;
}

export function createAcknowledgements(options: {
  readonly ads: Pick<XdsServer, "waitForAcks">;
  readonly presence: Presence;
  /** Resolves when whoever runs the proxies knows which are wanted, and none is there any more that was not: it would answer for the one that comes in its place. */
  readonly supervised: () => Promise<void>;
  /** Called when a proxy takes long, and now and then while a first build waits for one. */
  readonly waiting: (node: string, outcome: Exclude<Outcome, { readonly kind: "acked" }>) => void;
  readonly pauses: Pick<Pauses, "impatientMs" | "stageTimeoutMs">;
}): Acknowledgements {
  const { ads, presence, supervised, waiting } = options;
  const { impatientMs, stageTimeoutMs } = options.pauses;

  /** As the xDS server has it, telling of one that takes long. */
  async function answerOf(node: string): Promise<Outcome> {
    const impatient = setTimeout(() => {
      if (!presence.hasLeft(node)) waiting(node, { kind: "timeout" });
    }, impatientMs);
    return ads.waitForAcks(node, stageTimeoutMs).finally(() => clearTimeout(impatient));
  }

  /** Undefined once the proxy has left: there is nothing to wait for. */
  async function unlessLeft(node: string, answer: () => Promise<Outcome>): Promise<Outcome | undefined> {
    const over = new AbortController();
    const leaving = async (): Promise<undefined> => {
      while (!presence.hasLeft(node) && !over.signal.aborted)
        await presence.changed(stageTimeoutMs, over.signal);
    };
    return Promise.race([leaving(), answer()]).finally(() => over.abort());
  }

  function check(node: string, outcome: Outcome): void {
    switch (outcome.kind) {
      case "acked":
        return;
      case "nacked":
        throw new WireError(
          "nack",
          outcome.nacks.map((nack) => `proxy "${node}": ${oneLine(nack.message)}`).join("; "),
        );
      case "timeout":
        if (!presence.isConnected(node)) throw absence([node]);
        throw new WireError("rollout", `proxy "${node}" did not answer within ${stageTimeoutMs / 1000} s`);
      default:
        outcome satisfies never;
    }
  }

  return {
    by: async (node) => {
      await supervised();
      const outcome = await unlessLeft(node, () => answerOf(node));
      if (outcome !== undefined) check(node, outcome);
    },
    inTheEndBy: async (node) => {
      let outcome = await unlessLeft(node, () => answerOf(node));
      while (outcome?.kind === "timeout")
        outcome = await unlessLeft(node, () => ads.waitForAcks(node, stageTimeoutMs));
      if (outcome !== undefined) check(node, outcome);
    },
    offeredTo: async (node) => {
      const outcome = await ads.waitForAcks(node, impatientMs);
      if (outcome.kind === "nacked") check(node, outcome);
    },
    leftBy: async (node) => {
      const over = new AbortController();
      const away = async (): Promise<undefined> => {
        while (presence.isConnected(node) && !over.signal.aborted)
          await presence.changed(stageTimeoutMs, over.signal);
      };
      const outcome = await Promise.race([answerOf(node), away()]).finally(() => over.abort());
      if (outcome !== undefined) check(node, outcome);
    },
    firstBy: async (node, replaced) => {
      while (!replaced.aborted) {
        const outcome = await unlessLeft(node, () => ads.waitForAcks(node, stageTimeoutMs));
        if (outcome === undefined || outcome.kind === "acked") return;
        if (replaced.aborted) return;
        waiting(node, outcome);
        if (outcome.kind === "nacked") await sleep(stageTimeoutMs, undefined, { ref: false });
      }
    },
  };
}
