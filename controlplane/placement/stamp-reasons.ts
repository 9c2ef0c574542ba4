import { type CallName, callGraph } from "../analysis/call-graph.ts";
import type { IdHeader } from "../mesh/mesh.ts";
import type { Input } from "./changes.ts";
import { missedCuts } from "./cuts.ts";
import type { Dataplane } from "./dataplane.ts";
import { originsOf } from "./origins.ts";
import type { Placement } from "./placement.ts";
import { problem } from "./problem.ts";
import { seatsOf, wasAtIngress } from "./seats.ts";

/** Why a service stamps. */
export type StampReason =
  /** Paths of requests begin there. */
  | { readonly kind: "origin" }
  /** All that it hands on of a request is an id, by which its proxy has to know the state again. */
  | { readonly kind: "idAlone"; readonly header: IdHeader }
  /** Only its stamp tells the two apart: the policy is for requests of the one path, and not for those of the other, on the same call. */
  | {
      readonly kind: "apart";
      readonly policy: string;
      readonly call: CallName;
      readonly matching: readonly string[];
      readonly other: readonly string[];
    };

/** By service, for each that stamps. */
export function stampReasons(
  placement: Placement,
  { policies, mesh }: Input,
  dataplanes: readonly Dataplane[],
): ReadonlyMap<string, StampReason> {
  const stamps = placement.proxies.flatMap((proxy) => (proxy.stamps ? [proxy.service] : []));
  if (stamps.length === 0) return new Map();
  const model = problem(policies, mesh, dataplanes);
  const sides = seatsOf(model, placement).sides.map((seat) => (seat === wasAtIngress ? 1 : 0));
  const { always, atIngress } = originsOf(model);
  const graph = callGraph(mesh);
  const origins = new Set([...always, ...atIngress.flatMap(({ services }) => services)]);
  return new Map(
    stamps.flatMap((service): readonly (readonly [string, StampReason])[] => {
      const header = mesh.services.get(service)?.forwards;
      const isStart = graph.before[graph.numbers.get(service) ?? -1] === -1;
      if (origins.has(service))
        return [
          [service, header === undefined || isStart ? { kind: "origin" } : { kind: "idAlone", header }],
        ];
      const others = new Set(stamps.filter((each) => each !== service));
      const missed = missedCuts(model, { sides, stamps: others });
      const [cut] = "context" in missed ? [] : missed;
      if (cut === undefined) return [];
      const { matching, other } = cut.paths;
      return [[service, { kind: "apart", policy: cut.policy.name, call: cut.call, matching, other }]];
    }),
  );
}

export function stampReasonText(reason: StampReason): string {
  if (reason.kind === "origin") return "paths of requests begin here";
  if (reason.kind === "idAlone") return `${reason.header} is all that it hands on`;
  const [matching, other] = [reason.matching, reason.other].map((path) => path.join(" -> "));
  return `its stamp tells ${matching}, which ${reason.policy} is for, from ${other}`;
}
