import type { Build } from "../pipeline/build.ts";
import { createXdsServer, type XdsServer } from "../server/xds-server.ts";
import { type ControlPlane, createControlPlane, type Rollout } from "./control-plane.ts";
import { nackText } from "./nack-text.ts";
import { stateOf, writeState } from "./state-file.ts";

export interface Rollouts {
  readonly ads: XdsServer;
  readonly controlPlane: ControlPlane;
  /** What is being rolled out, or was last. */
  readonly newest: Build | undefined;
}

/** The xDS server and the control plane that rolls builds out through it, telling `progress` what happens in the proxies. */
export async function startRollouts(options: {
  readonly listen: { readonly host: string; readonly port: number };
  /** A file, where the state in force is to be kept. */
  readonly state?: string;
  /** Policies that are switched off from the beginning. */
  readonly off?: readonly string[];
  progress(line: string): void;
}): Promise<Rollouts> {
  const { progress, state } = options;
  let newest: Build | undefined;
  const ads = await createXdsServer({
    listen: options.listen,
    onNack: (nack) => {
      if (newest !== undefined) progress(nackText(nack, newest));
    },
  });
  const keep = async (rollout: Rollout): Promise<void> => {
    if (state !== undefined) await writeState(state, stateOf(rollout));
  };
  const controlPlane = createControlPlane({
    ads,
    async entering(rollout, stage) {
      newest = rollout.to;
      const services = [...stage.snapshots.keys()].join(", ") || "none";
      progress(
        rollout.from === undefined
          ? `starting the proxies: ${services}`
          : `rollout: ${stage.name} (proxies: ${services})`,
      );
      await keep(rollout);
    },
    switching: keep,
    ...(options.off === undefined ? {} : { off: options.off }),
    waiting: (node, { kind }) =>
      progress(
        kind === "timeout"
          ? `still waiting for the proxy of ${node}`
          : `the proxy of ${node} refuses what it is sent`,
      ),
  });
  return {
    ads,
    controlPlane,
    get newest() {
      return newest;
    },
  };
}
