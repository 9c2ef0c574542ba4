import { setTimeout as sleep } from "node:timers/promises";
import type { Answered, Examination, Sighting, Verdict } from "../doctor/examination.ts";
import { judge } from "../doctor/judge.ts";
import { WireError } from "../error/wire-error.ts";
import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import { counted } from "./counted.ts";
import { doctorLines } from "./doctor-table.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { type ProbeRequest, sendProbe } from "./send-probe.ts";

export interface DoctorOptions extends ControlPlaneOptions {
  /** `METHOD PATH`. */
  readonly request: Pick<ProbeRequest, "method" | "path">;
  /** Seconds that a service has for its answer. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** What `wire doctor --json` prints. */
export interface DoctorReport {
  readonly stateHeader: string;
  readonly services: readonly { readonly service: string; readonly verdict: Verdict }[];
  /** Those that were named and need hand on nothing. */
  readonly unneeded: readonly string[];
}

/** Services that are asked at the same time. */
const atOnce = 8;
/** After the last answer. Proxies tell of what they have seen once a second. */
const settleMs = 2_500;
/** Of services of whose probes nothing was seen until then it is asked again, as long as one has for its answer. */
const againMs = 500;
const askTimeoutMs = 10_000;

/** `wire doctor`: whether the services of a running mesh hand on what policies read. */
export async function doctor(names: readonly string[], options: DoctorOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const body = names.length === 0 ? {} : { services: names };
  const begun = await askControlPlane("/doctor", options, { body, timeoutMs: askTimeoutMs });
  if (begun.status === 404 || begun.status === 409) {
    const error = errorIn(begun.body);
    if (error === undefined) throw noControlPlane(begun.url);
    if (begun.status === 409) throw new WireError("doctor", error);
    if (output.json) output.print(JSON.stringify({ error }));
    output.progress(`wire: ${error}`);
    return 1;
  }
  if (begun.status !== 200) throw noControlPlane(begun.url);
  const examination = begun.body as Examination;
  const { services } = examination;
  const answers = new Map<string, Answered>();
  if (services.length > 0) {
    output.progress(
      `asking ${counted(services.length, "service")}: ${services.map(({ service }) => service).join(", ")}`,
    );
    const asked: ProbeRequest = { ...options.request, timeoutMs: options.timeout * 1_000 };
    const waiting = [...services];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        answers.set(next.service, await sendProbe(next, asked));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await sleep(settleMs);
  }
  const verdicts = await judged(examination, answers, options);
  const report: DoctorReport = {
    stateHeader: examination.stateHeader,
    services: [...verdicts]
      .filter(([service]) => names.length === 0 || names.includes(service))
      .map(([service, verdict]) => ({ service, verdict })),
    unneeded: [...new Set(names)].filter((name) => !verdicts.has(name)),
  };
  if (output.json) output.print(JSON.stringify(report));
  else {
    const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
    for (const line of doctorLines(report, { color })) output.print(line);
  }
  return report.services.every(({ verdict }) => verdict.kind === "forwards") ? 0 : 1;
}

async function judged(
  examination: Examination,
  answers: ReadonlyMap<string, Answered>,
  options: DoctorOptions,
): Promise<ReadonlyMap<string, Verdict>> {
  for (let waitedMs = settleMs; ; waitedMs += againMs) {
    const { status, body } = await askControlPlane(`/doctor/${examination.id}`, options);
    if (status !== 200)
      throw new WireError("doctor", errorIn(body) ?? "the control plane has been started anew");
    const { sightings } = body as { readonly sightings: readonly Sighting[] };
    const verdicts = judge(examination, { sightings, answers });
    const isDark = [...verdicts.values()].some(({ kind }) => kind === "silent" || kind === "behind");
    if (!isDark || waitedMs >= options.timeout * 1_000) return verdicts;
    await sleep(againMs);
  }
}

function errorIn(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "error" in body ? String(body.error) : undefined;
}
