import { isDeepStrictEqual } from "node:util";
import type { Mesh } from "./mesh.ts";

/**
 * Whether a mesh can take the place of another while proxies run: it differs in nothing but rates and the endpoints of services that
 * have some in both, so that everybody else stays where they are.
 */
export function isSamePlace(before: Mesh, after: Mesh): boolean {
  return isDeepStrictEqual(fixedOf(before), fixedOf(after));
}

function fixedOf({ services, calls, ...rest }: Mesh): unknown {
  return {
    ...rest,
    services: [...services.values()].map(({ endpoints, ...service }) => ({
      ...service,
      isElsewhere: endpoints.length > 0,
    })),
    calls: calls.map(({ from, to }) => [from, to]),
  };
}
