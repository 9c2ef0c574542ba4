import type { CopperPolicy } from "../../controlplane/language/policy.ts";
import { callsIn, statementsIn, textOf } from "../../controlplane/language/statements-in.ts";

/** Which version all requests to a service go to, and since which policy that is so. */
export interface FixedVersion {
  readonly version: string;
  readonly since: CopperPolicy;
}

/**
 * Design §3: a fixed route decides the version. Of the policies for a call, in order, the last that routes has the last word; it is fixed
 * when the policy is for all versions and routes whatever the request is like. A copy may go to another version.
 */
export function fixedVersion(
  service: string,
  matching: readonly { readonly policy: CopperPolicy; readonly isForAll: boolean }[],
): FixedVersion | undefined {
  let fixed: FixedVersion | undefined;
  for (const { policy, isForAll } of matching) {
    if (policy.mode !== "enforce") continue;
    const bodies = policy.sections.map(({ body }) => body);
    const routes = bodies
      .flatMap(callsIn)
      .filter(({ action }) => ["RouteToVersion", "SplitByWeight", "Mirror"].includes(action))
      .filter((call) => textOf(call, 0) === service);
    if (routes.length === 0) continue;
    if (routes.some(({ action }) => action === "Mirror")) return undefined;
    const [route] = routes;
    const body = bodies.find((each) => each.some((one) => one.kind === "do" && one.call === route)) ?? [];
    const before = body.slice(
      0,
      body.findIndex((one) => one.kind === "do" && one.call === route),
    );
    const isFixed =
      route?.action === "RouteToVersion" &&
      routes.length === 1 &&
      isForAll &&
      body.length > 0 &&
      !statementsIn(before).some(({ kind }) => kind === "return");
    fixed = isFixed ? { version: textOf(route, 1), since: policy } : undefined;
  }
  return fixed;
}
