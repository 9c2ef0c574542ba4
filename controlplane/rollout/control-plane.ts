import { setTimeout as sleep } from "node:timers/promises";
import { WireError } from "../error/wire-error.ts";
import type { Build } from "../pipeline/build.ts";
import type { AdsServer } from "../server/ads-server.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { createFeed, type Feed } from "./feed.ts";
import { type Stage, stagesOf } from "./stages.ts";

/**
 * An ACK comes before all workers have switched (14 ms at most were seen), and a caller's answer before its connections have drained.
 * The next stage waits this long after the last acknowledgement of one that changed something.
 */
const settleMs = 40;
const stageTimeoutMs = 30_000;

export interface ControlPlane {
  /** The build in force, once one is. */
  readonly current: Build | undefined;
  /** The services that shall have a running proxy. Followed by whoever runs the proxies. */
  readonly proxies: Feed<readonly string[]>;
  /** Where each service finds what it calls. Followed, and acknowledged, by the services. */
  readonly addresses: Feed<AddressMap>;
  /** Roll a build out; resolves when it is in force everywhere. One at a time, in the order of the calls. */
  apply(build: Build): Promise<void>;
  /** Take a build as already in force, as after a restart. */
  adopt(build: Build): void;
}

export interface ControlPlaneOptions {
  readonly ads: AdsServer;
  onStage(stage: Stage): void;
}

export function createControlPlane({ ads, onStage }: ControlPlaneOptions): ControlPlane {
  const proxies = createFeed<readonly string[]>();
  const addresses = createFeed<AddressMap>();
  let current: Build | undefined;
  let queue: Promise<void> = Promise.resolve();
  let nodes: readonly string[] = [];

  function show(stage: Stage): void {
    for (const [service, snapshot] of stage.snapshots) ads.setSnapshot(service, snapshot);
    proxies.publish([...stage.snapshots.keys()]);
  }

  function forget(stage: Stage): void {
    for (const node of nodes) if (!stage.snapshots.has(node)) ads.removeNode(node);
    nodes = [...stage.snapshots.keys()];
  }

  async function acknowledgedBy(node: string): Promise<void> {
    const outcome = await ads.waitForAcks(node, stageTimeoutMs);
    if (outcome.kind === "timeout") {
      throw new WireError(
        "rollout",
        `proxy "${node}" did not take the change within ${stageTimeoutMs / 1000} s`,
      );
    }
    if (outcome.kind === "nacked") {
      throw new WireError("nack", outcome.nacks.map((nack) => `proxy "${node}": ${nack.message}`).join("; "));
    }
  }

  async function enter(stage: Stage): Promise<void> {
    onStage(stage);
    show(stage);
    await Promise.all([...stage.snapshots.keys()].map(acknowledgedBy));
    await sleep(settleMs);
    if (addresses.publish(stage.addresses)) {
      await addresses.acknowledged(stageTimeoutMs);
      await sleep(settleMs);
    }
    forget(stage);
  }

  async function rollOut(build: Build): Promise<void> {
    const before = current;
    try {
      for (const stage of stagesOf(before, build)) await enter(stage);
      current = build;
    } catch (cause) {
      // What was in force goes on; a first build has nothing to go back to.
      if (before !== undefined) for (const stage of stagesOf(before, before).slice(-1)) show(stage);
      if (cause instanceof WireError) throw cause;
      throw new WireError(
        "rollout",
        `the change was not taken: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
  }

  return {
    get current() {
      return current;
    },
    proxies,
    addresses,
    apply(build) {
      const run = queue.then(() => rollOut(build));
      queue = run.catch(() => undefined);
      return run;
    },
    adopt(build) {
      const stage = stagesOf(undefined, build)[0];
      if (stage === undefined) return;
      show(stage);
      addresses.publish(stage.addresses);
      forget(stage);
      current = build;
    },
  };
}
