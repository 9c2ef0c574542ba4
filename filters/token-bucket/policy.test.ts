import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const SECOND = 1_000_000_000n;
const policy = await buildPolicy("token-bucket");

const from = (address: string, headers: readonly (readonly [string, string])[] = []) => ({
  headers,
  properties: { "source.address": `${address}:4242` },
});

function passed(host: Host, times: number, address = "10.0.0.1"): number {
  let count = 0;
  for (let i = 0; i < times; i++) if (host.request(from(address)).localReply === undefined) count++;
  return count;
}

test("a caller has its burst, then its rate, and is told when to come again", () => {
  const host = startPolicy(policy);
  expect(passed(host, 50)).toBe(20);
  expect(host.request(from("10.0.0.1")).localReply).toMatchObject({
    status: 429,
    headers: [["retry-after", "1"]],
    body: "too many requests",
  });
  const grpc = host.request(from("10.0.0.1", [["content-type", "application/grpc"]])).localReply;
  expect(grpc?.headers).toContainEqual(["grpc-status", "8"]);
  host.advance(SECOND / 10n - 1n);
  expect(passed(host, 5)).toBe(0);
  host.advance(1n);
  expect(passed(host, 5)).toBe(1);
  host.advance(100n * SECOND);
  expect(passed(host, 50)).toBe(20);
  expect(host.failure).toBeNull();
});

test("each caller has a bucket of its own", () => {
  const host = startPolicy(policy);
  for (const address of ["10.0.0.1", "10.0.0.2", "[2001:db8::1]"]) expect(passed(host, 30, address)).toBe(20);
  const unknown = () => host.request({}).localReply;
  for (let i = 0; i < 20; i++) expect(unknown()).toBeUndefined();
  expect(unknown()).toMatchObject({ status: 429 });
});

test("a client of IPv6 has a bucket for its network, however many of its addresses it uses", async () => {
  const host = startPolicy(policy);
  const of = (address: string) => passed(host, 30, address);
  expect(of("[2001:db8:0:1::1]")).toBe(20);
  for (const same of [
    "[2001:db8:0:1:ffff:ffff:ffff:ffff]",
    "[2001:db8:0:1:2::]",
    "[2001:DB8::1:0:0:0:1]",
    "[2001:0db8:0000:0001::192.0.2.1]",
    "2001:db8:0:1::2",
    "[2001:db8:0:1::1%eth0]",
  ])
    expect(of(same), same).toBe(0);
  for (const other of ["[2001:db8::1]", "[2001:db8:0:2::1]", "[2001:db8:1:1::1]", "[::1]", "[fe80::1]"])
    expect(of(other), other).toBe(20);
  expect(of("[::2]")).toBe(0);
  const whole = startPolicy(await buildPolicy("token-bucket", { prefix: 128 }));
  for (const each of ["[2001:db8::1]", "[2001:db8::2]"]) expect(passed(whole, 30, each)).toBe(20);
  const wide = startPolicy(await buildPolicy("token-bucket", { prefix: 44 }));
  expect([passed(wide, 30, "[2001:db8:10::]"), passed(wide, 30, "[2001:db8:1f::]")]).toEqual([20, 0]);
  expect(passed(wide, 30, "[2001:db8:20::]")).toBe(20);
  for (const [prefix, count] of [
    [0, 0],
    [-1, 0],
    [999, 20],
  ] as const) {
    const odd = startPolicy(await buildPolicy("token-bucket", { prefix }));
    expect([passed(odd, 30, "[1::1]"), passed(odd, 30, "[2::2]")]).toEqual([20, count]);
  }
});

test("an address of IPv4 is one, also where it is written in IPv6", () => {
  const host = startPolicy(policy);
  expect(passed(host, 30, "192.0.2.1")).toBe(20);
  for (const same of [
    "[::ffff:192.0.2.1]",
    "[::ffff:c000:201]",
    "[::FFFF:192.0.2.1]",
    "[64:ff9b::192.0.2.1]",
  ])
    expect(passed(host, 30, same), same).toBe(0);
  for (const other of ["[::ffff:192.0.2.2]", "[64:ff9b::192.0.2.3]", "192.0.2.4"])
    expect(passed(host, 30, other), other).toBe(20);
  // What is no address is somebody all the same.
  for (const odd of [
    "[::1::2]",
    "[1:2:3]",
    "[1:2:3:4:5:6:7:8:9]",
    "[x::]",
    "[12345::]",
    "[::1.2.3]",
    "[::1.2.3.256]",
    ":",
    "",
    "/run/a.sock",
  ])
    expect(passed(host, 30, odd), odd).toBe(20);
});

test("over any time no more pass than the burst and the rate, and all of those", () => {
  const host = startPolicy(policy);
  let count = 0;
  // Two seconds, 1,000 times a second.
  for (let i = 0; i < 2000; i++) {
    count += passed(host, 1);
    host.advance(SECOND / 1000n);
  }
  expect(count).toBe(20 + 19);
});

test("workers that look at the same time give no token twice", () => {
  let host: Host | undefined;
  let others = 0;
  let depth = 0;
  const between: Host = startPolicy(policy, {
    workers: 4,
    onCall: (name, worker) => {
      // Between the look and the change of one, another one goes.
      if (name !== "proxy_set_shared_data" || depth >= 3) return;
      depth++;
      const { localReply } = host?.request({ ...from("10.0.0.1"), worker: (worker + depth) % 4 }) ?? {};
      if (localReply === undefined) others++;
      depth--;
    },
  });
  host = between;
  expect(passed(between, 40) + others).toBe(20);
});

test("a header says who calls: all of its values, empty is not missing, and it says no address", async () => {
  const host = startPolicy(await buildPolicy("token-bucket", { header: "X-Api-Key", burst: 1 }));
  const ask = (...keys: readonly string[]) =>
    host.request(
      from(
        "10.0.0.1",
        keys.map((key) => ["x-api-key", key] as const),
      ),
    ).localReply?.status;
  expect([ask("a"), ask("a")]).toEqual([undefined, 429]);
  expect([ask("a", "b"), ask("b", "a"), ask("a", "b")]).toEqual([undefined, undefined, 429]);
  expect([ask(""), ask("")]).toEqual([undefined, 429]);
  expect([ask(), ask()]).toEqual([undefined, 429]);
  expect(ask("10.0.0.1")).toBeUndefined();
});

test("with no rate or no burst none passes; a slow rate says when; the rate is never more than said", async () => {
  for (const values of [{ rate: 0 }, { rate: -1 }, { burst: 0 }, { burst: -5 }]) {
    const { localReply } = startPolicy(await buildPolicy("token-bucket", values)).request(from("10.0.0.1"));
    expect(localReply).toMatchObject({ status: 429, headers: [["retry-after", "86400"]] });
  }
  const host = startPolicy(await buildPolicy("token-bucket", { rate: 0.01, burst: 1 }));
  expect(passed(host, 1)).toBe(1);
  expect(host.request(from("10.0.0.1")).localReply?.headers).toEqual([["retry-after", "100"]]);
  host.advance(99n * SECOND + 1n);
  expect(host.request(from("10.0.0.1")).localReply?.headers).toEqual([["retry-after", "1"]]);
});

test("a clock that is set back keeps nobody out for longer than the bucket takes to fill", () => {
  const host = startPolicy(policy);
  expect(passed(host, 50)).toBe(20);
  host.advance(-3600n * SECOND);
  expect(passed(host, 5)).toBe(0);
  host.advance(2n * SECOND);
  expect(passed(host, 50)).toBe(20);
});

test("memory and shared data stay as they are, whoever calls", () => {
  const host = startPolicy(policy);
  const run = (first: number, times: number) => {
    for (let i = first; i < first + times; i++)
      host.request(from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
    return host.memoryPages;
  };
  const before = run(0, 4000);
  expect(run(4000, 8000)).toBe(before);
  // The secret, and 1,024 sets of eight places at most.
  expect(Math.max(...[...host.sharedData.entries.values()].map((value) => value.length))).toBeLessThanOrEqual(
    128,
  );
  expect(host.sharedData.entries.size).toBeLessThanOrEqual(1025);
});

test("in a mesh, in audit mode, all pass, and those that it would refuse are counted", async () => {
  const { host, counted } = await meshPolicy("token-bucket", "audit");
  expect(passed(host, 50)).toBe(50);
  expect(counted()).toBe(30);
  host.advance(SECOND);
  expect(passed(host, 10)).toBe(10);
  expect(counted()).toBe(30);
  // It has buckets of its own: who is refused there loses nothing where it is enforced.
  expect([...host.sharedData.entries.keys()].every((key) => key.startsWith("audit/"))).toBe(true);
  expect(passed((await meshPolicy("token-bucket", "enforce")).host, 50)).toBe(20);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("token-bucket", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
