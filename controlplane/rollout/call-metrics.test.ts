import { expect, test } from "vitest";
import { callMetrics } from "./call-metrics.ts";

test("each call has its rate, and where the caller's proxy counts its total", async () => {
  const { body } = await callMetrics({
    calls: [
      { from: null, to: "front", rate: 2.5, declared: null, basis: "remainder", seconds: 60 },
      { from: "front", to: "geo", rate: 4, declared: 1, basis: "counted", seconds: 60, total: 240 },
    ],
  });
  expect(body.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    'wire_call_requests_per_second{from="outside",to="front",basis="remainder"} 2.5',
    'wire_call_requests_per_second{from="front",to="geo",basis="counted"} 4',
    'wire_call_requests_total{from="front",to="geo"} 240',
  ]);
});
