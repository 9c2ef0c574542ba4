import type { Difference } from "../placement/compare.ts";

/** What is otherwise in a placement, a line for each proxy and for each policy on each call. */
export function changeLines({
  proxies,
  policies,
}: Pick<Difference, "proxies" | "policies">): readonly string[] {
  return [
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
