import type { Build } from "../pipeline/build.ts";
import type { Nack } from "../server/node.ts";
import type { Snapshot } from "../server/snapshot.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { type PolicyPlace, refusedPolicies } from "./refused-policies.ts";

/** One resource that a proxy refuses of what it is to run. */
export interface RefusalReport {
  readonly type: TypeUrl;
  readonly name: string;
  /** Absent where it is to go, and the proxy keeps it. */
  readonly version?: string;
  /** Whose code or configuration it is; none where no policy is behind it. */
  readonly policies: readonly PolicyPlace[];
  /** The proxy's own words. */
  readonly reason: string;
}

/** One for each resource. `builds`: those that it may be of, the newest first. */
export function refusalReports(
  nacks: readonly Nack[],
  wanted: Snapshot | undefined,
  builds: readonly Pick<Build, "chains" | "policies">[],
): readonly RefusalReport[] {
  return nacks.flatMap(({ typeUrl: type, resources, message: reason }) =>
    resources.map((name) => {
      const version = wanted?.get(type)?.get(name)?.version;
      return {
        ...{ type, name },
        ...(version === undefined ? {} : { version }),
        policies: policiesOf(name, builds),
        reason,
      };
    }),
  );
}

/** While a change is on its way there are filters of both builds, at places of their own. */
function policiesOf(
  name: string,
  builds: readonly Pick<Build, "chains" | "policies">[],
): readonly PolicyPlace[] {
  for (const build of builds) {
    const found = refusedPolicies({ resources: [name] }, build);
    if (found.length > 0) return found;
  }
  return [];
}
