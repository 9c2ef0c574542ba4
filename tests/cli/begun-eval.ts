import { writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { machine } from "../../controlplane/cli/machine.ts";
import type { Result } from "../../controlplane/eval/results.ts";
import type { MeshMachine } from "../../controlplane/eval/run-result.ts";
import type { PlacementRecord } from "../../controlplane/eval/traces/placement-record.ts";

const fakeVersion = "1.40.0";

/** This machine, where the tools are those of `toolsIn`. */
export const here: MeshMachine = {
  ...machine(),
  envoy: fakeVersion,
  memoryGib: Math.round(totalmem() / 2 ** 30),
};

/** The files of a folder in which `wire eval all --quick` has done all but to measure bookinfo. */
export function begunWith(runs: readonly Result[]): Readonly<Record<string, string>> {
  const capacity: Result = {
    ...{ kind: "capacity", at: "", machine: here, application: "bookinfo", rate: 10, seconds: 2, trials: [] },
  };
  const placement: PlacementRecord = {
    ...{ kind: "placement", application: "a", source: "generated", seed: 1, set: "p1", policies: 1 },
    ...{ services: 2, replicas: 2, calls: 1, requests: null, drawnReplicas: 0, status: "optimal", ms: 1 },
    ...{ proxies: 1, tcpProxies: 0, servicesWithout: 1, replicasWithout: 1, leaves: 1, leafReplicas: 1 },
    ...{ commit: null, node: "24", cpu: "some", cores: 2 },
  };
  return {
    "runs.jsonl": [capacity, ...runs].map((each) => `${JSON.stringify(each)}\n`).join(""),
    "placements.jsonl": `${JSON.stringify(placement)}\n`,
  };
}

/** An Envoy that says its version, and does what is given where it is run as a proxy, in JavaScript; and a Vegeta that is found, and never run. */
export function toolsIn(folder: string, proxy = ""): Readonly<Record<string, string>> {
  const found = join(folder, "envoy");
  const version = `console.log("envoy  version: 0abc/${fakeVersion}/Clean/RELEASE/BoringSSL");`;
  const text = `#!${process.execPath}\nif (process.argv[2] === "--version") ${version}\nelse {\n${proxy}\n}\n`;
  writeFileSync(found, text, { mode: 0o755 });
  return { WIRE_VEGETA: found, WIRE_ENVOY: found };
}
