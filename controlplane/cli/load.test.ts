import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { startEmulator } from "../../envoy/emulator/start-emulator.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { type Answer, startLoad } from "./load.ts";
import { observe } from "./observe.ts";

// Ports are fixed, so the addresses are this file's own.
const place = (host: number) => ({ via: "direct", address: `127.91.7.${host}`, port: 8080 }) as const;
const service = (name: string, host: number, protocol: EmulatedService["protocol"]): EmulatedService => ({
  ...{ service: name, address: place(host).address, port: 8080, protocol, calls: [] },
});

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The first answers to a load on these entries. */
async function answers(entries: AddressMap[string], wanted: number): Promise<readonly Answer[]> {
  const got: Answer[] = [];
  const load = startLoad({
    rate: 200,
    addresses: () => ({ outside: entries }),
    protocolOf: (name) => (name === "rate" ? "grpc" : "http"),
    answered: (answer) => got.push(answer),
  });
  await expect.poll(() => got.length).toBeGreaterThanOrEqual(wanted);
  load.stop();
  return got.slice(0, wanted);
}

async function answering(host: number, status: number, body: string): Promise<void> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((done) => server.listen(8080, place(host).address, done));
  closers.push(
    () => server.closeAllConnections(),
    () => void server.close(),
  );
}

test("every entry is sent every kind, each in its own protocol", async () => {
  const emulator = await startEmulator({
    services: [service("front", 1, "http"), service("rate", 2, "grpc"), service("geo", 3, "http")],
  });
  closers.push(emulator.close);
  const got = await answers({ front: [place(1)], rate: [place(2)], geo: [place(3)] }, 9);
  const seen = got.map((answer) => {
    if (answer.kind === "failed") return answer.why;
    const { service: name, status, headers } = answer.tree;
    return `${name} ${status} ${headers?.["user-agent"]} ${headers?.["x-canary"] ?? ""}`;
  });
  expect(new Set(seen)).toEqual(
    new Set(
      ["front", "rate", "geo"].flatMap((name) => [
        `${name} 200 wire-load `,
        `${name} 200 wire-load true`,
        `${name} 200 scraper/1.0 `,
      ]),
    ),
  );
});

test.each([
  [200, "hello", "answered 200 by a proxy in 1"],
  [200, '{"no":"tree"}', "answered 200 by a proxy in 1"],
  [403, "denied", "answered 403 in 1"],
])("what a policy answers (%i, %s) is an answer", async (status, body, told) => {
  await answering(4, status, body);
  const [answer] = await answers({ front: [place(4)] }, 1);
  if (answer?.kind !== "answered") throw new Error(`it failed: ${answer?.why}`);
  const seen = observe();
  seen.add(answer.tree);
  const nothing = { status: "optimal", cost: 0, bound: 0, proxies: [], unmatched: [] } as const;
  expect(seen.lines(nothing)[0]).toBe(`not placed there: outside -> front 1 requests: ${told}`);
});

test("where nobody answers it is said why", async () => {
  const [answer] = await answers({ front: [place(5)] }, 1);
  expect(answer).toEqual({ kind: "failed", why: expect.stringContaining("ECONNREFUSED") });
});
