import type { Diagnostic } from "../language/diagnostic.ts";
import { didYouMean } from "../language/nearest.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "./mesh.ts";

/** Services that are pinned to a data plane that is none of these. */
export function checkPins(mesh: Mesh, source: Source, dataplanes: readonly string[]): readonly Diagnostic[] {
  return [...mesh.services.values()]
    .filter(({ proxy }) => proxy !== "any" && proxy !== "never" && !dataplanes.includes(proxy))
    .map(
      ({ name, proxy, proxySpan }): Diagnostic => ({
        code: "MSH0211",
        severity: "error",
        message: `\`${name}\` is pinned to \`${proxy}\`, which is no data plane`,
        help: didYouMean(
          proxy,
          [...dataplanes, "never"],
          `there are \`${dataplanes.join("`, `")}\`, and \`never\``,
        ),
        source,
        span: proxySpan ?? { start: 0, end: 0 },
      }),
    );
}
