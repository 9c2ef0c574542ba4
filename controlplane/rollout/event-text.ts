import type { ControlPlaneEvent } from "./event.ts";
import { nackText } from "./nack-text.ts";

/** A line about an event for who looks on; undefined where it is none of their concern. */
export function eventText(event: ControlPlaneEvent): string | undefined {
  switch (event.kind) {
    case "nacked":
      return nackText(event, event.policies);
    case "stageBegun":
      return event.isFirst
        ? `starting the proxies: ${listed(event.proxies)}`
        : `rollout: ${event.stage} (proxies: ${listed(event.proxies)})`;
    case "takenBack":
      return `rollout: taken back (proxies: ${listed(event.proxies)})`;
    case "waiting":
      return event.outcome === "timeout"
        ? `still waiting for the proxy of ${event.node}`
        : `the proxy of ${event.node} refuses what it is sent`;
    case "draining":
      return event.overMs === 0 ? undefined : `letting go of the proxies, within ${event.overMs / 1_000} s`;
    case "connected":
    case "disconnected":
    case "converged":
    case "built":
    case "rolloutBegun":
    case "acknowledged":
    case "stageEnded":
    case "rolloutEnded":
      return undefined;
    default:
      return event satisfies never;
  }
}

function listed(services: readonly string[]): string {
  return services.join(", ") || "none";
}
