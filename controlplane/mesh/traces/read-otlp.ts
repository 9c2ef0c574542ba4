import { type Attributes, callOf } from "./attributes.ts";
import { isObject, type Json, objectsIn, textIn } from "./json.ts";
import type { Read, Span, SpanKind } from "./span.ts";

/** By number, and by name without its `SPAN_KIND_`. */
const kinds: Readonly<Record<string, SpanKind>> = {
  ...{ 1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer" },
  ...{ INTERNAL: "internal", SERVER: "server", CLIENT: "client", PRODUCER: "producer", CONSUMER: "consumer" },
};

/** One element of `resourceSpans`: what one process has seen (OTLP/JSON). */
export function readOtlp(element: unknown): Read {
  const faults: string[] = [];
  const spans: Span[] = [];
  if (!isObject(element)) return { spans, faults: ["an element of `resourceSpans` is no object"] };
  const resource = attributesOf(
    isObject(element["resource"]) ? element["resource"]["attributes"] : undefined,
  );
  const name = resource.get("service.name");
  const namespace = resource.get("service.namespace");
  const instance =
    resource.get("service.instance.id") ?? resource.get("k8s.pod.name") ?? resource.get("host.name");
  // The second name is that of before 2022.
  const scopes = [...objectsIn(element["scopeSpans"]), ...objectsIn(element["instrumentationLibrarySpans"])];
  for (const raw of scopes.flatMap((scope) => objectsIn(scope["spans"]))) {
    if (name === undefined) {
      faults.push("spans without `service.name`");
      break;
    }
    const span = readSpan(raw, namespace === undefined ? name : `${namespace}/${name}`, instance);
    if (typeof span === "string") faults.push(span);
    else spans.push(span);
  }
  return { spans, faults };
}

function readSpan(raw: Json, service: string, instance: string | undefined): Span | string {
  const [trace, id] = [textIn(raw["traceId"]), textIn(raw["spanId"])];
  if (trace === undefined || id === undefined) return "a span without `traceId` or `spanId`";
  const [startMs, endMs] = [ms(raw["startTimeUnixNano"]), ms(raw["endTimeUnixNano"])];
  if (startMs === undefined) return "a span without `startTimeUnixNano`";
  const parent = textIn(raw["parentSpanId"]);
  const kind = kinds[String(raw["kind"] ?? "").replace(/^SPAN_KIND_/, "")];
  return {
    trace: trace.toLowerCase(),
    id: id.toLowerCase(),
    // All zeros is none.
    ...(parent === undefined || /^0+$/.test(parent) ? {} : { parent: parent.toLowerCase() }),
    service,
    ...(instance === undefined ? {} : { instance }),
    ...(kind === undefined ? {} : { kind }),
    ...callOf(attributesOf(raw["attributes"]), kind),
    startMs,
    endMs: endMs ?? startMs,
  };
}

function attributesOf(list: unknown): Attributes {
  return new Map(
    objectsIn(list).flatMap(({ key, value }): readonly (readonly [string, string])[] => {
      if (typeof key !== "string" || !isObject(value)) return [];
      const found = value["stringValue"] ?? value["intValue"] ?? value["doubleValue"] ?? value["boolValue"];
      return found === undefined ? [] : [[key, String(found)]];
    }),
  );
}

/** Nanoseconds are too many for a number, and come as text. */
function ms(nanoseconds: unknown): number | undefined {
  const value = Number(nanoseconds);
  return (typeof nanoseconds === "string" || typeof nanoseconds === "number") && value > 0
    ? value / 1e6
    : undefined;
}
