import { setTimeout as sleep } from "node:timers/promises";
import {
  cpuNanoseconds,
  differences,
  type MeasureOptions,
  measureCpu,
  median,
} from "../../envoy/measure/measure-cpu.ts";
import { residentKiB } from "../../envoy/measure/resident-kib.ts";
import { type Row, sideBySide } from "../../envoy/measure/side-by-side.ts";
import { type ActionBody, actionBodies } from "./action-bodies.ts";
import { idleBody, moduleRow } from "./build-rows.ts";
import { pathRows } from "./path-rows.ts";

/** Something that was measured. */
export interface CostFigure {
  /** `cost/proxy/…`, `cost/module/…`, `cost/path/…`, or `cost/action/` and the action's name. */
  readonly name: string;
  readonly value: number;
  readonly unit: "mCPU" | "MiB" | "us";
}

export interface CostOptions {
  /** Which of the cases. */
  readonly wanted: RegExp;
  readonly rounds: number;
  readonly requestsPerTurn: number;
  /** How long a proxy without requests is watched. */
  readonly idleMs: number;
  /** Where modules are written. */
  readonly folder: string;
  readonly signal: AbortSignal;
  progress(text: string): void;
  /** Called for each figure, in the order of `costNames`. */
  found(figure: CostFigure): void;
}

const proxy = { cpu: "cost/proxy/cpu", memory: "cost/proxy/memory", request: "cost/proxy/request" } as const;
const module = { memory: "cost/module/memory", request: "cost/module/request" } as const;
const path = { stamp: "cost/path/stamp", check: "cost/path/check" } as const;
const actionPrefix = "cost/action/";
/** As many listeners as an Envoy gets at once. */
const rowsAtOnce = 16;
const inFlight = 10;
const modulesMax = 4;

/** All cases, in the order in which they are measured. */
export const costNames: readonly string[] = [
  ...Object.values(proxy),
  ...Object.values(module),
  ...Object.values(path),
  ...[...actionBodies.keys()].map((name) => `${actionPrefix}${name}`),
];

/** Measure what is wanted in real Envoys. Rejects with the signal's reason when it is aborted, with everything stopped. */
export async function measureCosts(options: CostOptions): Promise<void> {
  const isWanted = (name: string): boolean => options.wanted.test(name);
  if ([proxy.cpu, proxy.memory, module.memory].some(isWanted)) await measureIdle(options, isWanted);
  if ([proxy.request, module.request].some(isWanted)) await measureRequests(options, isWanted);
  if (Object.values(path).some(isWanted)) await measurePaths(options, isWanted);
  const wanted = [...actionBodies].filter(([name]) => isWanted(`${actionPrefix}${name}`));
  for (let from = 0; from < wanted.length; from += rowsAtOnce)
    await measureActions(wanted.slice(from, from + rowsAtOnce), options, {
      done: from,
      of: wanted.length,
    });
}

/** Of a proxy with one listener that nobody asks: without a module, with one, and with several. */
async function measureIdle(options: CostOptions, isWanted: (name: string) => boolean): Promise<void> {
  const { folder, signal, idleMs, progress, found } = options;
  progress("an idle proxy");
  const modules = await idleModules(folder, modulesMax);
  const [one] = modules;
  const memory: number[] = [];
  for (const rows of [[one], modules]) {
    signal.throwIfAborted();
    await using envoy = await sideBySide(rows.flatMap((row) => row ?? []));
    // What starting takes is over.
    await sleep(1000, undefined, { signal });
    if (rows.length === 1) {
      const [before, start] = [cpuNanoseconds(envoy.pid), performance.now()];
      await sleep(idleMs, undefined, { signal });
      const ns = cpuNanoseconds(envoy.pid) - before;
      const value = ns / 1000 / (performance.now() - start);
      if (isWanted(proxy.cpu)) found({ name: proxy.cpu, value, unit: "mCPU" });
    }
    memory.push(residentKiB(envoy.pid) / 1024);
  }
  const [withOne = Number.NaN, withAll = Number.NaN] = memory;
  if (isWanted(proxy.memory)) found({ name: proxy.memory, value: withOne, unit: "MiB" });
  const each = (withAll - withOne) / (modulesMax - 1);
  if (isWanted(module.memory)) found({ name: module.memory, value: each, unit: "MiB" });
}

function idleModules(folder: string, count: number): Promise<readonly Row[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) => moduleRow(`idle-${n}`, idleBody("Request", n), folder)),
  );
}

/** The hop: from one proxy, with a module that does nothing, to another, whose CPU is not counted. */
async function measureRequests(options: CostOptions, isWanted: (name: string) => boolean): Promise<void> {
  const { folder, progress, found } = options;
  progress("a request through a proxy");
  await using behind = await sideBySide([{ name: "behind" }]);
  const upstreamPort = behind.ports[0] ?? 0;
  const [idle] = await idleModules(folder, 1);
  if (idle === undefined) throw new Error("there is no module");
  const [plain, entered] = await measureCpu(
    [
      { name: "plain", upstreamPort },
      { ...idle, upstreamPort },
    ],
    measureOptions(options),
  );
  if (isWanted(proxy.request)) found({ name: proxy.request, value: median(entered ?? []), unit: "us" });
  const value = median(differences(entered, plain));
  if (isWanted(module.request)) found({ name: module.request, value, unit: "us" });
}

/** To stamp, beside a module that does nothing; and to look at the path before a policy, beside the policy for all requests. */
async function measurePaths(options: CostOptions, isWanted: (name: string) => boolean): Promise<void> {
  const { folder, progress, found } = options;
  progress("stamps, and looking at them");
  const { stamp, check, unchecked } = await pathRows(folder);
  const idle = await moduleRow("idle", idleBody("Request"), folder);
  const [stamped, checked, all, entered] = await measureCpu(
    [stamp, check, unchecked, { ...idle, headers: stamp.headers ?? [] }],
    measureOptions(options),
  );
  const stamping = Math.max(0, median(differences(stamped, entered)));
  const checking = Math.max(0, median(differences(checked, all)));
  if (isWanted(path.stamp)) found({ name: path.stamp, value: stamping, unit: "us" });
  if (isWanted(path.check)) found({ name: path.check, value: checking, unit: "us" });
}

async function measureActions(
  wanted: readonly (readonly [string, ActionBody])[],
  options: CostOptions,
  { done, of }: { readonly done: number; readonly of: number },
): Promise<void> {
  const { folder, signal, progress, found } = options;
  progress(`actions ${done + 1} to ${done + wanted.length} of ${of}`);
  const bodies = new Map(wanted);
  for (const [, { upon }] of wanted) {
    const other = upon === undefined ? undefined : actionBodies.get(upon);
    if (upon !== undefined && other !== undefined) bodies.set(upon, other);
  }
  const rows: Row[] = [];
  for (const act of ["Request", "Response"] as const)
    rows.push(await moduleRow(`idle ${act}`, idleBody(act), folder));
  for (const [name, body] of bodies) {
    signal.throwIfAborted();
    rows.push(await moduleRow(name, body, folder));
  }
  const figures = await measureCpu(rows, measureOptions(options));
  const figureOf = (name: string): readonly number[] =>
    figures[rows.findIndex((row) => row.name === name)] ?? [];
  for (const [name, { act, upon }] of wanted) {
    const base = figureOf(upon ?? `idle ${act}`);
    // Something that takes less than can be told may come out below nothing.
    const value = Math.max(0, median(differences(figureOf(name), base)));
    found({ name: `${actionPrefix}${name}`, value, unit: "us" });
  }
}

function measureOptions({ rounds, requestsPerTurn, signal }: CostOptions): MeasureOptions {
  return { rounds, requestsPerTurn, inFlight, signal };
}
