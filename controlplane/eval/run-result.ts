import * as z from "zod/mini";
import type { Enforcement } from "./enforcement.ts";
import type { Latency } from "./latency.ts";
import type { Machine } from "./machine.ts";
import { type Mode, modes, type Scenario, scenarios } from "./mode.ts";

/** On what, and with what, a mesh was measured. */
export interface MeshMachine extends Machine {
  /** The version of Envoy. */
  readonly envoy: string;
  readonly memoryGib: number;
}

/** By what took it; the rest of the machine is in none. */
export interface ByPart {
  readonly proxies: number;
  readonly services: number;
  readonly controlPlane: number;
}

/** What one application took at one rate in one mesh: a line of `runs.jsonl`. */
export interface RunResult {
  readonly kind: "run";
  /** When the measurement began, in ISO 8601. */
  readonly at: string;
  readonly machine: MeshMachine;
  readonly application: string;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  /** Requests a second that were due. */
  readonly rate: number;
  /** Of measurement, after a warm-up that counts for nothing. */
  readonly seconds: number;
  /** Which of the rounds, from 1. */
  readonly round: number;
  /** By which the order of the meshes in each round was drawn. */
  readonly seed: number;
  /** Services and stores, and replicas of all of them. */
  readonly services: number;
  readonly replicas: number;
  /** Envoys. One stands before all replicas of a service. */
  readonly proxies: number;
  readonly requests: { readonly due: number; readonly answered: number };
  /** How many were not answered with 200, by why: `status 503`, `timeout`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of the answered ones, from when they were due; absent where there are none. */
  readonly latencyMs?: Latency;
  /** Cores that were busy, on average. */
  readonly cores: ByPart & { readonly load: number };
  readonly memoryMib: ByPart;
  /** Absent where no policies are in force. */
  readonly enforcement?: Enforcement;
  /** Why the figures say nothing. Absent: they do. */
  readonly void?: string;
}

const number = z.number();
const text = z.string();
const byPart = { proxies: number, services: number, controlPlane: number };

export const machineSchema: z.ZodMiniType<MeshMachine> = z.object({
  ...{ commit: z.nullable(text), envoy: text, node: text, cpu: text },
  ...{ cores: number, memoryGib: number },
});

/** How it is read again. */
export const runSchema: z.ZodMiniType<RunResult> = z.object({
  kind: z.literal("run"),
  at: text,
  machine: machineSchema,
  application: text,
  scenario: z.enum(scenarios),
  mesh: z.enum(modes),
  ...{
    rate: number,
    seconds: number,
    round: number,
    seed: number,
    services: number,
    replicas: number,
    proxies: number,
  },
  requests: z.object({ due: number, answered: number }),
  failures: z.record(text, number),
  latencyMs: z.exactOptional(
    z.object({
      ...{ mean: number, p50: number, p90: number, p95: number, p99: number, p999: number, max: number },
      distribution: z.array(z.tuple([number, number])),
    }),
  ),
  cores: z.object({ ...byPart, load: number }),
  memoryMib: z.object(byPart),
  enforcement: z.exactOptional(z.object({ covered: number, wrong: number, example: z.exactOptional(text) })),
  void: z.exactOptional(text),
});
