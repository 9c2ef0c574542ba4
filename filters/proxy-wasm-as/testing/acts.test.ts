import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actModule, text } from "../../../tests/act-module.ts";
import { createHost, type Host } from "./index.ts";

type Headers = readonly (readonly [string, string])[];

const configuration = "@self\tfrontend\np\toutbound\t*\tenforce\n";
const properties = { "xds.route_name": "rate" };
const routing = `{ mirror, rewriteHost, rewritePath, setHashKey, splitByWeight } from "actions/routing"`;
const resilience = `{ injectAbort, injectDelay, setDeadline, setRetries, setTimeout } from "actions/resilience"`;
const header = `{ header } from "bytes"`;

async function hostOf(body: string, imports: readonly string[], mode = "enforce"): Promise<Host> {
  const { bytes } = await actModule({ policy: "p", actions: [], imports, body });
  return createHost(bytes, { configuration: configuration.replace("enforce", mode) });
}

async function resilient(body: string, headers: Headers = [], mode?: string): Promise<Headers> {
  return (await hostOf(body, [resilience], mode)).request({ headers, properties }).requestHeaders;
}

const named = (headers: Headers, name: string): readonly string[] =>
  headers.filter(([key]) => key === name).map(([, value]) => value);

describe("resilience", () => {
  test("a timeout is in whole milliseconds, never less than asked; zero is no limit", async () => {
    const of = async (nanoseconds: string) =>
      named(await resilient(`setTimeout(${nanoseconds});`), "x-envoy-upstream-rq-timeout-ms");
    expect(await of("1500000000")).toEqual(["1500"]);
    expect(await of("250000")).toEqual(["1"]);
    expect(await of("0")).toEqual(["0"]);
    expect(await of("-5")).toEqual(["1"]);
  });

  test("no timeout exceeds a deadline, before or after it", async () => {
    const of = async (body: string) => named(await resilient(body), "x-envoy-upstream-rq-timeout-ms");
    expect(await of("setDeadline(5000000000); setTimeout(9000000000);")).toEqual(["5000"]);
    expect(await of("setDeadline(5000000000); setTimeout(0);")).toEqual(["5000"]);
    expect(await of("setDeadline(5000000000); setTimeout(2000000000);")).toEqual(["2000"]);
    expect(await of("setTimeout(9000000000); setDeadline(5000000000);")).toEqual(["5000"]);
    expect(await of("setTimeout(2000000000); setDeadline(5000000000);")).toEqual(["2000"]);
  });

  test("one deadline goes on in the baggage, what else is there stays", async () => {
    const sent: Headers = [
      ["baggage", "user=7;p=1 , wire-deadline = 9"],
      ["baggage", " wire-deadline=99999999999999;x , tenant=a%20b"],
      ["baggage", "wire-deadline=soon"],
    ];
    const [baggage = "", ...more] = named(await resilient("setDeadline(60000000000);", sent), "baggage");
    expect(more).toEqual([]);
    // Blanks before the equals sign make it another member, which is not ours to take away.
    expect(baggage).toMatch(/^user=7;p=1,wire-deadline = 9,tenant=a%20b,wire-deadline=\d{5,13}$/);
  });

  test("nothing left is answered 504", async () => {
    const host = await hostOf("setDeadline(0);", [resilience]);
    expect(host.request({ properties }).localReply?.status).toBe(504);
  });

  test("delays add up, retries say how often and when", async () => {
    const headers =
      await resilient(`injectDelay(100000000, 100); injectDelay(50000000, 100); injectDelay(1, 0);
  setRetries(3, ${text("5xx")});`);
    expect(headers).toEqual([
      ["x-envoy-fault-delay-request", "150"],
      ["x-envoy-max-retries", "3"],
      ["x-envoy-retry-on", "5xx"],
    ]);
  });

  test.each([
    ["setTimeout(500000000); injectDelay(200000000, 100);", ["200", "300", undefined]],
    ["injectDelay(200000000, 100); setTimeout(500000000);", ["200", "300", undefined]],
    ["setTimeout(500000000); injectDelay(500000000, 100);", ["500", "1", "504"]],
    ["injectDelay(500000000, 100); setTimeout(500000000);", ["500", "1", "504"]],
    ["setTimeout(100000000); injectDelay(500000000, 100); setTimeout(900000000);", ["500", "400", undefined]],
    ["injectDelay(500000000, 100); setTimeout(100000000); setTimeout(0);", ["500", "0", undefined]],
    ["injectDelay(1, 100); setDeadline(1000000000);", ["1", "999", undefined]],
    ["injectDelay(5000000000, 100); setDeadline(1000000000); setTimeout(9000000000);", ["5000", "1", "504"]],
    [
      "setTimeout(800000000); injectDelay(500000000, 100); setDeadline(600000000);",
      ["500", "100", undefined],
    ],
    ["setTimeout(400000000); injectDelay(500000000, 100); setDeadline(600000000);", ["500", "1", "504"]],
  ])("a delay is part of what a timeout and a deadline leave, in any order: %s", async (body, expected) => {
    const headers = await resilient(body);
    const found = ["fault-delay-request", "upstream-rq-timeout-ms", "fault-abort-request"].map(
      (name) => named(headers, `x-envoy-${name}`)[0],
    );
    expect(found).toEqual(expected);
  });

  test("an abort answers, and nothing follows", async () => {
    const host = await hostOf("if (injectAbort(503, 100)) return; injectDelay(1, 100);", [resilience]);
    const { localReply, requestHeaders } = host.request({ properties });
    expect(localReply).toMatchObject({ status: 503, body: "fault filter abort" });
    expect(requestHeaders).toEqual([]);
  });

  test("retries are on the conditions of the last policy, those by status of gRPC in a header of their own", async () => {
    const list = (conditions: string): string => (conditions === "" ? "0" : text(conditions));
    const retries = (...lists: readonly (readonly [string, string])[]): string =>
      lists.map(([http, grpc]) => `setRetries(2, ${list(http)}, ${list(grpc)});`).join(" ");
    const attempts = ["x-envoy-max-retries", "2"];
    expect(await resilient(retries(["5xx,reset", "unavailable"]))).toEqual([
      attempts,
      ["x-envoy-retry-on", "5xx,reset"],
      ["x-envoy-retry-grpc-on", "unavailable"],
    ]);
    expect(await resilient(retries(["5xx", "unavailable"], ["", "internal"]))).toEqual([
      attempts,
      ["x-envoy-retry-grpc-on", "internal"],
    ]);
    expect(await resilient(retries(["5xx", "unavailable"], ["reset", ""]))).toEqual([
      attempts,
      ["x-envoy-retry-on", "reset"],
    ]);
  });

  test("an audited policy changes nothing", async () => {
    const body = `injectDelay(1, 100); setRetries(3, ${text("5xx")}); setTimeout(1); setDeadline(0); injectAbort(503, 100);`;
    expect(await resilient(body, [], "audit")).toEqual([]);
  });
});

describe("chance", () => {
  test("is the same for the same request, near its percentage, and another for another decision", async () => {
    const body = `injectDelay(1, 20); mirror(${text("rate")}, ${text("v2")}, 20);`;
    const host = await hostOf(body, [resilience, routing]);
    const hits = { delay: 0, copy: 0, both: 0 };
    for (let n = 0; n < 2000; n++) {
      const request = { headers: [["x-request-id", `request-${n}`]] as const, properties };
      const { requestHeaders } = host.request(request);
      expect(host.request(request).requestHeaders).toEqual(requestHeaders);
      const delay = named(requestHeaders, "x-envoy-fault-delay-request").length;
      const copy = named(requestHeaders, "x-wire-mirror").length;
      hits.delay += delay;
      hits.copy += copy;
      hits.both += delay * copy;
    }
    expect(hits.delay / 2000).toBeCloseTo(0.2, 1);
    expect(hits.copy / 2000).toBeCloseTo(0.2, 1);
    expect(hits.both / 2000).toBeCloseTo(0.04, 1);
  });

  test("goes by how many came before where requests have no id", async () => {
    const host = await hostOf("injectAbort(503, 30);", [resilience]);
    const answered = Array.from(
      { length: 1000 },
      () => host.request({ properties }).localReply !== undefined,
    );
    expect(answered.filter(Boolean).length / 1000).toBeCloseTo(0.3, 1);
  });
});

describe("routing", () => {
  const [rate, v1, v2] = ["rate", "v1", "v2"].map(text);

  test("a split goes by weights, and only on the way to its service", async () => {
    const host = await hostOf(`splitByWeight(${rate}, ${v1}, 3, ${v2}, 1);`, [routing]);
    let second = 0;
    for (let n = 0; n < 1000; n++) {
      const { requestHeaders, calls } = host.request({ headers: [["x-request-id", `${n}`]], properties });
      const [version] = named(requestHeaders, "x-wire-version");
      if (version === "v2") second++;
      else expect(version).toBe("v1");
      expect(calls.at(-1)).toBe("call_foreign_function:clear_route_cache");
    }
    expect(second / 1000).toBeCloseTo(0.25, 1);
    expect(host.request({ properties: { "xds.route_name": "geo" } }).requestHeaders).toEqual([]);
    const none = await hostOf(`splitByWeight(${rate}, ${v1}, 0, ${v2}, -1);`, [routing]);
    expect(none.request({ properties }).requestHeaders).toEqual([]);
  });

  test("a copy, a key and a host are said in headers", async () => {
    const body = `mirror(${rate}, ${v2}, 100); setHashKey(${text("k")}); rewriteHost(${text("example.org")}); rewriteHost(${text("a b")});`;
    expect((await hostOf(body, [routing])).request({ properties }).requestHeaders).toEqual([
      ["x-wire-mirror", "v2"],
      ["x-wire-hash", "k"],
      ["x-wire-host", "example.org"],
    ]);
  });

  test("a path keeps its query and is always one", async () => {
    const host = await hostOf(`rewritePath(header(${text("x-path")}));`, [routing, header]);
    const rewritten = (path: string, to: string) => {
      const headers = [
        [":path", path],
        ["x-path", to],
      ] as const;
      return named(host.request({ headers, properties }).requestHeaders, ":path")[0];
    };
    expect(rewritten("/a?b=c", "/d")).toBe("/d?b=c");
    expect(rewritten("/a", "d e?f#g")).toBe("/d%20e%3Ff%23g");
    expect(rewritten("/a?b", "")).toBe("/?b");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (to) => {
        if (/[\0\r\n]/.test(to)) return;
        const bytes = [...new TextEncoder().encode(to)];
        const encoded = bytes.map((byte) =>
          byte > 32 && byte < 127 && byte !== 63 && byte !== 35
            ? String.fromCharCode(byte)
            : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
        );
        expect(rewritten("/a?q", to)).toBe(`${to.startsWith("/") ? "" : "/"}${encoded.join("")}?q`);
      }),
    );
  });
});

test("verified claims are the JSON that was signed", async () => {
  const host = await hostOf(`setHeader(${text("x-claims")}, verifiedClaims());`, [
    `{ verifiedClaims } from "claims"`,
    `{ setHeader } from "policy"`,
  ]);
  const json = '{"sub":"é?>~","n":[1,2.50]}';
  const encoded = Buffer.from(json).toString("base64url");
  const result = host.request({ headers: [["x-wire-claims", encoded]], properties });
  expect(named(result.requestHeaders, "x-claims")).toEqual([json]);
});
