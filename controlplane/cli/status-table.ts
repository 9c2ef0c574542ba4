import { oneLine } from "../rollout/one-line.ts";
import type { ProxyReceipt } from "../rollout/proxy-receipt.ts";
import type { WaveProgress } from "../rollout/rollout.ts";
import { type Off, offText } from "../rollout/switch-report.ts";
import { typeUrl } from "../xds/type-url.ts";
import { aligned } from "./aligned.ts";

/** What `GET /status` says of the proxies, as far as the table shows it. */
export interface StatusReport {
  /** Whether the newest change is in force. */
  readonly settled: boolean;
  readonly revision: { readonly inForce: number | null; readonly newest: number | null };
  readonly wave: WaveProgress | null;
  /** Policies that are switched off. */
  readonly off: readonly Off[];
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
}

/** The kinds of resource that Wire ships, in the order in which they have to be known. */
const kinds = ["cluster", "endpoints", "extension", "listener", "route"] as const;
const titles = ["clusters", "endpoints", "filters", "listeners", "routes"];

/** One line for each proxy, and one for each resource that a proxy refuses. */
export function statusTable({ settled, revision, wave, off, proxies }: StatusReport): readonly string[] {
  const rows = proxies.map((proxy) => [
    proxy.service,
    stateOf(proxy),
    revisionCell(proxy.receipt),
    ...kinds.map((kind) => cell(proxy, typeUrl[kind])),
  ]);
  const refusals = proxies.flatMap(({ service, resources }) =>
    resources.flatMap(({ name, nacked }) =>
      nacked === undefined ? [] : [oneLine(`${service} refuses ${name} (version ${nacked})`)],
    ),
  );
  return [
    ...aligned([["proxy", "state", "revision", ...titles], ...rows]),
    ...refusals,
    ...[offText(off)].filter((line) => line !== ""),
    ...(wave === null ? [] : [`wave ${wave.wave} of ${wave.of}, watched: ${wave.proxies.join(", ")}`]),
    `${settled ? "the newest change is in force" : "the newest change is not in force yet"}${revisionText(revision)}`,
  ];
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

function revisionText({ inForce, newest }: StatusReport["revision"]): string {
  if (newest === null) return "";
  if (inForce === newest) return ` (revision ${newest})`;
  return ` (the newest revision is ${newest}, in force is ${inForce ?? "none"})`;
}
