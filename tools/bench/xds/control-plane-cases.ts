import { fork } from "node:child_process";
import { join } from "node:path";
import type { BenchCase } from "../case.ts";
import type { ControlPlaneFigures } from "./control-plane.ts";

let known: Promise<ControlPlaneFigures> | undefined;

/** Both figures are of the one run. */
function figures(): Promise<ControlPlaneFigures> {
  known ??= new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "control-plane.ts"), { stdio: "inherit" });
    child.once("message", (told) => resolve(told as ControlPlaneFigures));
    child.once("exit", (code) => reject(new Error(`the control plane ended with ${code}`)));
  });
  return known;
}

/** Wire's own control plane with 1,000 proxies, each with a snapshot of its own; the policy that is switched is enforced by all of them. */
export const controlPlaneCases: readonly BenchCase[] = [
  {
    name: "xds/kill-switch-1000",
    limit: 1_000,
    unit: "ms",
    measure: async () => (await figures()).switchMs,
  },
  {
    name: "xds/kill-switch-1000-held-up",
    unit: "ms",
    measure: async () => (await figures()).heldUpMs,
  },
  {
    name: "xds/control-plane-1000",
    unit: "KiB",
    measure: async () => (await figures()).proxyKib,
  },
];
