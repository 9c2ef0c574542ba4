import { type DestinationStream, pino, stdTimeFunctions } from "pino";
import type { Diagnostic } from "../language/diagnostic.ts";
import { diagnosticToJson } from "../language/render.ts";
import type { ControlPlaneEvent } from "../rollout/event.ts";
import { eventText } from "../rollout/event-text.ts";

/** What happens, as one JSON object a line. */
export interface JsonLog {
  event(event: ControlPlaneEvent): void;
  /** What is told to people as text. */
  message(text: string): void;
  diagnostic(diagnostic: Diagnostic): void;
}

type Level = "info" | "warn" | "error";

export function createJsonLog(destination: DestinationStream): JsonLog {
  const log = pino(
    {
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  return {
    event: (event) => {
      const entry = entryOf(event);
      if (entry !== undefined) log[entry.level ?? "info"](entry.fields, entry.msg ?? eventText(event));
    },
    message: (text) => log[text.startsWith("wire: ") ? "warn" : "info"]({ event: "message" }, text),
    diagnostic: (diagnostic) => {
      const { message, severity, ...fields } = diagnosticToJson(diagnostic);
      log[severity === "error" ? "error" : "warn"]({ event: "diagnostic", ...fields }, message);
    },
  };
}

/** Undefined for what comes too often to be a line, and is a metric. */
function entryOf(
  event: ControlPlaneEvent,
): { readonly level?: Level; readonly msg?: string; readonly fields: object } | undefined {
  switch (event.kind) {
    case "connected":
    case "disconnected": {
      const { node, address, identities } = event;
      const is = event.kind === "connected" ? "connect" : "disconnect";
      return { fields: { event: is, node, address, identities }, msg: `a stream of ${node}: ${event.kind}` };
    }
    case "turnedAway": {
      const { by, node, address, identities, reason } = event;
      return { level: "warn", fields: { event: "turned_away", by, node, address, identities, reason } };
    }
    case "nacked": {
      const { node, typeUrl, resources, policies, message } = event;
      return {
        level: "warn",
        fields: { event: "nack", node, type: typeUrl, resources, policies, reason: message },
      };
    }
    case "built":
      return {
        fields: { event: "build", outcome: event.outcome, duration_ms: event.ms },
        msg: `the policies are ${event.outcome}`,
      };
    case "rolloutBegun": {
      const { rollout, revision } = event;
      const own = revision === undefined ? {} : { revision };
      return { fields: { event: "rollout_begin", rollout, ...own }, msg: "a rollout begins" };
    }
    case "stageBegun": {
      const { rollout, stage, proxies, wave } = event;
      return { fields: { event: "stage_begin", rollout, stage, proxies, ...wave } };
    }
    case "planned": {
      const { rollout, plan } = event;
      const fields = plan.kind === "staged" ? { waves: plan.waves } : { together: plan.because };
      return {
        fields: { event: "rollout_plan", rollout, ...fields },
        ...(plan.kind === "staged" ? { msg: `a rollout in waves: ${plan.waves.length}` } : {}),
      };
    }
    case "judged": {
      const { rollout, wave, of, proxies, vmFailures, requests, failed, restarts, reason } = event;
      const counts = { vm_failures: vmFailures, requests, failed, restarts };
      return {
        level: reason === undefined ? "info" : "error",
        fields: { event: "wave_end", rollout, wave, of, proxies, ...counts, reason },
      };
    }
    case "stageEnded": {
      const { rollout, stage, ms } = event;
      return { fields: { event: "stage_end", rollout, stage, duration_ms: ms }, msg: `${stage}: over` };
    }
    case "waiting": {
      const { rollout, node, outcome } = event;
      return { level: "warn", fields: { event: "proxy_waiting", rollout, node, outcome } };
    }
    case "takenBack":
      return {
        level: "warn",
        fields: { event: "rollout_back", rollout: event.rollout, proxies: event.proxies },
      };
    case "rolloutEnded": {
      const { rollout, outcome, ms, reason } = event;
      return {
        level: outcome === "failed" ? "error" : "info",
        fields: { event: "rollout_end", rollout, outcome, duration_ms: ms, reason },
        msg: `the rollout is ${outcome}`,
      };
    }
    case "draining":
      return {
        fields: { event: "drain", proxies: event.proxies, duration_ms: event.overMs },
        msg: "letting go of the proxies",
      };
    case "acknowledged":
    case "converged":
      return undefined;
    default:
      return event satisfies never;
  }
}
