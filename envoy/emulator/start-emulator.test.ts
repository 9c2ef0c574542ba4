import { createServer, get, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import type { AddressRevision } from "./address-map.ts";
import { connections } from "./connections.ts";
import { followAddressMap } from "./follow-address-map.ts";
import type { CallTree, EmulatedService } from "./service.ts";
import { type Emulator, startEmulator } from "./start-emulator.ts";

// Ports are fixed, so the addresses are this file's own.
const at = (host: number): string => `127.90.7.${host}`;
const services: readonly EmulatedService[] = [
  {
    service: "frontend",
    address: at(1),
    port: 8080,
    protocol: "http",
    calls: [{ to: "search", protocol: "grpc" }],
  },
  {
    service: "search",
    version: "v2",
    address: at(2),
    port: 8080,
    protocol: "grpc",
    calls: [
      { to: "frontend", protocol: "http" },
      { to: "store", protocol: "tcp" },
    ],
  },
  { service: "store", address: at(3), port: 6379, protocol: "tcp", calls: [] },
];
const direct = (host: number, port = 8080) => ({ via: "direct", address: at(host), port }) as const;
const first: AddressRevision = {
  revision: "one",
  map: { frontend: { search: direct(2) }, "search@v2": { store: direct(3, 6379), frontend: direct(1) } },
};

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function emulator(running: readonly EmulatedService[] = services): Promise<Emulator> {
  const started = await startEmulator({ services: running, addresses: first });
  closers.push(started.close);
  return started;
}

function ask(headers: Readonly<Record<string, string | string[]>> = {}): Promise<CallTree> {
  return new Promise((resolve, reject) => {
    get({ host: at(1), port: 8080, path: "/hotels", agent: false, headers: { ...headers } }, (response) => {
      text(response).then((body) => resolve(JSON.parse(body)), reject);
    }).on("error", reject);
  });
}

describe("startEmulator", () => {
  test("a callee's replicas are taken in turn, however many other calls are made", async () => {
    const replica = (service: string, host: number): EmulatedService => ({
      ...{ service, version: `v${host}`, address: at(host), port: 8080, protocol: "http", calls: [] },
    });
    const calls = [
      { to: "a", protocol: "http" },
      { to: "b", protocol: "http" },
    ] as const;
    const running = await emulator([
      { service: "frontend", address: at(1), port: 8080, protocol: "http", calls },
      ...[replica("a", 2), replica("a", 3), replica("b", 4), replica("b", 5)],
    ]);
    const frontend = { a: [direct(2), direct(3)], b: [direct(4), direct(5)] };
    await running.update({ revision: "two", map: { frontend } });
    const seen = new Set<string | undefined>();
    for (let time = 0; time < 2; time++)
      for (const { version } of (await ask()).calls ?? []) seen.add(version);
    expect([...seen].sort()).toEqual(["v2", "v3", "v4", "v5"]);
  });

  test("answers with the tree of calls, over HTTP/1.1, HTTP/2 and TCP, and ends cycles", async () => {
    await emulator();
    expect(await ask()).toMatchObject({
      service: "frontend",
      status: 200,
      calls: [
        {
          service: "search",
          version: "v2",
          status: 200,
          calls: [{ service: "store", status: 200 }],
        },
      ],
    });
  });

  test("goes round a cycle as often as it is told to", async () => {
    const round = (service: string, host: number, to: string): EmulatedService => ({
      ...{ service, address: at(host), port: 8080, protocol: "http", passesMax: 2 },
      calls: [{ to, protocol: "http" }],
    });
    const running = await emulator([round("frontend", 1, "a"), round("a", 2, "frontend")]);
    const [frontend, a] = [[direct(1)], [direct(2)]];
    await running.update({ revision: "round", map: { frontend: { a }, a: { frontend } } });
    const passed = ({ service, calls = [] }: CallTree): readonly string[] => [
      service,
      ...calls.flatMap(passed),
    ];
    expect(passed(await ask())).toEqual(["frontend", "a", "frontend", "a"]);
  });

  test("forwards tracing headers, x-canary and user-agent, each value apart, and nothing else", async () => {
    await emulator();
    const tree = await ask({
      traceparent: "00-1-2-01",
      tracestate: ["a=1", "b=2"],
      "x-canary": "yes",
      "x-secret": "mine",
      "user-agent": "test",
    });
    expect(tree.headers).toMatchObject({ "x-secret": ["mine"], "x-canary": ["yes"] });
    const seen = tree.calls?.[0]?.headers ?? {};
    const { tracestate = [] } = seen;
    expect(seen).toMatchObject({ traceparent: ["00-1-2-01"], "x-canary": ["yes"], "user-agent": ["test"] });
    expect(tracestate.join(",").replaceAll(" ", "")).toBe("a=1,b=2");
    expect(seen).not.toHaveProperty("x-secret");
    expect(seen).not.toHaveProperty("x-emulator-visited");
    expect(seen[":authority"]).toEqual(["search"]);
  });

  test("hands on nothing that a service drops", async () => {
    const drops: string[] = ["tracestate"];
    await emulator(services.map((each) => (each.service === "frontend" ? { ...each, drops } : each)));
    const seen = async () =>
      (await ask({ traceparent: "00-1-2-01", tracestate: "a=1", "x-canary": "yes" })).calls?.[0]?.headers;
    expect(await seen()).toMatchObject({ traceparent: ["00-1-2-01"], "x-canary": ["yes"] });
    expect(await seen()).not.toHaveProperty("tracestate");
    drops.push("*");
    expect(await seen()).not.toHaveProperty("traceparent");
  });

  test("makes one call alone when it is asked to, with all the headers that it got", async () => {
    await emulator();
    const named = await askSearch({ "x-emulator-call": ["frontend"], "x-secret": ["a", "b"], empty: [""] });
    expect(named.calls?.map(({ service }) => service)).toEqual(["frontend"]);
    const seen = named.calls?.[0]?.headers ?? {};
    expect(seen).toMatchObject({ "x-secret": ["a", "b"], empty: [""], host: ["frontend"] });
    expect(seen).not.toHaveProperty("x-emulator-call");
    // `search` has been passed, and the callee goes on as ever.
    expect(named.calls?.[0]?.calls).toEqual([]);
    expect((await askSearch({ "x-emulator-call": ["nobody"] })).calls).toEqual([]);
  });

  test("calls are made for the paths that they are for, and all at once where that is wanted", async () => {
    // Answers when two have come: one after the other they never do.
    const waiting: ServerResponse[] = [];
    const paths: (string | undefined)[] = [];
    const pair = createServer((request, response) => {
      paths.push(request.headers.host);
      waiting.push(response);
      if (waiting.length === 2) for (const each of waiting) each.end("{}");
    });
    await new Promise<void>((resolve) => pair.listen(8081, at(9), resolve));
    closers.push(() => void pair.close());
    const started = await emulator([
      {
        ...{ service: "frontend", address: at(1), port: 8080, protocol: "http", isParallel: true },
        calls: [
          { to: "a", protocol: "http" },
          { to: "b", protocol: "http", paths: ["/hotels"] },
          { to: "c", protocol: "http", paths: ["/users", "/reviews"] },
        ],
      },
    ]);
    const target = direct(9, 8081);
    await started.update({ revision: "fan", map: { frontend: { a: target, b: target, c: target } } });
    expect((await ask()).calls?.map(({ service }) => service)).toEqual(["a", "b"]);
    expect(paths.sort()).toEqual(["a", "b"]);
  });

  test("computes for as long as it is told to, and shows the headers that it is told to", async () => {
    const [frontend] = services;
    if (frontend === undefined) throw new Error("there is no frontend");
    await emulator([{ ...frontend, calls: [], work: { cpuUs: 50_000 }, shows: ["x-canary"] }]);
    const before = process.threadCpuUsage();
    expect((await ask({ "x-canary": "yes", "x-secret": "mine" })).headers).toEqual({ "x-canary": ["yes"] });
    const { user, system } = process.threadCpuUsage(before);
    // The kernel's account may be ten milliseconds behind.
    expect(user + system).toBeGreaterThan(40_000);
  });

  test("calls come from the caller's own address", async () => {
    const started = await emulator();
    const peers: (string | undefined)[] = [];
    const spy = createServer((request, response) => {
      peers.push(request.socket.remoteAddress);
      response.writeHead(403).end("no");
    });
    await new Promise<void>((resolve) => spy.listen(8081, at(9), resolve));
    closers.push(() => void spy.close());
    await started.update({
      revision: "spy",
      map: { ...first.map, "search@v2": { frontend: direct(9, 8081) } },
    });
    // `search` has been visited by no one here, so that it calls `frontend`.
    const reply = await askSearch();
    expect(reply.calls?.[0]).toEqual({ service: "frontend", status: 403, body: "no" });
    expect(peers).toEqual([at(2)]);
  });

  test("an update is in force when it settles, and no request fails while maps change under load", async () => {
    const started = await emulator();
    const other = await startEmulator({
      services: [
        { service: "search", version: "v3", address: at(4), port: 8080, protocol: "grpc", calls: [] },
      ],
    });
    closers.push(other.close);
    let running = true;
    const load = Promise.all(
      [1, 2, 3, 4].map(async () => {
        const statuses: (number | undefined)[] = [];
        while (running) statuses.push((await ask()).calls?.[0]?.status);
        return statuses;
      }),
    );
    for (let i = 0; i < 20; i++) {
      const host = i % 2 === 0 ? 4 : 2;
      const map = { ...first.map, frontend: { search: direct(host) } };
      await started.update({ revision: `r${i}`, map });
      expect(started.revision()).toBe(`r${i}`);
      expect((await ask()).calls?.[0]?.version).toBe(host === 4 ? "v3" : "v2");
    }
    running = false;
    expect(new Set((await load).flat())).toEqual(new Set([200]));
  });

  test("a port in use is one clear message", async () => {
    await emulator();
    await expect(startEmulator({ services: services.slice(0, 1) })).rejects.toThrow(
      /^\[emulator-listen\] 127\.90\.7\.1:8080 is in use: is another `wire up` running on this machine\?$/,
    );
  });

  test("a store answers each line, when it has waited as long as it is told to", async () => {
    const waitMs = 100;
    await emulator(services.map((each) => (each.service === "store" ? { ...each, work: { waitMs } } : each)));
    const socket = connect(6379, at(3));
    const begunMs = performance.now();
    socket.write("one\ntwo\n");
    expect(await new Promise((resolve) => socket.once("data", resolve))).toBeInstanceOf(Buffer);
    // A timer may come a millisecond early.
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(waitMs - 1);
    socket.end();
    expect(await text(socket)).toMatch(/^(OK store\n)?$/);
  });
});

describe("followAddressMap", () => {
  test("takes each map, acknowledges it, and comes back after the control plane was away", async () => {
    const started = await emulator();
    const acks: string[] = [];
    let streams = 0;
    const server = createServer((request, response) => {
      if (request.method === "POST") {
        void text(request).then((body) => {
          acks.push(JSON.parse(body).revision);
          response.end();
        });
        return;
      }
      streams += 1;
      response.write(`${JSON.stringify({ revision: `s${streams}`, value: first.map })}\n`);
      if (streams === 1) setTimeout(() => response.end(), 50);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const end = new AbortController();
    const following = followAddressMap(`http://127.0.0.1:${port}/addresses`, started, { signal: end.signal });
    await expect.poll(() => acks, { timeout: 5_000 }).toEqual(["s1", "s2"]);
    expect(started.revision()).toBe("s2");
    end.abort();
    await following;
    server.closeAllConnections();
    server.close();
  });
});

async function askSearch(headers: Readonly<Record<string, string[]>> = {}): Promise<CallTree> {
  const open = connections("grpc", direct(2), "127.0.0.1");
  const reply = await open.send({ authority: "search", path: "/", headers });
  await open.retire();
  return JSON.parse(reply.body);
}
