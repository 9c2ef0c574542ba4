import { expect, test } from "vitest";
import { checkImports, declaredDataplanes } from "../language/check-imports.ts";
import { measured } from "../language/measured-costs.ts";
import { actionBodies } from "./action-bodies.ts";
import { costInterface } from "./cost-interface.ts";

test("figures are an interface that declares them, without a mistake", () => {
  const figures = [
    { name: "cost/proxy/memory", value: 61.234, unit: "MiB" },
    { name: "cost/module/memory", value: 3, unit: "MiB" },
    { name: "cost/action/Request.RouteToVersion", value: 1.2, unit: "us" },
    { name: "cost/action/Counter.Reset", value: 0.456, unit: "us" },
  ] as const;
  const text = costInterface(figures);
  expect(text).toBe(`import "standard.cui";
dataplane envoy
cost: { memory: 61.2MiB }

act Request: Connection {
  [Egress] action RouteToVersion(self, const service service, const version version) cost 1.2us,
}

state Counter {
  action Reset(self) cost 0.5us,
}
`);
  const source = { path: "measured.cui", text };
  expect(checkImports([source]).diagnostics).toEqual([]);
  const [dataplane] = declaredDataplanes([source]);
  expect(dataplane?.cost).toEqual({ memoryMib: 61.2 });
  expect(dataplane?.actionCosts).toEqual({
    "Request.RouteToVersion": { cpuNs: 1200 },
    "RPCRequest.RouteToVersion": { cpuNs: 1200 },
    "Counter.Reset": { cpuNs: 500 },
  });
  // All that the standard interface has is still there.
  expect(dataplane?.actions).toContain("Request.SetHeader");
});

test("the defaults are such an interface, with a figure for everything", () => {
  expect(checkImports([measured]).diagnostics).toEqual([]);
  const [dataplane] = declaredDataplanes([measured]);
  expect(Object.keys(dataplane?.cost ?? {})).toEqual([
    "cpuMilli",
    "memoryMib",
    "requestNs",
    "stampNs",
    "checkNs",
  ]);
  expect(Object.keys(dataplane?.actionCosts ?? {})).toEqual(expect.arrayContaining([...actionBodies.keys()]));
});
