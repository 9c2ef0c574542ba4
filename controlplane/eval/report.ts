import type { Chart } from "./charts/chart.ts";
import type { Claim } from "./claims.ts";
import type { Comparison, Measured } from "./comparison.ts";
import { claimedRatio, type PolicyLines, ratioOf } from "./lines/policy-lines.ts";
import type { Mode } from "./mode.ts";
import type { MeshMachine } from "./run-result.ts";
import type { Estimate } from "./statistics.ts";
import type { SummaryRow } from "./traces/summary.ts";

/** All that a report says. */
export interface Reported {
  readonly comparison: Comparison;
  readonly machines: readonly MeshMachine[];
  /** What is aimed at, and what the first Wire's paper claims. */
  readonly aims: readonly Claim[];
  readonly paperClaims: readonly Claim[];
  /** Of the applications of traces; none where these were not placed. */
  readonly placements: readonly SummaryRow[];
  /** Policies beside YAML for Istio. */
  readonly lines: readonly PolicyLines[];
  readonly charts: readonly (Chart & { readonly svg: string })[];
  /** Whether only one round was measured, for a few seconds each: figures to see that it works, and no more. */
  readonly isQuick: boolean;
}

/** The report, one HTML file that needs no other. */
export function report({
  comparison,
  machines,
  aims,
  paperClaims,
  placements,
  lines,
  charts,
  isQuick,
}: Reported): string {
  const { measured, capacities, comparedAt } = comparison;
  const compared = measured.filter(({ application, rate }) => comparedAt.get(application) === rate);
  return page("Applications in meshes", [
    ...(isQuick
      ? [
          `<p class="quick">Quick: one round, a few seconds each. It shows that everything works; its figures are no measurements.</p>`,
        ]
      : []),
    `<p>${sentence(comparison)} ${text(machines.map(machineWords).join("; "))}.</p>`,
    ...voidList(comparison),
    "<h2>What is compared</h2>",
    meshes,
    `<p>Meshes are compared at the highest rate that is no more than half of what <code>sidecars</code> sustains, at which 99 % of the requests are answered and all but
      one in a hundred within 500 ms: ${capacities
        .filter(({ application }) => comparedAt.has(application))
        .map(
          ({ application, rate }) =>
            `${text(application)} ${comparedAt.get(application)} of ${rate} requests a second`,
        )
        .join(", ")}.${unknownText(comparison)}</p>`,
    "<h2>Figures</h2>",
    "<p>Medians of the rounds, with the interval that holds the true median; latencies are of the requests that were answered; added p99 is that of the mesh less that of <code>none</code>, round by round.</p>",
    table(
      [
        "application",
        "policies",
        "mesh",
        "proxies",
        "answered",
        "p50 ms",
        "p99 ms",
        "added p99 ms",
        "CPU of proxies, cores",
        "of services",
        "of the control plane",
        "memory of proxies, MiB",
        "of services",
        "of the control plane",
      ],
      compared.map(figuresOf),
    ),
    "<h2>Aims</h2>",
    "<p>Met or missed by medians; in doubt where the intervals leave that open.</p>",
    claimTable(aims, "aim"),
    "<h2>What the first Wire's paper claims</h2>",
    "<p>Of its own placement beside Istio's sidecars, on a rented cluster; CPU there was that of all machines but the one that made the requests, services included.</p>",
    claimTable(paperClaims, "claim"),
    ...placementTable(placements),
    ...linesTable(lines),
    ...charts.flatMap(({ title, caption, svg }) => [
      `<h2>${text(title)}</h2>`,
      `<figure>${svg}<figcaption>${text(caption)}</figcaption></figure>`,
    ]),
  ]);
}

/** In the order of a cell of `markdown`. */
const besideEachOther: readonly Mode[] = ["wire", "sidecars", "selective", "node"];

/** The figures at the compared rate as Markdown, for a README: a line for an application and its policies, in each cell the meshes beside each other. */
export function markdown({
  comparison,
  machines,
  aims,
  isQuick,
}: Pick<Reported, "comparison" | "machines" | "aims" | "isQuick">): string {
  const { measured, comparedAt } = comparison;
  const rows = measured.filter(({ application, rate }) => comparedAt.get(application) === rate);
  const cases = Map.groupBy(rows, ({ application, scenario }) => `${application} | ${scenario}`);
  const missed = aims.filter(({ isMet }) => isMet === false);
  const doubted = aims.filter(({ isInDoubt }) => isInDoubt === true);
  return [
    ...(isQuick ? ["Quick: these are no measurements.", ""] : []),
    `${sentence(comparison)} ${machines.map(machineWords).join("; ")}. Medians of the rounds, in each cell ${besideEachOther.map((mesh) => emphasized(mesh, `\`${mesh}\``)).join(" · ")}.`,
    "",
    "| application | policies | requests/s | proxies | their CPU, cores | their memory, MiB | added p99, ms |",
    "|---|---|--:|--:|--:|--:|--:|",
    ...[...cases].map(([which, found]) => {
      const cell = (figure: (each: Measured) => string): string =>
        besideEachOther
          .map((mesh) => {
            const each = found.find((one) => one.mesh === mesh);
            return emphasized(mesh, each === undefined ? "–" : figure(each));
          })
          .join(" · ");
      const cells = [
        cell(({ proxies }) => `${proxies}`),
        cell(({ proxyCores }) => short(proxyCores, 2)),
        cell(({ proxyMib }) => short(proxyMib, 0)),
        cell(({ addedP99Ms }) => short(addedP99Ms, 1)),
      ];
      return `| ${which} | ${found[0]?.rate} | ${cells.join(" | ")} |`;
    }),
    // Without Wire, or what it is compared with, nothing is aimed at.
    ...(aims.length === 0
      ? []
      : ["", missed.length === 0 ? "No aim is missed." : `Of ${aims.length} aims these are missed:`]),
    ...(missed.length === 0 ? [] : [""]),
    ...missed.map(
      ({ application, scenario, figure, aim, shown }) =>
        `- ${application} ${scenario}, ${figure}: ${shown}, aimed at ${aim}`,
    ),
    ...(doubted.length === 0 ? [] : ["", "In doubt, since the intervals leave it open:", ""]),
    ...doubted.map(
      ({ application, scenario, figure, aim, shown, isMet }) =>
        `- ${application} ${scenario}, ${figure}: ${isMet === true ? "met" : "missed"} by medians, ${shown}, aimed at ${aim}`,
    ),
  ].join("\n");
}

function emphasized(mesh: Mode, words: string): string {
  return mesh === "wire" ? `**${words}**` : words;
}

function sentence({ runs, void: voids, measured }: Comparison): string {
  const rounds = Math.max(0, ...measured.map(({ proxyCores }) => proxyCores.rounds));
  return `${runs} runs in ${rounds} ${rounds === 1 ? "round" : "rounds"}, of which ${voids.length} are void.`;
}

/** Of applications of which nobody has looked for what they sustain. */
function unknownText({ capacities, comparedAt }: Comparison): string {
  const unknown = [...comparedAt].filter(
    ([name]) => !capacities.some(({ application }) => application === name),
  );
  return unknown.length === 0
    ? ""
    : ` Of others that was not looked for, and they are compared at the highest rate: ${unknown.map(([name, rate]) => `${text(name)} ${rate}`).join(", ")}.`;
}

function machineWords({ cpu, cores, memoryGib, envoy, node, commit }: MeshMachine): string {
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, for services, proxies, control plane and load together; Envoy ${envoy}, Node ${node}, Wire at ${commit ?? "no commit"}`;
}

function voidList({ void: voids }: Comparison): readonly string[] {
  if (voids.length === 0) return [];
  const lines = voids.map(
    (run) =>
      `<li>${text(`${run.application} ${run.scenario} as ${run.mesh}, ${run.rate}/s: ${run.void}`)}</li>`,
  );
  return [`<p>Void, since their answers do not show the policies:</p><ul>${lines.join("")}</ul>`];
}

const meshes = `<ul>
<li><code>none</code>: no proxies, and no policies, so that requests go to all versions of a service, whatever these call.</li>
<li><code>sidecars</code>: an Envoy before every service and store, through which all that comes and goes passes, as Istio's injection has it. Without Istio's own filters
for telemetry, so that it is a lower bound of what Istio takes.</li>
<li><code>selective</code>: the same before the callers that policies are about, and before what a heading says: what the paper calls Istio++.</li>
<li><code>node</code>: one Envoy, with a worker for each core, through which all HTTP calls of the machine pass, as Cilium has it.</li>
<li><code>wire</code>: what <code>wire serve</code> places and ships: full Envoys, and for rules about connections Envoys that only pass these on.</li>
</ul><p>All run the same filters, of the same compiler, so that what differs is where. The control plane of those that Wire is compared with compiles, serves once and then does nothing:
what it takes is no figure of Istio's or Cilium's. Services are emulated: they call each other as the originals do, and compute and wait as they are told.</p>`;

function figuresOf(each: Measured): readonly string[] {
  return [
    ...[each.application, each.scenario, each.mesh, `${each.proxies} of ${each.services}`],
    `${each.requests.answered} of ${each.requests.due}`,
    ...[interval(each.p50Ms, 1), interval(each.p99Ms, 1), interval(each.addedP99Ms, 1)],
    ...[each.proxyCores, each.serviceCores, each.controlPlaneCores].map((cores) => interval(cores, 3)),
    ...[each.proxyMib, each.serviceMib, each.controlPlaneMib].map((mib) => interval(mib, 0)),
  ];
}

function interval(found: Estimate | undefined, digits: number): string {
  if (found === undefined) return "–";
  const { median, low, high, rounds } = found;
  return rounds === 1
    ? median.toFixed(digits)
    : `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function short(found: Estimate | undefined, digits: number): string {
  return found === undefined ? "–" : found.median.toFixed(digits);
}

function claimTable(claims: readonly Claim[], aim: string): string {
  return table(
    ["application", "policies", "figure", aim, "this machine", ""],
    claims.map(({ application, scenario, figure, aim: aimed, shown, isMet, isInDoubt }) => [
      ...[application, scenario, figure, aimed, shown],
      isMet === undefined ? "" : `${isMet ? "met" : "missed"}${isInDoubt === true ? ", in doubt" : ""}`,
    ]),
  );
}

function linesTable(lines: readonly PolicyLines[]): readonly string[] {
  if (lines.length === 0) return [];
  const copper = lines.filter(({ form }) => form === "Copper");
  const as = copper.filter(({ own, istio }) => istio / own >= claimedRatio);
  return [
    "<h2>Lines of policy</h2>",
    `<p>Beside the shortest YAML for Istio that does the same, or the nearest that can be said. The paper claims up to ${claimedRatio} times fewer lines; here Copper has
      ${ratioOf(copper).toFixed(2)} times fewer, and ${as.length} of ${copper.length} files as many times fewer as claimed or more. Filter code does itself what Istio has built in.</p>`,
    table(
      ["policy", "form", "lines", "lines for Istio", "times", "what Istio cannot say"],
      lines.map(({ policy, form, own, istio, differs }) => [
        ...[policy, form, `${own}`, `${istio}`, (istio / own).toFixed(2), differs?.cannotSay ?? ""],
      ]),
    ),
  ];
}

function placementTable(rows: readonly SummaryRow[]): readonly string[] {
  if (rows.length === 0) return [];
  const percent = (shares: SummaryRow["servicesWithout"]): string =>
    shares === undefined ? "–" : `${(shares.mean * 100).toFixed(1)} %`;
  return [
    "<h2>Applications of traces</h2>",
    "<p>Each placed by itself; shares are means over the applications.</p>",
    table(
      [
        "policies",
        "services",
        "placed",
        "optimal",
        "ms mean",
        "95th",
        "99th",
        "services without a proxy",
        "replicas without a proxy",
      ],
      rows.map(({ set, size, placements, optimal, ms, servicesWithout, replicasWithout }) => [
        ...[set, size, `${placements}`, `${optimal}`],
        ...[ms.mean, ms.p95, ms.p99].map((each) => each.toFixed(1)),
        ...[percent(servicesWithout), percent(replicasWithout)],
      ]),
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("\n")}</tbody></table>`;
}

function page(title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<style>
body { font: 16px/1.5 "DejaVu Sans", sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 0.85rem; }
td, th { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
figure { margin: 0; overflow-x: auto; }
figcaption { color: #555; }
.quick { border: 2px solid #d55e00; padding: 0.5rem 1rem; }
</style>
<h1>${text(title)}</h1>
${parts.join("\n")}
</html>
`;
}

function text(raw: string): string {
  return raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
