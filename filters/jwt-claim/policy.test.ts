import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("jwt-claim");
const admins = await buildPolicy("jwt-claim", { values: "admin, ops,é" });

const encoded = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url");

/** The status of what it answers, undefined when the request goes on. */
const statusOf = (module: BuiltPolicy, ...payloads: readonly string[]) => {
  const host = startPolicy(module);
  const headers = payloads.map((payload) => ["x-wire-claims", payload] as const);
  const { localReply } = host.request({ headers });
  expect(host.failure).toBeNull();
  return localReply?.status;
};
const ask = (module: BuiltPolicy, json: string) => statusOf(module, encoded(json));

test("a claim that is there is enough where no values are asked for: empty is not missing, null is", () => {
  for (const value of ['"x"', '""', "[]", "{}", "0", "false"])
    expect(ask(policy, `{"groups":${value}}`), value).toBeUndefined();
  for (const json of ["{}", '{"groups":null}', '{"Groups":1}', '{"a":{"groups":1}}', "[]", '"groups"'])
    expect(ask(policy, json), json).toBe(403);
});

test("a value is the text or in the list, whole and in its case", () => {
  for (const value of ['"admin"', '["user","ops"]', '[ "admin" , 1 ]', '"\\u0061dmin"', '"é"', '["\\u00e9"]'])
    expect(ask(admins, `{"groups":${value}}`), value).toBeUndefined();
  for (const value of [
    '""',
    '"Admin"',
    '"admin "',
    '"admi"',
    '"admin, ops"',
    "[]",
    '[["admin"]]',
    '{"admin":1}',
    '["x",{"a":"admin"}]',
  ])
    expect(ask(admins, `{"groups":${value}}`), value).toBe(403);
});

test("numbers and yes or no are as they are written, and scopes are words", async () => {
  const verified = await buildPolicy("jwt-claim", { claim: "email_verified", values: "true" });
  expect([ask(verified, '{"email_verified":true}'), ask(verified, '{"email_verified":false}')]).toEqual([
    undefined,
    403,
  ]);
  const scope = await buildPolicy("jwt-claim", { claim: "scope", values: "write", words: true });
  expect([ask(scope, '{"scope":"read write"}'), ask(scope, '{"scope":"read writer"}')]).toEqual([
    undefined,
    403,
  ]);
  expect(ask(admins, '{"groups":"user admin"}')).toBe(403);
});

test("a name with points is one name first, and else a path", async () => {
  const roles = await buildPolicy("jwt-claim", { claim: "realm_access.roles", values: "admin" });
  expect(ask(roles, '{"realm_access":{"roles":["admin"]}}')).toBeUndefined();
  expect(ask(roles, '{"realm_access.roles":"admin"}')).toBeUndefined();
  expect(ask(roles, '{"realm_access.roles":"user","realm_access":{"roles":["admin"]}}')).toBe(403);
  expect(ask(roles, '{"realm_access":["roles","admin"]}')).toBe(403);
  const url = await buildPolicy("jwt-claim", { claim: "https://acme.example/roles", values: "admin" });
  expect(ask(url, '{"https:\\/\\/acme.example\\/roles":["admin"]}')).toBeUndefined();
});

test("of two claims of one name none counts, and of two payloads neither", () => {
  expect(ask(admins, '{"groups":"admin","groups":"user"}')).toBe(403);
  expect(ask(admins, '{"groups":"user","\\u0067roups":"admin"}')).toBe(403);
  const admin = encoded('{"groups":"admin"}');
  expect([statusOf(admins, admin), statusOf(admins, admin, admin)]).toEqual([undefined, 401]);
});

test("what is no payload is no token", () => {
  expect(statusOf(policy)).toBe(401);
  const { localReply } = startPolicy(policy).request({});
  expect(localReply).toMatchObject({ headers: [["www-authenticate", "Bearer"]], body: "no verified token" });
  const payload = encoded('{"groups":1}');
  for (const text of ["", "!", `${payload}!`, `${payload}.${payload}`, ` ${payload}`])
    expect(statusOf(policy, text), text).toBe(401);
  for (const json of [
    '{"groups":1',
    '{"groups":1}x',
    '{"groups" 1}',
    '{"groups":"a',
    '{"groups":"\\x"}',
    "{groups:1}",
    '{"groups":1,}',
    `${"[".repeat(40)}${"]".repeat(40)}`,
  ])
    expect(ask(policy, json), json).toBe(401);
  expect(statusOf(policy, encoded(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe(401);
  expect(statusOf(policy, Buffer.from('{"groups":1 }').toString("base64"))).toBeUndefined();
});

test("any claims are found as JSON.parse finds them", () => {
  const claims = fc.dictionary(
    fc.oneof(fc.constant("groups"), fc.string()),
    fc.oneof(
      fc.constantFrom("admin", "ops", "é", "user"),
      fc.array(fc.oneof(fc.constantFrom("admin", "user"), fc.string(), fc.integer())),
      fc.jsonValue({ maxDepth: 3 }),
    ),
  );
  const host = startPolicy(admins);
  fc.assert(
    fc.property(claims, fc.constantFrom(0, 2), (object, spaces) => {
      const json = JSON.stringify(object, null, spaces);
      const found = (JSON.parse(json) as Readonly<Record<string, unknown>>)["groups"];
      const values: readonly unknown[] = Array.isArray(found) ? found : [found];
      const passes =
        Object.hasOwn(object, "groups") &&
        values.some((value) => ["admin", "ops", "é"].includes(value as string));
      const { localReply } = host.request({ headers: [["x-wire-claims", encoded(json)]] });
      expect(localReply?.status).toBe(passes ? undefined : 403);
    }),
    { numRuns: 1000 },
  );
});

test("any bytes at all are an answer, never a trap", () => {
  const host = startPolicy(admins);
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary-ascii" }), fc.stringMatching(/^[{}[\]",:\\u0a1 ]{0,40}$/)),
      (text) => {
        host.request({ headers: [["x-wire-claims", encoded(text)]] });
        expect(host.failure).toBeNull();
      },
    ),
    { numRuns: 2000 },
  );
});

test("large tokens take no longer, and no more memory, than they may", () => {
  const host = startPolicy(admins);
  for (const value of [
    `"${"a".repeat(12_000)}"`,
    `"${"\\u0061".repeat(2000)}"`,
    JSON.stringify(Array.from({ length: 1500 }, (_, n) => `g${n}`)),
  ])
    host.request({ headers: [["x-wire-claims", encoded(`{"groups":${value}}`)]] });
  expect(host.failure).toBeNull();
  expect(host.memoryPages).toBeLessThan(64);
});

test("tokens of many members, as large as headers may be, do not take it over its budget", () => {
  const host = startPolicy(admins);
  const ofMany = (count: number, member: (n: number) => string): string =>
    `{${Array.from({ length: count }, (_, n) => member(n)).join(",")}}`;
  for (const payload of [
    ofMany(1_300, (n) => `"m${n}":1`),
    ofMany(2_000, () => '"":1'),
    ofMany(4_000, (n) => `"m${n}":1`),
    `{"groups":${"[".repeat(30)}${"1,".repeat(5_000)}1${"]".repeat(30)}}`,
  ]) {
    const { localReply } = host.request({ headers: [["x-wire-claims", encoded(payload)]] });
    expect(host.failure).toBeNull();
    expect(localReply?.status).toBeOneOf([401, 403]);
  }
});

test("in a mesh, in audit mode, everybody passes, and those that it would refuse are counted", async () => {
  const { host, counted } = await meshPolicy("jwt-claim", "audit");
  const claims = [["x-wire-claims", encoded('{"groups":[]}')]] as const;
  for (const headers of [[], claims])
    expect(host.exchange({ headers })).toMatchObject({ requestHeaders: headers, response: { status: 200 } });
  expect(counted()).toBe(1);
  expect((await meshPolicy("jwt-claim", "enforce")).host.request({}).localReply?.status).toBe(401);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("jwt-claim", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
