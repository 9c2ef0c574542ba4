import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("request-size-guard");
const small = await buildPolicy("request-size-guard", { limit: 10 });

const ask = (length?: string, body?: string | readonly string[]) =>
  startPolicy(small).exchange({
    ...(length === undefined ? {} : { headers: [["content-length", length]] }),
    ...(body === undefined ? {} : { body }),
  });

test("a length that is said is looked at before any of the body", () => {
  expect(ask("10", "0123456789").response?.status).toBe(200);
  const { localReply, requestBody, callCounts } = ask("11", "0123456789a");
  expect(localReply).toMatchObject({ status: 413, body: "request body too large" });
  expect(requestBody).toBe("");
  expect(callCounts).toEqual({ get_header_map_value: 1, get_property: 1, send_local_response: 1 });
  for (const length of ["9223372036854775808", "18446744073709551617", "9".repeat(400)])
    expect(ask(length).localReply?.status).toBe(413);
  expect(ask("0000000000000000000000000000005", "12345").response?.status).toBe(200);
});

test("a length that is no number is refused: empty is not missing, and two are none", () => {
  for (const length of ["", "-1", "+5", "5,5", "0x5", " 5", "5 ", "1e1"])
    expect(ask(length, "12345").localReply?.status, length).toBe(400);
  const headers = [
    ["content-length", "5"],
    ["content-length", "5"],
  ] as const;
  expect(startPolicy(small).exchange({ headers, body: "12345" }).localReply?.status).toBe(400);
  expect(ask().response?.status).toBe(200);
});

test("a body in chunks is counted, and goes on until it is too large", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 8 }), { maxLength: 6 }), (body) => {
      const { localReply, requestBody } = ask(undefined, body);
      let passed = "";
      let isTooLarge = false;
      for (const chunk of body) {
        isTooLarge ||= passed.length + chunk.length > 10;
        if (!isTooLarge) passed += chunk;
      }
      expect(localReply?.status).toBe(isTooLarge ? 413 : undefined);
      expect(requestBody).toBe(passed);
    }),
  );
});

test("a length that is said and not kept is no way around", () => {
  expect(ask("5", ["01234", "56789", "a"]).localReply?.status).toBe(413);
});

test("by gRPC the status is RESOURCE_EXHAUSTED", () => {
  const headers = [["content-type", "application/grpc"]] as const;
  const { localReply } = startPolicy(small).exchange({ headers, body: "0123456789a" });
  expect(localReply?.headers).toContainEqual(["grpc-status", "8"]);
});

test("a limit of zero or below lets no body through, but what has none", async () => {
  for (const limit of [0, -1]) {
    const none = await buildPolicy("request-size-guard", { limit });
    expect(startPolicy(none).exchange({}).response?.status).toBe(200);
    expect(startPolicy(none).exchange({ body: "x" }).localReply?.status).toBe(413);
  }
});

test("nothing is buffered, and memory stays flat over bodies and requests", () => {
  const host = startPolicy(policy, { bufferLimit: 1 });
  const run = (times: number) => {
    for (let i = 0; i < times; i++) host.exchange({ body: ["x".repeat(1000), "y".repeat(1000)] });
    return host.memoryPages;
  };
  const before = run(100);
  expect(run(10_000)).toBe(before);
  expect(host.exchange({ body: ["ab", "c"] }).requestBody).toBe("abc");
});

test("in a mesh, in audit mode, large bodies pass, and are counted once", async () => {
  const { host, counted } = await meshPolicy("request-size-guard", "audit");
  const large = "x".repeat(1_048_577);
  const said = [["content-length", String(large.length)]] as const;
  for (const headers of [[], said, [["content-length", "5,5"]]] as const)
    expect(host.exchange({ headers, body: [large, large] })).toMatchObject({
      requestHeaders: headers,
      requestBody: large + large,
      response: { status: 200 },
    });
  host.exchange({ body: "x" });
  expect(counted()).toBe(3);
  const enforced = await meshPolicy("request-size-guard", "enforce");
  expect(enforced.host.request({ headers: said }).localReply?.status).toBe(413);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("request-size-guard", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
