import { CommanderError } from "commander";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import type { Source } from "../language/source.ts";
import { type Checked, checkInput } from "../pipeline/build.ts";
import { compare, type Difference } from "../placement/compare.ts";
import type { Dataplane } from "../placement/dataplane.ts";
import type { Placement } from "../placement/placement.ts";
import { place } from "../placement/solve.ts";
import type { ExitCode } from "./main.ts";
import { readSources } from "./read-sources.ts";
import { diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";

/** Something that is assumed: a policy file in place of those of the same names, a service's proxy, or what a data plane costs. */
export type Assumption =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "proxy"; readonly service: string; readonly proxy: string }
  | { readonly kind: "cost"; readonly dataplane: string; readonly cost: number };

/** `FILE.cup`, `FILE.ts`, `SERVICE.proxy=never`, `DATAPLANE.cost=3`. */
export function parseAssumption(text: string): Assumption {
  if (/\.(cup|ts)$/.test(text)) return { kind: "file", path: text };
  const [, name, key, value] = /^(.+)\.(proxy|cost)=(.+)$/.exec(text) ?? [];
  const cost = Number(value);
  if (name !== undefined && key === "proxy" && value !== undefined)
    return { kind: "proxy", service: name, proxy: value };
  if (name !== undefined && key === "cost" && Number.isFinite(cost) && cost >= 0)
    return { kind: "cost", dataplane: name, cost };
  throw new CommanderError(
    2,
    "wire.whatIf",
    `error: \`${text}\` is nothing to assume: give a policy file, \`SERVICE.proxy=never\` (or \`any\`, or a data plane), or \`DATAPLANE.cost=3\``,
  );
}

/** Print what would be otherwise than in the placement before; without one, nothing could be placed as things are. */
export async function whatIf(
  output: Output,
  asked: {
    readonly assumptions: readonly Assumption[];
    readonly sources: readonly Source[];
    readonly mesh: Source;
    readonly before?: Placement;
    readonly timeLimitS: number;
  },
): Promise<ExitCode> {
  const { assumptions, before, timeLimitS } = asked;
  const fail = (diagnostics: readonly Diagnostic[]): ExitCode => {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    reportDiagnostics(output, diagnostics);
    return 1;
  };
  const checked = checkInput({ policies: await assumeSources(asked.sources, assumptions), mesh: asked.mesh });
  const { policies, diagnostics } = checked;
  if (checked.mesh === undefined || hasErrors(diagnostics)) return fail(diagnostics);
  const { mesh, dataplanes } = assumeValues(
    { mesh: checked.mesh, dataplanes: checked.dataplanes },
    assumptions,
  );
  const previous = before === undefined ? {} : { previous: before };
  const then = await place(policies, mesh, { dataplanes, timeLimitS, ...previous });
  if (then.placement === undefined) return fail(then.diagnostics);
  reportDiagnostics(output, then.diagnostics);
  const difference = compare(before, then.placement);
  if (output.json) output.print(JSON.stringify(difference));
  else for (const line of differenceLines(difference)) output.print(line);
  return 0;
}

function differenceLines({ cost, proxies, policies }: Difference): readonly string[] {
  if (proxies.length === 0 && policies.length === 0 && cost.before === cost.after)
    return ["nothing would be otherwise"];
  return [
    cost.before === null
      ? `cost ${cost.after}, where nothing could be placed`
      : `cost ${cost.after} instead of ${cost.before}`,
    ...proxies.map(({ service, before, after }) =>
      before === undefined
        ? `  + ${service}: a proxy (${after})`
        : after === undefined
          ? `  - ${service}: no proxy`
          : `  ~ ${service}: ${after} instead of ${before}`,
    ),
    ...policies.map(({ policy, call: [from, to], before, after }) => {
      const call = `${from ?? "outside"} -> ${to}`;
      if (before === undefined) return `  + ${policy} at ${after} for ${call}`;
      return after === undefined
        ? `  - ${policy} for ${call}`
        : `  ~ ${policy} at ${after} instead of ${before} for ${call}`;
    }),
  ];
}

/** The sources with those policies changed that a file assumes: in a file whose name is among them already, or beside them. */
async function assumeSources(
  sources: readonly Source[],
  assumptions: readonly Assumption[],
): Promise<readonly Source[]> {
  const paths = assumptions.flatMap((each) => (each.kind === "file" ? [each.path] : []));
  if (paths.length === 0) return sources;
  const assumed = await readSources(paths);
  const base = (path: string): string => path.replace(/^.*\//, "");
  const names = new Set(assumed.map(({ path }) => base(path)));
  return [...sources.filter(({ path }) => !names.has(base(path))), ...assumed];
}

/** The checked input with pins and costs changed. A name that is not there is an error of usage. */
function assumeValues(
  { mesh, dataplanes }: Pick<Checked, "dataplanes"> & { readonly mesh: NonNullable<Checked["mesh"]> },
  assumptions: readonly Assumption[],
): { readonly mesh: NonNullable<Checked["mesh"]>; readonly dataplanes: readonly Dataplane[] } {
  const services = new Map(mesh.services);
  let planes = dataplanes;
  const unknown = (what: string, names: Iterable<string>): CommanderError =>
    new CommanderError(2, "wire.whatIf", `error: there is no ${what}: there are ${[...names].join(", ")}`);
  for (const each of assumptions) {
    if (each.kind === "proxy") {
      const service = services.get(each.service);
      if (service === undefined) throw unknown(`service \`${each.service}\``, services.keys());
      const values = ["never", "any", ...dataplanes.map(({ name }) => name)];
      if (!values.includes(each.proxy)) throw unknown(`data plane \`${each.proxy}\``, values);
      services.set(each.service, { ...service, proxy: each.proxy });
    } else if (each.kind === "cost") {
      if (!planes.some(({ name }) => name === each.dataplane))
        throw unknown(
          `data plane \`${each.dataplane}\``,
          planes.map(({ name }) => name),
        );
      planes = planes.map((plane) => (plane.name === each.dataplane ? { ...plane, cost: each.cost } : plane));
    }
  }
  return { mesh: { ...mesh, services }, dataplanes: planes };
}
