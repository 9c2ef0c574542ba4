import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { checkCopper } from "../language/check.ts";
import { generate } from "./generate.ts";

test("a module has as many metrics and states as its policies name", async () => {
  const names = Array.from({ length: 300 }, (_, n) => `p${n}`);
  const text = names.map(
    (
      name,
      n,
    ) => `policy ${name} ( act (Request request) using (Counter seen) using (worker Counter own) context ('a -> b') ) {
    [Ingress] Count(request, "${name}", ${n + 1});
    Histogram(request, "${name}-sizes", ${n});
    seen.Increment(${n + 1});
    own.Increment();
    if (own.GetCount() == 2) { SetHeader(request, "x-${name}", seen.GetCount().ToString()); }
  }`,
  );
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text: text.join("\n---\n") });
  expect(diagnostics).toEqual([]);
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: generate(policies) });
  expect(stderr).toBe("");
  const configuration = names.map((name) => `${name}\tinbound\t*\n`).join("");
  const all = createHost(bytes, { configuration });
  expect(all.request({}).requestHeaders).toEqual([]);
  expect(all.request({}).requestHeaders).toEqual(names.map((name, n) => [`x-${name}`, String(2 * n + 2)]));
  expect(all.failure).toBeNull();
  expect(names.map((name) => all.metrics.get(`wire.${name}`))).toEqual(names.map((_, n) => 2 * n + 2));
  expect(all.histograms.get("wire.p299-sizes")).toEqual([299, 299]);
});

test.each([{ also: [] }, { also: ["answered"] }])(
  "each of many policies counts by itself that it has lost a path, with $also",
  async ({ also }) => {
    const names = Array.from({ length: 200 }, (_, n) => `p${n}`);
    const texts = [
      ...names.map(
        (name) =>
          `policy ${name} ( act (Request request) context ('c -> a -> b') ) { [Ingress] SetHeader(request, "x", "1"); }`,
      ),
      ...also.map(
        (name) =>
          `policy ${name} ( act (Response response) context ('c -> a -> b') ) { [Ingress] SetHeader(response, "x", "1"); }`,
      ),
    ];
    const { policies, diagnostics } = checkCopper({ path: "p.cup", text: texts.join("\n---\n") });
    expect(diagnostics).toEqual([]);
    const { bytes = new Uint8Array(), stderr } = await assemble({
      entry: generate(policies, { asks: true }),
    });
    expect(stderr).toBe("");
    const asking = policies.map(({ name }) => `@when\t${name}\tnewrev\ta\t1\t2\n@lost\t${name}\tskip\n`);
    const lines = policies.map(({ name }) => `${name}\tinbound\t?\tenforce\n`);
    const configuration = `@self\tb\n@peer\ta\t10.0.0.1\n@path\ttracestate\tlist\n${[...asking, ...lines].join("")}`;
    const all = createHost(bytes, { configuration });
    const request = {
      headers: [[":method", "GET"]],
      properties: { "source.address": "10.0.0.1:40000" },
    } as const;
    for (const times of [1, 2]) {
      all.exchange({ ...request, response: {} });
      expect(all.failure).toBeNull();
      expect(Object.fromEntries(all.metrics)).toEqual(
        Object.fromEntries(policies.map(({ name }) => [`wire.lost.${name}.a`, times])),
      );
    }
  },
);
