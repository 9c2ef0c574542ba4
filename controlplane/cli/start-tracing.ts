import { setTimeout as sleep } from "node:timers/promises";
import { DiagLogLevel, diag, type Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, as far as the collector takes it in time. */
  stop(): Promise<void>;
}

const sendMs = 1_000;
const stopMs = 2_000;

/** Sends spans by OTLP/HTTP to where OpenTelemetry's variables say; what they do not say of a service is that it is `wire`. */
export function startTracing(progress: (line: string) => void): Tracing {
  // A collector that is away for an hour is one line, and not one for each attempt.
  const said = new Set<string>();
  const say = (text: string): void => {
    const why = reasonIn(text);
    if (said.has(why)) return;
    said.add(why);
    progress(`wire: traces: ${why}`);
  };
  const ignore = (): void => {};
  diag.setLogger(
    { ...{ error: say, warn: say }, ...{ info: ignore, debug: ignore, verbose: ignore } },
    DiagLogLevel.WARN,
  );
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "wire" }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: sendMs }),
    ],
  });
  return {
    tracer: provider.getTracer("wire"),
    stop: () => Promise.race([provider.shutdown().catch(ignore), sleep(stopMs, undefined, { ref: false })]),
  };
}

/** An error comes as an object in JSON, with its stack. */
function reasonIn(text: string): string {
  try {
    const error: unknown = JSON.parse(text);
    return typeof error === "object" && error !== null && "message" in error ? String(error.message) : text;
  } catch {
    return text;
  }
}
