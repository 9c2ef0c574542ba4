import type { Reporter } from "../language/reporter.ts";
import type { Span } from "../language/source.ts";
import { processesMax } from "./limits.ts";
import type { Service } from "./mesh.ts";

/**
 * Every replica and every proxy that runs here gets an address, and there are only so many. A mesh of more can be placed all the same, so
 * that this is a warning, and an error where the mesh is built.
 */
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
        severity: "warning",
        help: `leave some of the ${what} out to run it; as it is, it can be checked and placed`,
      },
    );
  }
}

/** The replicas of all versions. */
export function total(versions: Service["versions"]): number {
  return [...versions.values()].reduce((sum, version) => sum + version.replicas, 0);
}
