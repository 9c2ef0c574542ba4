import type { NodeStatus } from "../server/node.ts";
import type { Snapshot } from "../server/snapshot.ts";
import type { ResourceStatus } from "../server/stream.ts";
import type { TypeUrl } from "../xds/type-url.ts";

/** How far a proxy is with one resource. */
export interface ResourceReport extends ResourceStatus {
  readonly type: TypeUrl;
  readonly name: string;
}

/** What a proxy was sent and acknowledged, and what it refuses of that which it is to run now: what it refused of something else is over. */
export function resourceReports(
  { types }: Pick<NodeStatus, "types">,
  wanted: Snapshot | undefined,
): readonly ResourceReport[] {
  return [...types].flatMap(([type, resources]) =>
    [...resources].flatMap(([name, { nacked, ...rest }]): readonly ResourceReport[] => {
      if (nacked !== undefined && wanted?.get(type)?.get(name)?.version === nacked)
        return [{ type, name, ...rest, nacked }];
      return Object.keys(rest).length === 0 ? [] : [{ type, name, ...rest }];
    }),
  );
}
