import type { Reporter } from "../language/reporter.ts";
import type { Span } from "../language/source.ts";
import { processesMax } from "./limits.ts";
import type { Service } from "./mesh.ts";

/** Every replica and every proxy gets an address: there must be enough of them. */
export function checkSize(services: Iterable<Service>, span: Span, reporter: Reporter): void {
  const all = [...services];
  const replicas = all
    .filter(({ endpoints }) => endpoints.length === 0)
    .reduce((sum, { versions, replicas }) => sum + (versions.size === 0 ? replicas : total(versions)), 0);
  for (const [count, what] of [
    [replicas, "replicas"],
    [all.length, "services"],
  ] as const) {
    if (count <= processesMax) continue;
    reporter.report(
      "MSH0209",
      span,
      `the mesh has ${count} ${what}, and there are addresses for ${processesMax}`,
      {
        help: `leave some of the ${what} out`,
      },
    );
  }
}

/** The replicas of all versions. */
export function total(versions: Service["versions"]): number {
  return [...versions.values()].reduce((sum, version) => sum + version.replicas, 0);
}
