import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { startFilter } from "./one-filter.ts";

// The ready-made policies that ask, wait and hold back, in a real Envoy. The service is also the one that decides: it answers what the
// headers that it is handed on say.

test("ext-authz: waits for the answer, passes on a denial, and gives up in time", async () => {
  const values = {
    cluster: "service",
    timeout: 300,
    forward: "x-status,x-slow,x-a",
    copy: "x-a",
    denial: "x-seen",
  };
  const policy = await buildPolicy("ext-authz", values);
  await using filter = await startFilter({ ...policy, address: "127.90.12.1" });
  // What the service may say is taken away from what the client sends.
  const allowed = await filter.send({ headers: { "x-a": "root" }, body: ["in ", "pieces"] });
  expect(allowed).toMatchObject({
    status: 200,
    headers: { "x-got": "in pieces", "x-seen": "" },
    body: "1234",
  });
  const denied = await filter.send({ headers: { "x-status": "401", "x-a": "me" }, body: ["a", "b"] });
  expect(denied).toMatchObject({ status: 401, headers: { "x-seen": "me" }, body: "1234" });
  expect(denied.headers["x-got"]).toBeUndefined();
  expect((await filter.send({ headers: { "x-status": "500" } })).status).toBe(503);
  expect((await filter.send({ headers: { "x-slow": "2000" } })).status).toBe(503);
  const gone = await Promise.all(
    Array.from({ length: 20 }, () => filter.send({ headers: { "x-slow": "200" }, goneAfterMs: 50 })),
  );
  expect(gone.every(({ status }) => status === 0)).toBe(true);
  expect((await filter.send({})).status).toBe(200);
});

test("ext-authz: a body that is there before the answer waits for it, too", async () => {
  const policy = await buildPolicy("ext-authz", { cluster: "service", forward: "x-status,x-slow" });
  await using filter = await startFilter({ ...policy, address: "127.90.12.9" });
  const headers = { "x-status": "401", "x-slow": "200" };
  expect((await filter.send({ headers, body: ["a", "b"] })).status).toBe(401);
  // Only who decides was asked.
  expect(filter.atOnceMax).toBe(1);
});

test("ext-authz: without the cluster nobody gets in, or everybody where it is said", async () => {
  const closed = await buildPolicy("ext-authz", { cluster: "none" });
  const open = await buildPolicy("ext-authz", { cluster: "none", failOpen: true });
  for (const [policy, status] of [
    [closed, 503],
    [open, 200],
  ] as const) {
    await using filter = await startFilter({ ...policy, address: "127.90.12.2" });
    expect((await filter.send({})).status).toBe(status);
  }
});

test("waf: holds a body back until its beginning was looked at, and lets go of what is long", async () => {
  const policy = await buildPolicy("waf");
  await using filter = await startFilter({ ...policy, address: "127.90.12.3" });
  expect((await filter.send({ body: ["q=<scr", "ipt>", "more"] })).status).toBe(403);
  expect(filter.said()).toContain("waf: 403 script-tag");
  expect((await filter.send({ headers: { "user-agent": "sqlmap" } })).status).toBe(403);
  const parts = ["a".repeat(5000), "b".repeat(5000), "c".repeat(5000)];
  const fine = await filter.send({ body: parts });
  expect([fine.status, fine.headers["x-got"]]).toEqual([200, parts.join("")]);
});

test("sticky-hash: a client stays with an endpoint, by the cookie that it got there", async () => {
  const policy = await buildPolicy("sticky-hash");
  await using filter = await startFilter({ ...policy, address: "127.90.12.4", workers: 2, endpoints: 4 });
  const endpoints = new Set<unknown>();
  for (let client = 0; client < 20; client++) {
    const { headers } = await filter.send({});
    expect(headers["set-cookie"]).toEqual([
      expect.stringMatching(/^wire-sticky=[0-9a-f]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax$/),
    ]);
    endpoints.add(headers["x-endpoint"]);
    const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
    for (let again = 0; again < 3; again++) {
      const next = await filter.send({ headers: { cookie } });
      expect(next.headers["set-cookie"]).toBeUndefined();
      expect(next.headers["x-endpoint"]).toBe(headers["x-endpoint"]);
    }
  }
  expect(endpoints.size).toBeGreaterThan(1);
});
