import type { Mode, Scenario } from "../eval/mode.ts";
import { type Load, type WarmUp, warmUpOf } from "../eval/plan.ts";
import type { RunResult } from "../eval/run-result.ts";
import { addressPlan } from "../xds/address-plan.ts";
import type { LoadedApplication } from "./eval-applications.ts";
import { measure } from "./eval-measure.ts";
import { type EvalMesh, startEvalMesh } from "./eval-mesh.ts";
import { storeFaults } from "./eval-stores.ts";
import type { EvalTools } from "./eval-tools.ts";

/** What is measured in one start of a mesh. */
export interface Turn {
  readonly loaded: LoadedApplication;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  /** One after the other. */
  readonly loads: readonly Load[];
  readonly warmUp: WarmUp;
  readonly round: number;
  readonly seed: number;
}

export interface TurnOptions {
  readonly signal: AbortSignal;
  progress(line: string): void;
  /** Called before each rate. */
  onMeasuring?(rate: number): void;
}

/** Start a mesh, see that its policies are enforced, and measure it under each load. */
export async function* evalTurn(
  turn: Turn,
  tools: EvalTools,
  { signal, progress, onMeasuring = () => {} }: TurnOptions,
): AsyncGenerator<RunResult> {
  const { loaded, mesh: mode, scenario, round, seed } = turn;
  const { application, mesh: services } = loaded;
  await using mesh = await startEvalMesh({
    ...{ application, mesh: services, meshFile: loaded.meshFile, policies: loaded.policies, mode },
    ...{ envoy: tools.envoy, signal, progress },
  });
  for (const [at, { rate, seconds }] of turn.loads.entries()) {
    signal.throwIfAborted();
    onMeasuring(rate);
    const began = new Date().toISOString();
    const measured = await measure({
      ...{ mesh, application, vegeta: tools.vegeta, rate, seconds, signal },
      warmUpSeconds: warmUpOf(at, turn.warmUp),
      isEnforced: mode !== "none",
      isHttp2: loaded.isHttp2,
    });
    const faults = await faultsOf(turn, mesh, measured.enforcement);
    yield {
      ...{ kind: "run", at: began, machine: tools.machine, application: loaded.name, scenario, mesh: mode },
      ...{ rate, seconds, round, seed },
      services: services.services.size,
      replicas: [...services.services.keys()].reduce(
        (sum, name) => sum + addressPlan(services).instances(name).length,
        0,
      ),
      proxies: mesh.pids.proxies.length,
      ...measured,
      ...(faults.length === 0 ? {} : { void: faults.join("; ") }),
    };
  }
}

/** What the figures are void for: policies that were not enforced, or of which nothing was seen. */
async function faultsOf(
  { loaded, scenario }: Turn,
  mesh: EvalMesh,
  enforcement: RunResult["enforcement"],
): Promise<readonly string[]> {
  if (enforcement === undefined) return [];
  const { covered, wrong, example = "" } = enforcement;
  const stores =
    scenario === "p1p2" ? await storeFaults(mesh, loaded.application, addressPlan(loaded.mesh)) : [];
  return [
    ...(wrong > 0 ? [`${wrong} calls are not as the policies say: ${example}`] : []),
    ...(covered === 0 ? ["no answer shows a call that policies are about"] : []),
    ...stores,
  ];
}
