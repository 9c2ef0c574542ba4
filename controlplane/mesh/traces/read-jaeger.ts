import { type Attributes, callOf } from "./attributes.ts";
import { isObject, type Json, objectsIn, textIn } from "./json.ts";
import type { Read, Span, SpanKind } from "./span.ts";

const kinds: readonly SpanKind[] = ["server", "client", "producer", "consumer", "internal"];

/** One element of `data`: a trace as Jaeger's interface shows and saves it. */
export function readJaeger(element: unknown): Read {
  const faults: string[] = [];
  const spans: Span[] = [];
  if (!isObject(element)) return { spans, faults: ["an element of `data` is no object"] };
  const processes = isObject(element["processes"]) ? element["processes"] : {};
  for (const raw of objectsIn(element["spans"])) {
    const process = isObject(raw["process"]) ? raw["process"] : processes[String(raw["processID"])];
    const span = readSpan(raw, isObject(process) ? process : {});
    if (typeof span === "string") faults.push(span);
    else spans.push(span);
  }
  return { spans, faults };
}

function readSpan(raw: Json, process: Json): Span | string {
  const [trace, id] = [textIn(raw["traceID"]), textIn(raw["spanID"])];
  if (trace === undefined || id === undefined) return "a span without `traceID` or `spanID`";
  const service = textIn(process["serviceName"]);
  if (service === undefined) return "a span of a process without `serviceName`";
  const { startTime, duration } = raw;
  if (typeof startTime !== "number") return "a span without `startTime`";
  const tags = tagsOf(raw["tags"]);
  const own = tagsOf(process["tags"]);
  const kind = kinds.find((known) => known === tags.get("span.kind"));
  const references = objectsIn(raw["references"]);
  const parent =
    references.find(({ refType }) => refType === "CHILD_OF") ??
    references.find(({ traceID }) => traceID === trace);
  const above = textIn(parent?.["spanID"]) ?? textIn(raw["parentSpanID"]);
  const instance = own.get("service.instance.id") ?? own.get("hostname") ?? own.get("ip");
  const namespace = own.get("service.namespace");
  return {
    trace,
    id,
    ...(above === undefined ? {} : { parent: above }),
    service: namespace === undefined ? service : `${namespace}/${service}`,
    ...(instance === undefined ? {} : { instance }),
    ...(kind === undefined ? {} : { kind }),
    ...callOf(tags, kind),
    // They are in microseconds.
    startMs: startTime / 1000,
    endMs: (startTime + (typeof duration === "number" ? duration : 0)) / 1000,
  };
}

function tagsOf(list: unknown): Attributes {
  return new Map(
    objectsIn(list).flatMap(({ key, value }): readonly (readonly [string, string])[] =>
      typeof key === "string" && value !== undefined ? [[key, String(value)]] : [],
    ),
  );
}
