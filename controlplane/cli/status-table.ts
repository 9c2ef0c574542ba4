import { type LostContext, lostText } from "../doctor/lost-context.ts";
import { ofPolicies } from "../rollout/nack-text.ts";
import { oneLine } from "../rollout/one-line.ts";
import type { ProxyReceipt } from "../rollout/proxy-receipt.ts";
import type { RefusalReport } from "../rollout/refusal-report.ts";
import type { WaveProgress } from "../rollout/rollout.ts";
import { type Off, offText } from "../rollout/switch-report.ts";
import { typeUrl } from "../xds/type-url.ts";
import { aligned } from "./aligned.ts";

/** What `GET /status` says of the proxies, as far as the table shows it. */
export interface StatusReport {
  /** Whether the newest change is in force. */
  readonly settled: boolean;
  readonly revision: {
    readonly inForce: number | null;
    readonly newest: number | null;
    /** The last change that somebody made, and why it was not taken; null where it was, or may be yet. */
    readonly rejected: { readonly revision: number; readonly reason: string } | null;
  };
  readonly wave: WaveProgress | null;
  /** Policies that are switched off. */
  readonly off: readonly Off[];
  /** Where the paths of requests were lost since the control plane began, and the header that states are in. */
  readonly lost?: readonly LostContext[];
  readonly stateHeader?: string;
  readonly proxies: readonly ProxyReport[];
}

export interface ProxyReport {
  readonly service: string;
  readonly connected: boolean;
  /** Whether an operator has said that it is gone. */
  readonly left: boolean;
  readonly settled: boolean;
  readonly receipt?: ProxyReceipt;
  /** Versions. */
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly sent?: string;
    readonly acked?: string;
    readonly nacked?: string;
  }[];
  /** What it refuses of that which it is to run. */
  readonly refusals: readonly RefusalReport[];
}

/** The kinds of resource that Wire ships, in the order in which they have to be known. */
const kinds = ["cluster", "endpoints", "extension", "listener", "route"] as const;
const titles = ["clusters", "endpoints", "filters", "listeners", "routes"];

/** One line for each proxy, and one for each resource that a proxy refuses. */
export function statusTable({
  settled,
  revision,
  wave,
  off,
  lost = [],
  stateHeader = "",
  proxies,
}: StatusReport): readonly string[] {
  const rows = proxies.map((proxy) => [
    proxy.service,
    stateOf(proxy),
    revisionCell(proxy.receipt),
    ...kinds.map((kind) => cell(proxy, typeUrl[kind])),
  ]);
  const refusals = proxies.flatMap(({ service, refusals }) =>
    refusals.map((refusal) => refusalText(service, refusal)),
  );
  return [
    ...aligned([["proxy", "state", "revision", ...titles], ...rows]),
    ...refusals,
    ...lost.map((each) => lostText(each, stateHeader)),
    ...[offText(off)].filter((line) => line !== ""),
    ...(wave === null ? [] : [`wave ${wave.wave} of ${wave.of}, watched: ${wave.proxies.join(", ")}`]),
    lastLine(settled, revision),
  ];
}

function refusalText(service: string, { name, version, policies, reason }: RefusalReport): string {
  const what = version === undefined ? "keeps" : "refuses";
  const which = version === undefined ? "" : ` (version ${version})`;
  return `${oneLine(service)} ${what} ${oneLine(name)}${which}${ofPolicies(policies)}: ${oneLine(reason)}`;
}

/** One that was given nothing is a proxy of no service, as where its `node.id` has a slip of the pen. */
function stateOf({ connected, settled, left, receipt }: ProxyReport): string {
  if (left) return "has left";
  if (!connected) return "not connected";
  if (receipt === undefined) return "not known";
  return settled ? "in force" : "on its way";
}

/** How many the proxy has taken, of how many it was sent, and how many it refuses. */
function cell({ resources }: ProxyReport, type: string): string {
  const ofType = resources.filter((resource) => resource.type === type);
  const sent = ofType.filter(({ sent: version }) => version !== undefined);
  const taken = sent.filter(({ sent: version, acked }) => version === acked);
  const refused = ofType.filter(({ nacked }) => nacked !== undefined);
  const count = taken.length === sent.length ? `${sent.length}` : `${taken.length} of ${sent.length}`;
  return refused.length === 0 ? count : `${count}, ${refused.length} refused`;
}

/** The one that it serves, and the one that it is on its way to. */
function revisionCell(receipt: ProxyReceipt | undefined): string {
  if (receipt === undefined) return "-";
  const { serving, given } = receipt;
  if (serving?.revision === given) return `${given}`;
  return `${serving?.revision ?? "-"} -> ${given}`;
}

function lastLine(settled: boolean, { inForce, newest, rejected }: StatusReport["revision"]): string {
  if (rejected !== null) {
    const goesOn = inForce === null ? "nothing is in force" : `revision ${inForce} is in force`;
    return `the newest change (revision ${rejected.revision}) is not taken, and ${goesOn}: ${oneLine(rejected.reason)}`;
  }
  const line = settled ? "the newest change is in force" : "the newest change is not in force yet";
  if (newest === null) return line;
  if (inForce === newest) return `${line} (revision ${newest})`;
  return `${line} (the newest revision is ${newest}, in force is ${inForce ?? "none"})`;
}
