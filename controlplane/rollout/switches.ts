import type { Build } from "../pipeline/build.ts";
import { placedByRoutes } from "../placement/placed-by-routes.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Command } from "./http-api.ts";

/** What there is to be switched. */
export interface Switched {
  readonly controlPlane: Pick<ControlPlane, "off" | "switchOff">;
  /** What is being rolled out, or was last. */
  readonly newest: Build | undefined;
}

/** A policy that is switched off. */
export interface Off {
  readonly policy: string;
  /** Whether there is such a policy now. */
  readonly exists: boolean;
}

/** The answer to a switch. */
export interface SwitchReport {
  readonly off: readonly Off[];
  /** Policies that go by the version of a callee that one of these decided, and stay as they are. */
  readonly asBefore: readonly string[];
  /** Services whose proxies have not taken it yet. */
  readonly waitingFor: readonly string[];
  readonly milliseconds: number;
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
      const names = namesIn(body);
      if (names === undefined)
        return { status: 400, value: { error: 'what is to be switched is {"policies": ["NAME"]}' } };
      const known = new Set([...namesOf(switched.newest), ...controlPlane.off]);
      const unknown = names.filter((name) => !known.has(name));
      if (unknown.length > 0) {
        const all = known.size === 0 ? "there are none" : `there are ${[...known].sort().join(", ")}`;
        return { status: 404, value: { error: `no policy is called ${unknown.join(", ")}: ${all}` } };
      }
      const startedMs = performance.now();
      const waitingFor = await controlPlane.switchOff(next(controlPlane.off, names));
      const milliseconds = Math.round(performance.now() - startedMs);
      const { newest } = switched;
      const asBefore =
        newest === undefined ? [] : placedByRoutes(newest.policies, newest.mesh, controlPlane.off);
      const report: SwitchReport = { off: offIn(switched), asBefore, waitingFor, milliseconds };
      told(report);
      return { status: 200, value: report };
    };
  return {
    disable: command((off, names) => [...off, ...names]),
    enable: command((off, names) => off.filter((name) => !names.includes(name))),
  };
}

/** The policies that are switched off, and whether there are such policies. */
export function offIn({ controlPlane, newest }: Switched): readonly Off[] {
  const names = namesOf(newest);
  return controlPlane.off.map((policy) => ({ policy, exists: names.includes(policy) }));
}

/** A line of it for people; empty when none is off. */
export function offText(off: readonly Off[]): string {
  if (off.length === 0) return "";
  return `switched off: ${off
    .map(({ policy, exists }) => (exists ? policy : `${policy} (there is no such policy now)`))
    .join(", ")}`;
}

/** What is said of those that stay as they are; empty when there are none. */
export function asBeforeText({ asBefore }: Pick<SwitchReport, "asBefore">): string {
  if (asBefore.length === 0) return "";
  return `enforced as if the version of what is called were still decided: ${asBefore.join(", ")}`;
}

function namesOf(build: Build | undefined): readonly string[] {
  return build?.policies.map(({ name }) => name) ?? [];
}

function namesIn(body: unknown): readonly string[] | undefined {
  if (typeof body !== "object" || body === null || !("policies" in body)) return undefined;
  const { policies } = body;
  if (!Array.isArray(policies) || policies.length === 0) return undefined;
  return policies.every((name) => typeof name === "string") ? policies : undefined;
}
