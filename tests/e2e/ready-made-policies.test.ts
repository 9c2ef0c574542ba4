import { expect, test } from "vitest";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { buildPolicy } from "../../tools/build-policy.ts";
import { startFilter } from "./one-filter.ts";

// What the in-process host cannot say of the ready-made policies, in a real Envoy: each built to stand for itself.

test("request-size-guard: 413 by what is said and by what comes in chunks, and none of it is buffered", async () => {
  const policy = await buildPolicy("request-size-guard", { limit: 8000 });
  await using filter = await startFilter({ ...policy, address: "127.90.11.1" });
  const half = "x".repeat(4000);
  const within = await filter.send({ body: [half, half] });
  expect([within.status, within.headers["x-got"]?.length]).toEqual([200, 8000]);
  expect((await filter.send({ body: [half, half, "x"] })).status).toBe(413);
  // In one piece it comes to the filter in several.
  expect((await filter.send({ body: ["x".repeat(500_000)] })).status).toBe(413);
  const said = (length: number, body: readonly string[]) =>
    filter.send({ headers: { "content-length": String(length) }, body });
  expect((await said(8000, [half, half])).status).toBe(200);
  expect((await said(8001, [half])).status).toBe(413);
  expect(await filter.send({})).toMatchObject({ status: 200, headers: { "x-got": "" } });
});

test("waf: an attack is seen whatever stands between its words and wherever its body is cut", async () => {
  await using filter = await startFilter({ ...(await buildPolicy("waf")), address: "127.90.11.2" });
  const attack = `q=1;${" ".repeat(700)}drop table users`;
  const send = async (...body: readonly string[]) => (await filter.send({ body })).status;
  expect(await send(attack)).toBe(403);
  for (const cut of [3, 300, 703, 705, 710])
    expect(await send(attack.slice(0, cut), attack.slice(cut)), `${cut}`).toBe(403);
  expect(await send("q=1 union/*a*/", "select 1")).toBe(403);
  expect(await filter.send({ body: ["q=1 or ", "2"] })).toMatchObject({
    status: 200,
    headers: { "x-got": "q=1 or 2" },
  });
});

test("waf: no filter behind it lets go what it holds back", async () => {
  const { bytes: behind } = await buildFilter({
    files: {
      "filter.ts": `import { Answer, Flow, Request, Status } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  return request.fetch({ cluster: "service" }, allowed) == Status.Ok ? Flow.Pause : Flow.Continue;
}
function allowed(request: Request, answer: Answer): void { request.resume(); }`,
    },
  });
  if (behind === undefined) throw new Error("it is well written");
  const policy = await buildPolicy("waf");
  await using filter = await startFilter({ ...policy, behind: { bytes: behind }, address: "127.90.11.5" });
  // The answer comes between the first piece and the last.
  const blanks = [" ", " ", " ", " "];
  const attack = ["q=1 union", ...blanks, "select password from users"];
  expect((await filter.send({ body: attack })).status).toBe(403);
  expect((await filter.send({ body: attack, trailers: { t: "1" } })).status).toBe(403);
  const fine = ["q=all", ...blanks, "on sale"];
  for (const ends of [{}, { trailers: { t: "1" } }])
    expect(await filter.send({ body: fine, ...ends })).toMatchObject({
      status: 200,
      headers: { "x-got": fine.join(""), "x-got-trailers": "trailers" in ends ? "t: 1" : "" },
    });
  expect((await filter.send({})).status).toBe(200);
});

test("token-bucket: who a caller is, is not his to say where the manager says `use_remote_address`", async () => {
  const policy = await buildPolicy("token-bucket", { rate: 0.01, burst: 1 });
  const statuses = async (address: string, usesRemoteAddress: boolean): Promise<readonly number[]> => {
    await using filter = await startFilter({ ...policy, address, usesRemoteAddress });
    const found: number[] = [];
    for (const forwarded of ["10.1.1.1", "10.1.1.2", "10.1.1.2, 10.1.1.3"])
      found.push((await filter.send({ headers: { "x-forwarded-for": forwarded } })).status);
    return found;
  };
  expect(await statuses("127.90.11.3", true)).toEqual([200, 429, 429]);
  // By default Envoy believes what he says, and the README tells an operator so.
  expect(await statuses("127.90.11.4", false)).toEqual([200, 200, 200]);
});

test("header-normaliser and ext-authz: what nobody may say comes in no trailers either", async () => {
  const trailers = { "x-internal-user": "root", x_auth_user: "root", "x-note": "1" };
  for (const [name, address, left] of [
    ["header-normaliser", "127.90.11.5", "x_auth_user: root, x-note: 1"],
    ["ext-authz", "127.90.11.6", "x-internal-user: root, x-note: 1"],
  ] as const) {
    const values = name === "ext-authz" ? { cluster: "service" } : {};
    await using filter = await startFilter({ ...(await buildPolicy(name, values)), address });
    expect(await filter.send({ body: ["ab", "cd"], trailers })).toMatchObject({
      status: 200,
      headers: { "x-got": "abcd", "x-got-trailers": left },
    });
  }
});
