import { strict as assert } from "node:assert";
import { expect, test } from "vitest";
import { forwardedHeaders } from "../../envoy/emulator/forwarded-headers.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { emulatedServices } from "./emulated-services.ts";

/** The names of the headers that a service hands on, of these. */
function handedOn(stateHeader: string, service: string): readonly string[] {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: m\n${stateHeader}services: { a: { entry: true }, b: { forwards: b3 } }\n`,
  });
  assert(mesh !== undefined, "the mesh has no errors");
  const emulated = emulatedServices(mesh, addressPlan(mesh)).find((each) => each.service === service);
  const sent = ["tracestate", "traceparent", "b3", "x-path", "user-agent", "x-other"];
  return Object.keys(forwardedHeaders(Object.fromEntries(sent.map((name) => [name, ["1"]])), emulated));
}

test("services hand on what tracing libraries do, and the header that the mesh has its states in", () => {
  const ofTracing = ["tracestate", "traceparent", "b3"];
  expect(handedOn("", "a")).toEqual([...ofTracing, "user-agent"]);
  expect(handedOn("stateHeader: header:X-Path\n", "a")).toEqual([...ofTracing, "x-path", "user-agent"]);
});

test("one that hands on an id alone hands on no state", () => {
  for (const stateHeader of ["", "stateHeader: header:x-path\n"])
    expect(handedOn(stateHeader, "b")).toEqual(["b3", "user-agent"]);
});
