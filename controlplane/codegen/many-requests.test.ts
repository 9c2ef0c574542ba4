import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { checkCopper } from "../language/check.ts";
import { generate } from "./generate.ts";

const url = new URL("../../filters/hot-path/policy.cup", import.meta.url);
const from = (address: string) => ({ properties: { "source.address": `${address}:4000` } });

test("a hundred reconfigurations and 100,000 requests leave memory as it was", async () => {
  const { policies } = checkCopper({ path: "hot-path.cup", text: readFileSync(url, "utf8") });
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: generate(policies) });
  expect(stderr).toBe("");
  const rate = createHost(bytes, { configuration: "hot-path\tinbound\t*\n" });
  const before = rate.memoryPages;
  for (let i = 0; i < 100; i++)
    expect(rate.configure(`@peer\ta\t127.0.0.${i}\nhot-path\tinbound\ta\n`)).toBe(true);
  for (let i = 0; i < 100_000; i++) rate.request(from("127.0.0.99"));
  expect(rate.request(from("127.0.0.99")).requestHeaders).toHaveLength(1);
  expect(rate.request(from("127.0.0.98")).requestHeaders).toHaveLength(0);
  expect(rate.memoryPages).toBe(before);
});
