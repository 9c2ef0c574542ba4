import type { Build } from "../pipeline/build.ts";
import type { Peer } from "../server/transport.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "../server/xds-server.ts";
import { type ControlPlane, createControlPlane, type Rollout } from "./control-plane.ts";
import type { ControlPlaneEvent } from "./event.ts";
import { refusedPolicies } from "./refused-policies.ts";
import { stateOf, writeState } from "./state-file.ts";
import { watchRollouts } from "./watch-rollouts.ts";

export interface Rollouts {
  readonly ads: XdsServer;
  readonly controlPlane: ControlPlane;
  /** What is being rolled out, or was last. */
  readonly newest: Build | undefined;
}

/** The xDS server and the control plane that rolls builds out through it, telling `observe` what happens in the proxies. */
export async function startRollouts(options: {
  /** Where proxies connect, and which of them may. */
  readonly server: Pick<XdsServerOptions, "listen" | "credentials" | "refuses" | "plaintext">;
  /** A file, where the state in force is to be kept. */
  readonly state?: string;
  /** Policies that are switched off from the beginning. */
  readonly off?: readonly string[];
  observe(event: ControlPlaneEvent): void;
}): Promise<Rollouts> {
  const { observe, state } = options;
  let newest: Build | undefined;
  const stream = (kind: "connected" | "disconnected") => (node: string, peer: Peer) =>
    observe({ kind, node, ...peer });
  const ads = await createXdsServer({
    ...options.server,
    onNack: (nack) => {
      if (newest !== undefined) observe({ kind: "nacked", ...nack, policies: refusedPolicies(nack, newest) });
    },
    onConnected: stream("connected"),
    onDisconnected: stream("disconnected"),
    onConverged: (converged) => observe({ kind: "converged", ...converged }),
  });
  const keep = async (rollout: Rollout): Promise<void> => {
    if (state !== undefined) await writeState(state, stateOf(rollout));
  };
  const watch = watchRollouts(observe, () => performance.now());
  const controlPlane = createControlPlane({
    ads: {
      ...ads,
      async waitForAcks(node, timeoutMs) {
        const outcome = await ads.waitForAcks(node, timeoutMs);
        watch.answered(node, outcome);
        return outcome;
      },
    },
    begun: watch.begin,
    ended: watch.end,
    async entering(rollout, stage) {
      newest = rollout.to;
      watch.enter(rollout, stage);
      await keep(rollout);
    },
    switching: keep,
    ...(options.off === undefined ? {} : { off: options.off }),
    waiting: (node, { kind }) => watch.waiting(node, kind),
  });
  return {
    ads,
    controlPlane,
    get newest() {
      return newest;
    },
  };
}
