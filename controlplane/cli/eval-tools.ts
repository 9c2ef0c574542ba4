import { totalmem } from "node:os";
import { findEnvoy } from "../../envoy/index.ts";
import { findVegeta } from "../../envoy/measure/find-vegeta.ts";
import type { MeshMachine } from "../eval/run-result.ts";
import { machine } from "./machine.ts";
import { processEnvoy } from "./process-envoy.ts";

/** What measurements need beside Wire, and where they are made. */
export interface EvalTools {
  /** Paths of binaries. */
  readonly envoy: string;
  readonly vegeta: string;
  readonly machine: MeshMachine;
}

/** Find them, or fetch and build what is not there yet. */
export async function evalTools(progress: (line: string) => void): Promise<EvalTools> {
  const { path: envoy, version } = processEnvoy(await findEnvoy({ onProgress: progress }));
  const vegeta = await findVegeta({ onProgress: progress });
  return {
    ...{ envoy, vegeta },
    machine: { ...machine(), envoy: version, memoryGib: Math.round(totalmem() / 2 ** 30) },
  };
}
