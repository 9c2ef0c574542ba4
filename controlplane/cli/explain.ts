import { existsSync } from "node:fs";
import { CommanderError } from "commander";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import { didYouMean } from "../language/nearest.ts";
import { isParameterFile } from "../language/parameter-files.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { checkInput } from "../pipeline/build.ts";
import { changeText } from "../placement/changes.ts";
import {
  calleesText,
  explainPolicy,
  explainProxy,
  type PolicyReasons,
  type ProxyReasons,
} from "../placement/explain.ts";
import type { Forcing } from "../placement/forcing.ts";
import { fromJson } from "../placement/from-json.ts";
import type { LeastCost, Placement } from "../placement/placement.ts";
import type { Unit } from "../placement/problem.ts";
import { place } from "../placement/solve.ts";
import { type StampReason, stampReasonText } from "../placement/stamp-reasons.ts";
import { changeLines } from "./change-lines.ts";
import { costDifference, costText, mibText } from "./cost-text.ts";
import { counted } from "./counted.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";
import { rounded } from "./rounded.ts";
import { sayIfLong } from "./say-if-long.ts";

/** `wire explain`: what forces each proxy and what would free it; for each policy where it is enforced, behind which checks, at what cost. */
export async function explain(
  positionals: readonly string[],
  options: {
    readonly mesh: string;
    readonly params?: string;
    readonly timeLimit: number;
    readonly from?: string;
    readonly json?: boolean;
  },
): Promise<ExitCode> {
  const meshSource = await readSource(options.mesh);
  // A service may be called like a folder: then it is the service that is meant.
  const services = new Set(fromYaml(meshSource).mesh?.services.keys());
  const isPath = (each: string): boolean =>
    !services.has(each) &&
    (isParameterFile({ path: each }) || /\.(cup|ts)$|\//.test(each) || existsSync(each));
  const paths = positionals.filter(isPath);
  const wanted = positionals.filter((each) => !isPath(each));
  const output = createOutput({ json: options.json === true });
  const sources = await readSources(withParams(paths, options.params));
  if (sources.length === 0) return noPolicies(output, positionals);
  const lastSource = options.from === undefined ? undefined : await readSource(options.from);
  const checked = checkInput({ policies: sources, mesh: meshSource });
  const { mesh, policies, dataplanes } = checked;
  const last = lastSource === undefined ? undefined : fromJson(lastSource, policies);
  const diagnostics = [...checked.diagnostics, ...(last?.diagnostics ?? [])];
  const fail = (all: readonly Diagnostic[]): ExitCode => {
    if (output.json) output.print(diagnosticsJson(all));
    reportDiagnostics(output, all);
    return 1;
  };
  if (mesh === undefined || hasErrors(diagnostics)) return fail(diagnostics);
  const known = [...mesh.services.keys(), ...policies.map(({ name }) => name)];
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const help = didYouMean(unknown, known, "names are those of services and of policies");
    throw new CommanderError(
      2,
      "wire.name",
      `error: \`${unknown}\` is no file, no service of the mesh and no policy: ${help}`,
    );
  }
  const timeLimitS = options.timeLimit;
  const previous = last?.placement === undefined ? {} : { previous: last.placement };
  const placed = await place(policies, mesh, { dataplanes, timeLimitS, ...previous });
  if (placed.placement === undefined) return fail([...diagnostics, ...placed.diagnostics]);
  const { placement } = placed;
  reportDiagnostics(output, [...diagnostics, ...placed.diagnostics]);
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  const input = { policies, mesh };
  const unit = dataplanes.some(({ amounts }) => amounts !== undefined) ? " mCPU" : "";
  const whole = { placement, unit };
  // Each as it is found, so that nothing is lost where somebody does not wait for all.
  const say = (lines: readonly string[]): void => {
    if (!output.json) for (const line of lines) output.print(line);
  };
  if (placement.status === "feasible")
    say([`the placement is not proved to be the cheapest: cost ${costText(placement, unit)}`]);
  const off = new Set(policies.filter(({ mode }) => mode === "off").map(({ name }) => name));
  const reasons: { readonly proxies: ProxyReasons[]; readonly policies: PolicyReasons[] } = {
    ...{ proxies: [], policies: [] },
  };
  const work = async (): Promise<void> => {
    for (const proxy of placement.proxies.filter(({ service }) => isWanted(service))) {
      const found = await explainProxy(proxy, placement, { input, dataplanes, timeLimitS });
      reasons.proxies.push(found);
      say(proxyLines(found, whole));
    }
    for (const { name } of policies.filter((policy) => isWanted(policy.name))) {
      const found = await explainPolicy(name, placement, { input, dataplanes, timeLimitS });
      reasons.policies.push(found);
      say(off.has(name) ? [`${name} is enforced nowhere: its mode is off`] : policyLines(found, whole));
    }
  };
  await sayIfLong(output, work(), "looking for what forces each proxy");
  const without = [...mesh.services.keys()].filter(
    (name) => wanted.includes(name) && !placement.proxies.some(({ service }) => service === name),
  );
  if (output.json) {
    output.print(
      JSON.stringify({
        status: placement.status,
        cost: placement.cost,
        bound: placement.bound,
        ...(unit === "" ? {} : { unit: unit.trim() }),
        proxies: reasons.proxies.map(proxyJson),
        policies: reasons.policies.map((each) => policyJson(each, placement)),
        without,
      }),
    );
    return 0;
  }
  for (const name of without) output.print(`${name} needs no proxy`);
  if (unit !== "" && reasons.proxies.length + reasons.policies.length > 0)
    output.print(`costs are in mCPU, memory at ${mibText(mesh)}`);
  return 0;
}

function proxyJson({ service, dataplane, need, stamp, instead, freeing }: ProxyReasons): unknown {
  return {
    service,
    dataplane,
    need: need.kind,
    ...(need.kind === "forced" ? forcingJson(need.forcing) : {}),
    ...(stamp === undefined ? {} : { stamp: stampJson(stamp) }),
    ...(instead === undefined ? {} : { instead: { proxies: instead.proxies, policies: instead.policies } }),
    freedBy: freeing.found.map(({ change, cost }) => ({ ...change, text: changeText(change), cost })),
    complete: freeing.isComplete,
    untried: freeing.untried,
  };
}

function stampJson(reason: StampReason): unknown {
  if (reason.kind !== "apart") return reason;
  const { kind, policy, call, matching, other } = reason;
  return { kind, policy, call: [call.from, call.to], matching, other };
}

function forcingJson({ units, size, cost, without }: Forcing): Readonly<Record<string, unknown>> {
  return {
    forcedBy: units.map(({ call: { from, to }, demand }) => ({
      policy: demand.policy.name,
      section: demand.section.name,
      call: [from, to],
    })),
    size,
    cost: cost.cost,
    without: without?.cost ?? null,
    proved: isProved(cost) && (without === undefined || isProved(without)),
  };
}

function policyJson({ policy, calls, without }: PolicyReasons, placement: Placement): unknown {
  if (typeof without === "string") return { policy, calls, cost: null, proved: without === "impossible" };
  const proved = isProved(placement) && isProved(without);
  return { policy, calls, cost: costDifference(placement.cost, without.cost), proved };
}

function isProved({ cost, bound }: LeastCost): boolean {
  return cost === bound;
}

/** The placement that is explained, and what its costs are in, with a space before it. */
interface Whole {
  readonly placement: Placement;
  readonly unit: string;
}

function proxyLines(
  { service, dataplane, need, stamp, instead, freeing }: ProxyReasons,
  { placement, unit }: Whole,
): readonly string[] {
  const kind = dataplane === "envoy" ? "" : ` (${dataplane})`;
  const stamps = stamp === undefined ? [] : [`  it stamps requests: ${stampReasonText(stamp)}`];
  if (need.kind === "undecided")
    return [
      `${service}${kind} has a proxy, and in the time it was not proved whether it needs one`,
      ...stamps,
    ];
  if (need.kind === "free")
    return [
      `${service}${kind} has a proxy, and some other placement is as cheap without it`,
      ...stamps,
      ...(instead === undefined ? [] : changeLines(instead)),
    ];
  const { units, cost, without } = need.forcing;
  const else_ =
    without === undefined
      ? `without a proxy on \`${service}\` that is impossible`
      : `that alone costs ${costText(cost, unit)}, and ${costText(without, unit)} without a proxy on \`${service}\``;
  const none = freeing.isComplete
    ? "no single change would free it"
    : "no single change is known that would free it";
  return [
    `${service}${kind} has a proxy because of ${unitsText(units)}`,
    ...stamps,
    `  ${else_}`,
    ...(freeing.found.length === 0
      ? [`  ${none}`]
      : freeing.found.map(
          ({ change, cost: then }) =>
            `  to free it, ${changeText(change)}: cost ${rounded(then)}${unit} instead of ${costText(placement, unit)}`,
        )),
    ...(freeing.untried === 0
      ? []
      : [
          `  ${counted(freeing.untried, "single change")} of what is farther away ${freeing.untried === 1 ? "was" : "were"} not tried`,
        ]),
  ];
}

function unitsText(units: readonly Unit[]): string {
  return units
    .map(({ call: { from, to }, demand }) => `\`${demand.policy.name}\` on ${from ?? "outside"} -> ${to}`)
    .join(" and ");
}

function policyLines({ policy, calls, without }: PolicyReasons, whole: Whole): readonly string[] {
  if (calls.length === 0) return [`${policy} is enforced nowhere`];
  const checks = { none: "", call: "", caller: ", if it is this caller", version: ", if it is this version" };
  // Sections of one policy may be enforced at both ends of a call.
  const different = new Set(calls.map(({ from, to }) => `${from ?? ""} ${to}`)).size;
  return [
    `${policy} is enforced on ${counted(different, "call")}; ${withoutText(without, whole)}`,
    ...calls.map(({ from, to, versions, side, check, byPath }) => {
      const after = check === "caller and version" ? ", if it is this caller and version" : checks[check];
      return `  ${from ?? "outside"} -> ${calleesText(to, versions)} at ${side}${after}${byPath ? ", if the path of the request is one that it is for" : ""}`;
    }),
  ];
}

function withoutText(without: PolicyReasons["without"], { placement, unit }: Whole): string {
  if (without === "impossible") return "without it nothing could be placed";
  if (without === "undecided") return "without it no placement was found in the time";
  if (!isProved(placement) || !isProved(without))
    return `without it all would cost ${costText(without, unit)} instead of ${costText(placement, unit)}`;
  const less = rounded(placement.cost - without.cost);
  if (less === 0) return "without it all would cost the same";
  // What a policy decides may be what spares others a proxy.
  return `without it all would cost ${Math.abs(less)}${unit} ${less < 0 ? "more" : "less"}`;
}
