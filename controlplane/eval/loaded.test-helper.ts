import { strict as assert } from "node:assert";
import { type LoadedApplication, loadApplication } from "../cli/eval-applications.ts";
import type { Scenario } from "./mode.ts";

/** One of the applications that come along, which have no faults. */
export async function loaded(name: string, scenario: Scenario): Promise<LoadedApplication> {
  const application = await loadApplication(name, scenario);
  assert(application.kind === "loaded", JSON.stringify(application));
  return application;
}
