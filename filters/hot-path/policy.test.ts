import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "../../controlplane/codegen/generate.ts";
import { checkCopper } from "../../controlplane/language/check.ts";
import { assemble } from "../proxy-wasm-as/build/assemble.ts";
import { createHost } from "../proxy-wasm-as/testing/index.ts";

test("the header is set for the callers in the context only", async () => {
  const text = readFileSync(new URL("policy.cup", import.meta.url), "utf8");
  const { policies, diagnostics } = checkCopper({ path: "policy.cup", text });
  expect(diagnostics).toEqual([]);
  const { bytes = new Uint8Array() } = await assemble({ entry: generate(policies) });
  const host = createHost(bytes, { configuration: "@peer\tsearch\t127.0.0.3\nhot-path\tinbound\tsearch\n" });
  expect(host.request({ properties: { "source.address": "127.0.0.3:5" } }).requestHeaders).toEqual([
    ["critical", "true"],
  ]);
  expect(host.request({ properties: { "source.address": "127.0.0.4:5" } }).requestHeaders).toEqual([]);
});
