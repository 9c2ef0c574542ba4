import { expect, test } from "vitest";
import { xdsCluster } from "../../envoy/bootstrap.ts";
import { pathLog } from "./path-log.ts";
import { probeHeaders, probeId, probeSigns, readProbe, stateHeaderOf, stateOf } from "./probe.ts";

const headers = ["tracestate", "baggage", "header:X-State", "header:x-request-id"].map(stateHeaderOf);
const probe = { id: probeId("0123456789abcde"), state: "zhdOAm.2" };

test("a probe has one id, in the forms that tracing libraries have for it", () => {
  expect(probe.id).toMatch(/^[0-9a-f]{32}$/);
  const {
    traceparent,
    "x-request-id": uuid = "",
    b3,
    ...others
  } = probeHeaders(probe, stateHeaderOf("tracestate"));
  expect(traceparent).toBe(`00-${probe.id}-${probe.id.slice(16)}-00`);
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid.replaceAll("-", "")).toBe(probe.id);
  expect(b3).toBe(`${probe.id}-${probe.id.slice(16)}-0`);
  expect(others).toMatchObject({
    "x-b3-traceid": probe.id,
    tracestate: `wire=zhdOAm.2,wire-doctor=${probe.id}`,
  });
});

test.each(headers)("it is known by any of what is left of it, where states are in $name", (header) => {
  const said = probeHeaders(probe, header);
  for (const { header: name, how, text } of probeSigns(header)) {
    const value = said[name] ?? "";
    expect(how === "prefix" ? value.startsWith(text) : value.includes(text)).toBe(true);
    const state = name === header.name ? { state: stateOf(probe, header) } : {};
    expect(readProbe({ [name]: value }, header)).toEqual({ id: probe.id, by: [name], ...state });
  }
  expect(readProbe(said, header)).toEqual({
    id: probe.id,
    by: probeSigns(header).map((sign) => sign.header),
    state: stateOf(probe, header),
  });
});

test("libraries put their own span into it, and other members beside the state", () => {
  const header = stateHeaderOf("tracestate");
  const traceparent = `00-${probe.id}-00f067aa0ba902b7-01`;
  const seen = { id: probe.id, by: ["traceparent"] };
  expect(readProbe({ traceparent }, header)).toEqual(seen);
  expect(readProbe({ traceparent, tracestate: "a=1, wire = zhdOAm.3 ,b=2" }, header)).toEqual({
    ...seen,
    state: "zhdOAm.3",
  });
  expect(readProbe({ traceparent, tracestate: "wired=1,a=wire=2" }, header)).toEqual(seen);
});

test("other requests are none", () => {
  for (const header of headers) {
    expect(readProbe({}, header)).toBeUndefined();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(
      readProbe({ traceparent, "x-request-id": "9e3779b1-0000-4000-8000-000000000000" }, header),
    ).toBeUndefined();
  }
});

test("the log goes to the cluster of the control plane that a bootstrap has", () => {
  const { configType } = pathLog("inbound", stateHeaderOf("baggage"), { loses: true });
  const text = configType.case === "typedConfig" ? new TextDecoder().decode(configType.value.value) : "";
  expect(text).toContain(xdsCluster);
});
