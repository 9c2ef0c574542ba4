import { context, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { ControlPlaneEvent } from "./event.ts";

/** The rollout that runs, and the stage that it is in. */
interface Open {
  readonly rollout: Span;
  stage?: { readonly span: Span; readonly beganMs: number };
}

/** Makes a trace of each rollout: a span for it, one in it for each stage, and in that one for each proxy's acknowledgement. */
export function createRolloutSpans(tracer: Tracer, nowMs: () => number): (event: ControlPlaneEvent) => void {
  let open: Open | undefined;

  function child(
    of: Span,
    name: string,
    attributes: Record<string, string | number>,
    startTime: number,
  ): Span {
    return tracer.startSpan(name, { attributes, startTime }, trace.setSpan(context.active(), of));
  }

  return (event) => {
    if (!("rollout" in event)) return;
    const stage = open?.stage;
    const atMs = nowMs();
    switch (event.kind) {
      case "rolloutBegun": {
        const attributes = {
          ...{ "wire.rollout": event.rollout, "wire.rollout.first": event.isFirst },
          ...(event.revision === undefined ? {} : { "wire.revision": event.revision }),
        };
        open = { rollout: tracer.startSpan("rollout", { attributes, startTime: atMs, root: true }) };
        break;
      }
      case "stageBegun": {
        if (open === undefined) break;
        const attributes = { "wire.stage": event.stage, "wire.proxies": event.proxies.length };
        open.stage = { span: child(open.rollout, "stage", attributes, atMs), beganMs: atMs };
        break;
      }
      case "acknowledged":
        if (stage !== undefined)
          child(stage.span, "acknowledgement", { "wire.node": event.node }, stage.beganMs).end(atMs);
        break;
      case "waiting":
        stage?.span.addEvent("waiting", { "wire.node": event.node, "wire.outcome": event.outcome }, atMs);
        break;
      case "stageEnded":
        stage?.span.end(atMs);
        delete open?.stage;
        break;
      case "planned":
        open?.rollout.setAttribute("wire.waves", event.plan.kind === "staged" ? event.plan.waves.length : 1);
        break;
      case "judged": {
        const { wave, of, requests, failed, reason } = event;
        const counts = {
          "wire.wave": wave,
          "wire.waves": of,
          "wire.requests": requests,
          "wire.failed": failed,
        };
        open?.rollout.addEvent(
          "judged",
          { ...counts, ...(reason === undefined ? {} : { "wire.reason": reason }) },
          atMs,
        );
        break;
      }
      case "takenBack":
        open?.rollout.addEvent("taken back", {}, atMs);
        break;
      case "rolloutEnded":
        open?.rollout.setAttribute("wire.outcome", event.outcome);
        if (event.outcome === "failed")
          open?.rollout.setStatus({ code: SpanStatusCode.ERROR, message: event.reason ?? "" });
        open?.rollout.end(atMs);
        open = undefined;
        break;
      default:
        event satisfies never;
    }
  };
}
