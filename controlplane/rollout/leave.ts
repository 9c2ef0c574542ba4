import type { ControlPlane } from "./control-plane.ts";
import type { Command } from "./http-api.ts";

/** The answer where proxies have left. */
export interface LeaveReport {
  readonly left: readonly string[];
  /** Why it is done and not kept. */
  readonly unkept?: string;
}

/**
 * `POST /force-leave` with `{"services": [NAMES]}`: the proxies of these services are gone for good, as an operator knows, and nobody waits for
 * one until it connects again. All of them or none.
 */
export function leaveCommand(
  controlPlane: Pick<ControlPlane, "forceLeave">,
  told: (report: LeaveReport) => void,
): Command {
  return async (body) => {
    const services = servicesIn(body);
    if (services === undefined)
      return { status: 400, value: { error: 'whose proxies have left is {"services": ["NAME"]}' } };
    const { unknown, connected, unkept } = await controlPlane.forceLeave(services);
    if (unknown.length > 0)
      return { status: 404, value: { error: `no proxy of ${unknown.join(", ")} is to run` } };
    if (connected.length > 0)
      return {
        status: 409,
        value: { error: `of ${connected.join(", ")} a proxy is connected, so it has not left` },
      };
    const report: LeaveReport = {
      left: [...new Set(services)].sort(),
      ...(unkept === undefined ? {} : { unkept }),
    };
    told(report);
    return { status: 200, value: report };
  };
}

/** For people. */
export function leaveText({ left }: LeaveReport): string {
  return `no change waits for the ${left.length === 1 ? "proxy" : "proxies"} of ${left.join(", ")} any more, until ${left.length === 1 ? "it connects" : "they connect"} again`;
}

function servicesIn(body: unknown): readonly string[] | undefined {
  if (typeof body !== "object" || body === null || !("services" in body)) return undefined;
  const { services } = body;
  if (!Array.isArray(services) || services.length === 0) return undefined;
  return services.every((name) => typeof name === "string") ? services : undefined;
}
