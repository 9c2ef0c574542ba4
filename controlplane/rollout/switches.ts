import type { Build } from "../pipeline/build.ts";
import { placedByRoutes } from "../placement/placed-by-routes.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Command } from "./http-api.ts";
import type { Off, SwitchReport } from "./switch-report.ts";

/** What there is, and what of it is off. */
export interface Switchable {
  readonly controlPlane: Pick<ControlPlane, "current" | "off">;
  /** What is being rolled out, or was last. */
  readonly newest: Build | undefined;
}

/** What there is to be switched. */
export interface Switched extends Switchable {
  readonly controlPlane: Pick<ControlPlane, "current" | "off" | "switchOff">;
}

/**
 * `POST /disable` and `POST /enable` with `{"policies": [NAMES]}`. A name that is unknown is refused, so that a slip of the pen does not pass
 * for a policy that is off; all of them or none are switched.
 */
export function switchCommands(
  switched: Switched,
  told: (report: SwitchReport) => void,
): { readonly disable: Command; readonly enable: Command } {
  const command =
    (next: (off: readonly string[], names: readonly string[]) => readonly string[]): Command =>
    async (body) => {
      const { controlPlane } = switched;
      const names = wantedIn(body);
      if (names === undefined)
        return { status: 400, value: { error: 'what is to be switched is {"policies": ["NAME"]}' } };
      const known = new Set([...namesIn(switched), ...controlPlane.off]);
      const unknown = names.filter((name) => !known.has(name));
      if (unknown.length > 0) {
        const all = known.size === 0 ? "there are none" : `there are ${[...known].sort().join(", ")}`;
        return { status: 404, value: { error: `no policy is called ${unknown.join(", ")}: ${all}` } };
      }
      const startedMs = performance.now();
      const { late: waitingFor, unkept } = await controlPlane.switchOff(next(controlPlane.off, names));
      const milliseconds = Math.round(performance.now() - startedMs);
      const { newest } = switched;
      const asBefore =
        newest === undefined ? [] : placedByRoutes(newest.policies, newest.mesh, controlPlane.off);
      const report: SwitchReport = {
        off: offIn(switched),
        asBefore,
        waitingFor,
        milliseconds,
        ...(unkept === undefined ? {} : { unkept }),
      };
      told(report);
      return { status: 200, value: report };
    };
  return {
    disable: command((off, names) => [...off, ...names]),
    enable: command((off, names) => off.filter((name) => !names.includes(name))),
  };
}

/** The policies that are switched off, and whether there are such policies. */
export function offIn(switched: Switchable): readonly Off[] {
  const names = namesIn(switched);
  return switched.controlPlane.off.map((policy) => ({ policy, exists: names.has(policy) }));
}

/** What is on its way out is enforced until that is done, however long it takes. */
function namesIn({ controlPlane, newest }: Switchable): ReadonlySet<string> {
  const builds = [controlPlane.current, newest].filter((build) => build !== undefined);
  return new Set(builds.flatMap(({ policies }) => policies.map(({ name }) => name)));
}

function wantedIn(body: unknown): readonly string[] | undefined {
  if (typeof body !== "object" || body === null || !("policies" in body)) return undefined;
  const { policies } = body;
  if (!Array.isArray(policies) || policies.length === 0) return undefined;
  return policies.every((name) => typeof name === "string") ? policies : undefined;
}
