import type { ControlPlaneEvent } from "./event.ts";
import { nackText } from "./nack-text.ts";
import { oneLine } from "./one-line.ts";
import type { Together, Waves } from "./waves.ts";

/** A line about an event for who looks on; undefined where it is none of their concern. */
export function eventText(event: ControlPlaneEvent): string | undefined {
  switch (event.kind) {
    case "nacked":
      return nackText(event, event.policies);
    case "turnedAway": {
      const { address, node, by, reason } = event;
      const who = node === undefined ? "a client" : `a client that says it is ${oneLine(node)}`;
      return `wire: ${who} at ${address} is turned away${by === "tls" ? " in the handshake" : ""}: ${oneLine(reason)}`;
    }
    case "stageBegun":
      if (event.wave !== undefined)
        return `rollout: wave ${event.wave.wave} of ${event.wave.of} (proxies: ${listed(event.proxies)})`;
      return event.isFirst
        ? `starting the proxies: ${listed(event.proxies)}`
        : `rollout: ${event.stage} (proxies: ${listed(event.proxies)})`;
    case "planned":
      return plannedText(event.plan);
    case "judged": {
      const { wave, of, requests, failed, reason } = event;
      const where = `rollout: wave ${wave} of ${of}`;
      if (reason !== undefined) return `wire: ${where} goes back: ${reason}`;
      return `${where} is healthy: ${requests} requests, ${failed} of them answered by 5xx`;
    }
    case "takenBack":
      return `rollout: taken back (proxies: ${listed(event.proxies)})`;
    case "waiting":
      return event.outcome === "timeout"
        ? `still waiting for the proxy of ${oneLine(event.node)}`
        : `the proxy of ${oneLine(event.node)} refuses what it is sent`;
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

const together = {
  moved: "a policy moves, or a proxy comes or goes",
  rerouted: "calls are led elsewhere, or listeners change",
  "two-sided": "a policy acts at both ends of a call",
} as const satisfies Record<Together, string>;

function plannedText(plan: Waves): string | undefined {
  if (plan.kind === "atOnce") return `rollout: to all proxies together, since ${together[plan.because]}`;
  const { length } = plan.waves;
  return length < 2
    ? undefined
    : `rollout: in ${length} waves, of ${plan.waves.map((wave) => wave.length).join(", ")} proxies`;
}

function listed(services: readonly string[]): string {
  return services.join(", ") || "none";
}
