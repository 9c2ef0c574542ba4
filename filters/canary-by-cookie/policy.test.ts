import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateFilter } from "../../controlplane/codegen/generate-filter.ts";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import { assemble } from "../proxy-wasm-as/build/assemble.ts";
import { createHost, type Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("canary-by-cookie");

function versionOf(host: Host, ...cookies: readonly string[]): string | undefined {
  const headers = cookies.map((cookie) => ["cookie", cookie] as const);
  return host.request({ headers }).requestHeaders.find(([name]) => name === "x-wire-version")?.[1];
}

/** Of so many users, those who get the version. */
function chosen(host: Host, users: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let i = 0; i < users; i++) if (versionOf(host, `session=user-${i}`) === "v2") found.add(i);
  return found;
}

test("whoever says so gets the version, and whoever says no does not", async () => {
  const host = startPolicy(await buildPolicy("canary-by-cookie", { percent: 0 }));
  expect(versionOf(host, "canary=always")).toBe("v2");
  expect(versionOf(host, "theme=dark;canary=always ; session=a")).toBe("v2");
  expect(versionOf(host, "theme=dark", "canary=always")).toBe("v2");
  for (const cookie of [
    "canary=never",
    "canary=",
    "canary",
    "xcanary=always",
    "canary=ALWAYS",
    "canary=always2",
  ])
    expect(versionOf(host, cookie)).toBeUndefined();
  expect(versionOf(host, "canary=always", "canary=never")).toBeUndefined();
  const all = startPolicy(await buildPolicy("canary-by-cookie", { percent: 100 }));
  expect(versionOf(all, "session=a")).toBe("v2");
  expect(versionOf(all, "session=a; canary=never")).toBeUndefined();
});

test("the route is chosen again", () => {
  const { calls } = startPolicy(policy).request({ headers: [["cookie", "canary=always"]] });
  expect(calls).toContain("call_foreign_function:clear_route_cache");
});

test("so many of the others get it, always the same ones, and more of them when it grows", async () => {
  const users = 20_000;
  const five = chosen(startPolicy(policy), users);
  // Five standard deviations.
  expect(Math.abs(five.size - users * 0.05)).toBeLessThan(5 * Math.sqrt(users * 0.05 * 0.95));
  expect(chosen(startPolicy(policy, { workers: 4 }), users)).toEqual(five);
  const ten = chosen(startPolicy(await buildPolicy("canary-by-cookie", { percent: 10 })), users);
  expect([...five].every((user) => ten.has(user))).toBe(true);
  expect(ten.size).toBeGreaterThan(five.size);
  const salted = chosen(startPolicy(await buildPolicy("canary-by-cookie", { salt: "b" })), users);
  expect([...five].filter((user) => salted.has(user)).length).toBeLessThan(five.size / 4);
});

test("the ends: nobody, all, and what is out of range", async () => {
  for (const [percent, size] of [
    [0, 0],
    [-1, 0],
    [100, 500],
    [250, 500],
  ] as const)
    expect(chosen(startPolicy(await buildPolicy("canary-by-cookie", { percent })), 500).size).toBe(size);
});

test("who cannot be told from others stays where he was", async () => {
  const host = startPolicy(await buildPolicy("canary-by-cookie", { percent: 100 }));
  expect(versionOf(host)).toBeUndefined();
  expect(versionOf(host, "session=")).toBeUndefined();
  expect(versionOf(host, "theme=dark")).toBeUndefined();
  expect(versionOf(host, "session=; session=a")).toBe("v2");
});

test("in a mesh it chooses on the way out of the caller, and in audit mode counts only", async () => {
  const code = readFileSync(new URL("policy.ts", import.meta.url), "utf8");
  const { bytes: module = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({ name: "canary-by-cookie", code }),
    files: { "policy.ts": code },
  });
  expect(stderr).toBe("");
  const run = (line: string) => {
    const host = createHost(module, { configuration: `canary-by-cookie\t${line}\n` });
    expect(host.failure).toBeNull();
    const properties = { "xds.route_name": "search", "source.address": "127.0.0.3:5" };
    const { requestHeaders } = host.request({ headers: [["cookie", "canary=always"]], properties });
    host.request({ properties });
    return {
      version: requestHeaders.find(([name]) => name === "x-wire-version")?.[1],
      metrics: host.metrics,
    };
  };
  expect(run("outbound\tsearch").version).toBe("v2");
  expect(run("outbound\trate").version).toBeUndefined();
  expect(run("inbound\t*").version).toBeUndefined();
  const audited = run("outbound\tsearch\taudit");
  expect(audited.version).toBeUndefined();
  expect(audited.metrics.get("wire.audit.canary-by-cookie")).toBe(1);
});

test("memory stays flat over 100,000 requests", () => {
  const host = startPolicy(policy);
  const run = (times: number) => {
    for (let i = 0; i < times; i++)
      host.request({ headers: [["cookie", `session=${i}; a=${"x".repeat(200)}`]] });
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(99_000)).toBe(before);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("canary-by-cookie", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});

test("no cookies of any length take it over its budget", async () => {
  const host = startPolicy(await buildPolicy("canary-by-cookie", {}));
  for (const [length, piece] of [8192, 60_000].flatMap((size) =>
    [";", "a=b; ", "="].map((each) => [size, each] as const),
  )) {
    host.request({ headers: [["cookie", piece.repeat(length / piece.length)]] });
    host.request({ headers: new Array(8).fill(["cookie", piece.repeat(length / piece.length / 8)]) });
  }
  expect(host.failure).toBeNull();
});
