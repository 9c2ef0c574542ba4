import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "../../controlplane/codegen/generate.ts";
import { checkCopper } from "../../controlplane/language/check.ts";
import { assemble } from "../proxy-wasm-as/build/assemble.ts";
import { createHost } from "../proxy-wasm-as/testing/index.ts";

test("canary requests go to v2, others stay", async () => {
  const text = readFileSync(new URL("policy.cup", import.meta.url), "utf8");
  const { policies, diagnostics } = checkCopper({ path: "policy.cup", text });
  expect(diagnostics).toEqual([]);
  const { bytes = new Uint8Array() } = await assemble({ entry: generate(policies) });
  const host = createHost(bytes, { configuration: "canary-rate\toutbound\trate\n" });
  const properties = { "xds.route_name": "rate" };
  const canary = host.request({ headers: [["x-canary", "true"]], properties });
  expect(canary.requestHeaders).toContainEqual(["x-wire-version", "v2"]);
  expect(host.request({ headers: [["x-canary", ""]], properties }).requestHeaders).toHaveLength(1);
});
