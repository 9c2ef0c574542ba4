import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromYaml } from "../mesh/from-yaml.ts";
import { checkCanaries, type StagingOptions, stagingBy } from "./staging.ts";

test("without them nothing is staged", () => {
  expect(stagingBy({})).toBeUndefined();
});

test("canaries and waves are sizes, with what is usual", () => {
  expect(stagingBy({ canary: "1", waves: "10%, 50%" })).toMatchObject({
    sizes: [
      { kind: "count", count: 1 },
      { kind: "share", share: 0.1 },
      { kind: "share", share: 0.5 },
    ],
    soakMs: 30_000,
    limits: { successPercentMin: 99 },
  });
  expect(stagingBy({ canary: "rate, geo", soak: "0.5", successRate: "95" })).toMatchObject({
    sizes: [{ kind: "services", services: ["rate", "geo"] }],
    soakMs: 500,
    limits: { successPercentMin: 95 },
  });
});

test("each proxy is asked at the place that was given, and one that is not there is told of", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("server.uptime: 4\nhttp.inbound.downstream_rq_completed: 2\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const staging = stagingBy({ canary: "1", proxyAdmin: `http://127.0.0.1:${port}/{node}/` });
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: "name: m\nservices: { web: { entry: true }, rate: {} }\ncalls: { web: [rate] }\n",
  });
  if (staging === undefined || mesh === undefined) throw new Error("there are both");
  expect(await staging.read("rate", mesh)).toMatchObject({
    uptimeS: 4,
    requests: 2,
    failed: 0,
    vmFailures: 0,
  });
  expect(asked).toEqual([expect.stringMatching(/^\/rate\/stats\?filter=/)]);
  await new Promise((done) => server.close(done));
  await expect(staging.read("rate", mesh)).rejects.toThrow(
    `no Envoy answers at http://127.0.0.1:${port}/rate/stats`,
  );
});

describe("what is wrong is said", () => {
  const wrong: readonly (readonly [StagingOptions, RegExp])[] = [
    [
      { canary: "0" },
      /^error: --canary: `0` is neither a number of proxies, as 1, nor a share, as 10%, nor /,
    ],
    [{ canary: "110%" }, /--canary: `110%` is neither/],
    [{ canary: "1.5" }, /--canary: `1.5` is neither/],
    [{ canary: "" }, /--canary: `` is neither/],
    [{ waves: "10%,x" }, /--waves: `x` is neither a number of proxies, as 10, nor a share, as 50%/],
    [{ waves: "50%,10%" }, /--waves: each says how many .* `10%` has to be more/],
    [{ canary: "1", soak: "-1" }, /--soak: `-1` is not a number of seconds/],
    [{ canary: "1", soak: "" }, /--soak: `` is not a number of seconds/],
    [{ canary: "1", successRate: "101" }, /--success-rate: `101` is not a number of per cent/],
    [{ canary: "1", proxyAdmin: "rate:9901" }, /--proxy-admin: `rate:9901` is not a URL/],
    [{ soak: "1", successRate: "90" }, /--soak, --success-rate: of staged rollouts, so --canary or --waves/],
  ];
  test.for(wrong)("%j", ([options, message]) => {
    expect(() => stagingBy(options)).toThrow(message);
  });

  test("all of it at once", () => {
    expect(() => stagingBy({ canary: "%", waves: "5,3,y", soak: "z" })).toThrow(
      /--soak: .*; --canary: .*; --waves: each .*; --waves: `y`/,
    );
  });

  test("a canary that is no service", () => {
    const staging = stagingBy({ canary: "rate,gaol" });
    const services = new Map([["rate", {} as never]]);
    expect(() => staging && checkCanaries(staging, { services })).toThrow("the mesh has no service `gaol`");
  });

  test("and nothing else than that is thrown, whatever is written", () => {
    const text = fc.option(fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,3}%?(,[0-9]{1,3}%?){0,2}$/)), {
      nil: undefined,
    });
    fc.assert(
      fc.property(text, text, text, text, (canary, waves, soak, successRate) => {
        const given = { canary, waves, soak, successRate };
        const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        let staging: ReturnType<typeof stagingBy>;
        try {
          staging = stagingBy(options);
        } catch (error) {
          expect(error).toMatchObject({ code: "wire.usage" });
          return;
        }
        if (staging === undefined) expect(options).toEqual({});
        else expect(staging.sizes.length).toBeGreaterThan(0);
      }),
    );
  });
});
