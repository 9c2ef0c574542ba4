import { existsSync } from "node:fs";
import { CommanderError } from "commander";
import { isInterface } from "../language/check-imports.ts";
import { amountKeys, amountUnits } from "../language/cost.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import { didYouMean } from "../language/nearest.ts";
import { costMax } from "../language/parse-interface.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Checked, checkInput } from "../pipeline/build.ts";
import { amountsOf, type TotalAmounts } from "../placement/amounts.ts";
import { compare, type Difference } from "../placement/compare.ts";
import type { Placement } from "../placement/placement.ts";
import { type PricedDataplane, withAmounts } from "../placement/priced.ts";
import { place } from "../placement/solve.ts";
import { changeLines } from "./change-lines.ts";
import { costText } from "./cost-text.ts";
import type { ExitCode } from "./main.ts";
import { readSources } from "./read-sources.ts";
import { diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";
import { rounded } from "./rounded.ts";

/** Something that is assumed: the policies of a file in place of those of the same names, a service's proxy, or what a data plane costs. */
export type Assumption =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "proxy"; readonly service: string; readonly proxy: string }
  | { readonly kind: "cost"; readonly dataplane: string; readonly cost: number }
  | { readonly kind: "amount"; readonly dataplane: string; readonly key: AmountKey; readonly amount: number };

type AmountKey = keyof typeof amountKeys;

/** `FILE.cup`, `FILE.ts`, `SERVICE.proxy=never`, `DATAPLANE.cost=3`, or with units `DATAPLANE.memory=64MiB`. */
export function parseAssumption(text: string): Assumption {
  if (/\.(cup|ts)$/.test(text)) return { kind: "file", path: text };
  const [, name, key, value] = /^(.+)\.(proxy|cost)=(\S+)$/.exec(text) ?? [];
  const cost = Number(value);
  if (name !== undefined && key === "proxy" && value !== undefined)
    return { kind: "proxy", service: name, proxy: value };
  if (name !== undefined && key === "cost" && cost >= 0 && cost <= costMax)
    return { kind: "cost", dataplane: name, cost };
  const [, dataplane, amountKey, number, unit = ""] =
    /^(.+)\.(cpu|memory|request)=([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(text) ?? [];
  if (dataplane !== undefined && isAmountKey(amountKey)) {
    const factor = amountUnits[amountKey].get(unit);
    const { what, write } = amountKeys[amountKey];
    if (factor !== undefined && Number(number) > costMax)
      throw new CommanderError(2, "wire.whatIf", `error: \`${text}\` is too much: ${costMax} at most`);
    if (factor !== undefined)
      return { kind: "amount", dataplane, key: amountKey, amount: Number(number) * factor };
    const message = `error: \`${text}\` has no ${what}: write it as ${write}`;
    throw new CommanderError(2, "wire.whatIf", message);
  }
  throw new CommanderError(
    2,
    "wire.whatIf",
    `error: \`${text}\` is nothing to assume: give a policy file, \`SERVICE.proxy=never\` (or \`any\`, or a data plane), or \`DATAPLANE.cost=3\` (with units \`DATAPLANE.cpu=30mCPU\`)`,
  );
}

function isAmountKey(key: string | undefined): key is AmountKey {
  return key !== undefined && key in amountKeys;
}

/** A change that stands where policies do follows another one: each has an option of its own. */
export function refuseAssumptions(paths: readonly string[]): void {
  const change = paths.find(
    (path) => /\.(proxy|cost|cpu|memory|request)=\S+$/.test(path) && !existsSync(path),
  );
  if (change === undefined) return;
  const message = `error: \`${change}\` is no policy: give each change by itself, as \`--what-if ${change}\``;
  throw new CommanderError(2, "wire.whatIf", message);
}

/** Print what would be otherwise than in the placement before; without one, nothing was placed as things are. */
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
  const checked = checkInput({ policies: asked.sources, mesh: asked.mesh });
  const changed = await assumedPolicies(asked, assumptions);
  const wrong = [...checked.diagnostics, ...changed.diagnostics];
  if (checked.mesh === undefined || hasErrors(wrong)) return fail(wrong);
  const names = new Set(changed.policies.map(({ name }) => name));
  const policies = [...checked.policies.filter(({ name }) => !names.has(name)), ...changed.policies];
  const { mesh, dataplanes } = assumeValues(
    { mesh: checked.mesh, dataplanes: checked.dataplanes },
    assumptions,
  );
  const previous = before === undefined ? {} : { previous: before };
  const then = await place(policies, mesh, { dataplanes, timeLimitS, ...previous });
  if (then.placement === undefined) {
    if (before === undefined) output.progress("with what is assumed it cannot be placed either:");
    return fail(then.diagnostics);
  }
  reportDiagnostics(output, then.diagnostics);
  const difference = compare(before, then.placement);
  const amounts: Amounts = {
    before:
      before && amountsOf(before, checked.policies, { mesh: checked.mesh, dataplanes: checked.dataplanes }),
    after: amountsOf(then.placement, policies, { mesh, dataplanes }),
  };
  if (output.json) {
    const units =
      amounts.after === undefined
        ? {}
        : { amounts: { before: amounts.before ?? null, after: amounts.after } };
    output.print(JSON.stringify({ ...difference, ...units }));
    return 0;
  }
  const changes = changeLines(difference);
  const { cost, status } = difference;
  const isProved = status.before === "optimal" && status.after === "optimal";
  const isSame = changes.length === 0 && cost.before === cost.after && isProved;
  const lines = isSame ? ["nothing would be otherwise"] : [...costLines(difference, amounts), ...changes];
  for (const line of lines) output.print(line);
  return 0;
}

/** What all proxies take, where the costs have units. */
interface Amounts {
  readonly before: TotalAmounts | undefined;
  readonly after: TotalAmounts | undefined;
}

/** What all of it costs, in units where the data planes have some. */
function costLines({ cost, bound }: Difference, amounts: Amounts): readonly string[] {
  const unit = amounts.after === undefined ? "" : " mCPU";
  const before = amounts.before;
  const after = costText({ cost: cost.after, bound: bound.after }, unit);
  return [
    cost.before === null || bound.before === null
      ? `cost ${after}, where nothing was placed`
      : `cost ${after} instead of ${costText({ cost: cost.before, bound: bound.before })}`,
    ...(amounts.after === undefined
      ? []
      : [
          `  together ${amountsText(amounts.after)}${before === undefined ? "" : ` instead of ${amountsText(before)}`}`,
        ]),
  ];
}

function amountsText({ cpuMilli, memoryMib }: TotalAmounts): string {
  return `${rounded(cpuMilli)} mCPU and ${rounded(memoryMib)} MiB`;
}

/** The policies of the files that are assumed, which may import the same interfaces. Parameters have their defaults: placement does not look at them. */
async function assumedPolicies(
  { sources, mesh }: { readonly sources: readonly Source[]; readonly mesh: Source },
  assumptions: readonly Assumption[],
): Promise<Pick<Checked, "policies" | "diagnostics">> {
  const paths = assumptions.flatMap((each) => (each.kind === "file" ? [each.path] : []));
  if (paths.length === 0) return { policies: [], diagnostics: [] };
  const assumed = (await readSources(paths)).filter((source) => !isInterface(source));
  return checkInput({ policies: [...assumed, ...sources.filter(isInterface)], mesh });
}

/** As many names are listed where none is near. */
const listedMax = 8;

/** The checked input with pins and costs changed. A name that is not there is an error of usage. */
function assumeValues(
  { mesh, dataplanes }: Pick<Checked, "dataplanes"> & { readonly mesh: NonNullable<Checked["mesh"]> },
  assumptions: readonly Assumption[],
): { readonly mesh: NonNullable<Checked["mesh"]>; readonly dataplanes: readonly PricedDataplane[] } {
  const services = new Map(mesh.services);
  let planes = dataplanes;
  const unknown = (what: string, name: string, names: Iterable<string>): CommanderError => {
    const all = [...names];
    const others = all.length <= listedMax ? `there are ${all.join(", ")}` : `there are ${all.length} others`;
    const help = didYouMean(name, all, others);
    return new CommanderError(2, "wire.whatIf", `error: there is no ${what} \`${name}\`: ${help}`);
  };
  for (const each of assumptions) {
    if (each.kind === "proxy") {
      const service = services.get(each.service);
      if (service === undefined) throw unknown("service", each.service, services.keys());
      const values = ["never", "any", ...dataplanes.map(({ name }) => name)];
      if (!values.includes(each.proxy)) throw unknown("kind of proxy", each.proxy, values);
      services.set(each.service, { ...service, proxy: each.proxy });
    } else if (each.kind !== "file") {
      const plane = planes.find(({ name }) => name === each.dataplane);
      if (plane === undefined)
        throw unknown(
          "data plane",
          each.dataplane,
          planes.map(({ name }) => name),
        );
      const changed = each.kind === "cost" ? withCost(plane, each.cost) : withAmount(plane, each, mesh);
      planes = planes.map((other) => (other === plane ? changed : other));
    }
  }
  return { mesh: { ...mesh, services }, dataplanes: planes };
}

function withCost(plane: PricedDataplane, cost: number): PricedDataplane {
  if (plane.amounts === undefined) return { ...plane, cost };
  const message = `error: \`${plane.name}\` costs what it takes: give \`${plane.name}.cpu=30mCPU\`, \`${plane.name}.memory=64MiB\` or \`${plane.name}.request=40us\``;
  throw new CommanderError(2, "wire.whatIf", message);
}

function withAmount(
  plane: PricedDataplane,
  { key, amount }: Assumption & { readonly kind: "amount" },
  { prices }: Mesh,
): PricedDataplane {
  if (plane.amounts !== undefined)
    return withAmounts(plane, { ...plane.amounts, [amountKeys[key].amount]: amount }, prices);
  const message = `error: the cost of \`${plane.name}\` is a bare number: give \`${plane.name}.cost=3\``;
  throw new CommanderError(2, "wire.whatIf", message);
}
