import { WireError } from "../error/wire-error.ts";
import { typeUrl } from "../xds/type-url.ts";
import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import { configDiff, type Difference, type Wanted } from "./config-diff.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";

export interface DiffOptions extends ControlPlaneOptions {
  /** Of the proxy's admin interface; instead of where the control plane says that it is. */
  readonly admin?: string;
  readonly json?: boolean;
}

/** What `GET /nodes/NAME` answers. */
interface NodeReport {
  readonly node: string;
  readonly admin: string;
  readonly resources: readonly Wanted[];
}

const timeoutMs = 10_000;

/** `wire diff NODE`: what the control plane wants of a proxy, held against what its Envoy says that it runs. */
export async function diff([name = ""]: readonly string[], options: DiffOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const answer = await askControlPlane(`/nodes/${encodeURIComponent(name)}`, options);
  if (answer.status === 404) {
    const { error = "" } = (answer.body ?? {}) as { readonly error?: string };
    throw new WireError("diff", error);
  }
  if (answer.status !== 200) throw noControlPlane(answer.url);
  const report = answer.body as NodeReport;
  const admin = (options.admin ?? report.admin).replace(/\/+$/, "");
  const differences = configDiff(report.resources, await dumpOf(admin));
  if (output.json) output.print(JSON.stringify({ node: report.node, admin, differences }));
  else for (const line of linesOf(report, differences)) output.print(line);
  return differences.length === 0 ? 0 : 1;
}

async function dumpOf(admin: string): Promise<unknown> {
  const url = `${admin}/config_dump?include_eds`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    .then(async (response) => ({ status: response.status, body: (await response.json()) as unknown }))
    .catch((cause: unknown) => cause as Error);
  if (!(answer instanceof Error) && answer.status === 200) return answer.body;
  throw new WireError("diff", `no Envoy answers at ${url}: give where its admin interface is by --admin`, {
    cause: answer,
  });
}

function linesOf({ node, resources }: NodeReport, differences: readonly Difference[]): readonly string[] {
  if (differences.length === 0) return [`${node} runs what it is to run: ${resources.length} resources`];
  return [
    ...differences.map(
      (difference) => `${kindOf(difference.type)} ${difference.name}: ${textOf(difference)}`,
    ),
    `${node} differs in ${differences.length} of ${resources.length} resources`,
  ];
}

function kindOf(type: string): string {
  return Object.entries(typeUrl).find(([, url]) => url === type)?.[0] ?? type;
}

function textOf({ what, wanted, has, why }: Difference): string {
  switch (what) {
    case "missing":
      return `Envoy does not have it (version ${wanted})`;
    case "left over":
      return `Envoy has it (version ${has}), and it is not to be there`;
    case "other":
      return `Envoy has version ${has}, and is to have ${wanted}`;
    case "refused":
      return `Envoy has version ${has}, and refuses ${wanted}: ${why}`;
    default:
      return what satisfies never;
  }
}
