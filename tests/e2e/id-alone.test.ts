import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  get,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
} from "node:http";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IdHeader } from "../../controlplane/mesh/mesh.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import type { Target } from "../../controlplane/xds/address-map.ts";
import { admin } from "../../envoy/admin.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { type RunningMesh, startMesh } from "./start-mesh.ts";

// `search` is this test's own: it hands on an id and nothing else, to several calls at once and again, and holds requests until there are as many as are waited for.
// `hot` is for what came in at `frontend` and lost paths are no such; `closed` denies what came in at `batch` and what is lost.

const meshText = (id: IdHeader): string => `name: id-alone
identity: address
services:
  frontend: { entry: true }
  batch: { entry: true }
  search: { forwards: ${id} }
  geo: {}
  rate: {}
  review: {}
calls:
  frontend: [search]
  batch: [search]
  search: [geo]
  geo: [rate, review]
`;
const policies = `policy hot ( act (Request r) context ('frontend -> .* -> rate') ) { SetHeader(r, "hot", "1"); }
---
policy closed ( act (Request r) context ('batch -> .* -> review') ) { Deny(r); }
`;
const callsAtOnce = 3;
type Entry = "frontend" | "batch";
/** What each of the calls of a request came to: whether it was marked, and what `review` answered. */
const right = { frontend: "hot 200", batch: "cold 403", lost: "cold 403" } as const;

describe.each(["traceparent", "x-request-id", "b3"] as const)("a service that hands on %s alone", (id) => {
  let running: RunningMesh;
  let search: Server;
  /** The states with which paths begin. */
  const firstOf = new Map<string, string>();
  /** Requests that `search` holds, until there are so many. */
  let together = 1;
  const held: (() => void)[] = [];
  /** What became of each call of each request that has come to `search`, also of those that nobody waits for any more. */
  const handled: Promise<readonly string[]>[] = [];
  let left = 0;

  beforeAll(async () => {
    const { build: built } = await build(
      { policies: [{ path: "p.cup", text: policies }], mesh: { path: "mesh.yaml", text: meshText(id) } },
      {},
    );
    assert(built !== undefined, "these policies can be placed");
    running = await startMesh(built, { without: ["search"] });
    const [tables] = built.paths.known;
    for (const { service, first } of tables?.stamps ?? [])
      firstOf.set(service, `wire=${tables?.revision}.${first}`);
    const own = running.addresses.service("search");
    const handOn = async (request: IncomingMessage): Promise<readonly string[]> => {
      const header = idIn(request.headers);
      await new Promise<void>((go) => {
        if (held.push(go) >= together) for (const each of held.splice(0)) each();
      });
      const call = async (): Promise<string> => {
        const to = running.target("search", "geo");
        const headers = { host: "geo", ...(header === undefined ? {} : { [id]: header }) };
        return outcomeOf(await asked(to, headers, own.address));
      };
      const first = await Promise.all(Array.from({ length: callsAtOnce }, call));
      return [...first, await call()];
    };
    search = createServer((request, response) => {
      const outcomes = handOn(request);
      handled.push(outcomes);
      response.on("close", () => {
        if (!response.writableFinished) left++;
      });
      void outcomes.then((all) => response.end(JSON.stringify(all)));
    });
    search.listen(own.port, own.address);
    await once(search, "listening");
  }, 120_000);

  afterAll(async () => {
    search?.close();
    search?.closeAllConnections();
    await running?.[Symbol.asyncDispose]();
  });

  /** What each call of `search` came to that a request into an entry led to. */
  const from = async (entry: Entry, headers: OutgoingHttpHeaders = {}): Promise<readonly string[]> => {
    const tree = await asked(running.outside(entry), id === "b3" ? { b3: anyId(), ...headers } : headers);
    const [visit] = tree.calls ?? [];
    // Where the answer is no tree it is what `search` said.
    return JSON.parse(visit?.body ?? "[]");
  };
  /** What a library reads: a b3 in either of its forms, and anywhere in the header; of an `x-request-id` what it takes. */
  const idIn = (headers: IncomingHttpHeaders): string | undefined => {
    const own = headers[id];
    if (id === "x-request-id" && typeof own === "string") return own.replaceAll(/[^\w@-]/g, "");
    if (typeof own === "string") return id === "b3" ? /[0-9a-f]{32}-[0-9a-f]{16}-1/.exec(own)?.[0] : own;
    const trace = headers["x-b3-traceid"];
    return id === "b3" && typeof trace === "string" ? `${trace}-${"ab".repeat(8)}-1` : undefined;
  };
  const anyId = (): string => {
    const [trace, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
    if (id === "traceparent") return `00-${trace}-${span}-01`;
    return id === "b3" ? `${trace}-${span}-1` : trace;
  };
  /** A call to `search` that its caller has given up by now; what each of the calls came to that it has led to all the same. */
  const givenUp = async (
    entry: Entry,
    headers: OutgoingHttpHeaders,
  ): Promise<() => Promise<readonly string[]>> => {
    const [target, before] = [running.target(entry, "search"), left];
    assert(target !== undefined, "the mesh has this way");
    together = 2;
    const sent = get({
      host: target.address,
      port: target.port,
      localAddress: running.addresses.service(entry).address,
      headers: { host: "search", tracestate: firstOf.get(entry), ...headers },
      agent: false,
    });
    sent.on("error", () => undefined);
    await expect.poll(() => held.length).toBe(1);
    const outcomes = handled.at(-1);
    sent.destroy();
    await expect.poll(() => left).toBe(before + 1);
    return async () => {
      for (const each of held.splice(0)) each();
      together = 1;
      return (await outcomes) ?? [];
    };
  };
  const counted = async (service: string, name: string): Promise<number> => {
    const address = running.addresses.proxy(service);
    const { body } = await admin({ address, port: 9901, path: `/stats?filter=${name}$` });
    return Number(/: (\d+)/.exec(body)?.[1] ?? 0);
  };
  const all = (outcome: string): readonly string[] => Array(callsAtOnce + 1).fill(outcome);

  test("has each of its calls judged by what has led to it", { timeout: 60_000 }, async () => {
    let left = 120;
    const worker = async (number: number): Promise<void> => {
      while (left-- > 0) {
        const entry = (left + number) % 2 === 0 ? "frontend" : "batch";
        const own = left % 3 === 0 ? { [id]: anyId() } : {};
        expect([entry, await from(entry, own)]).toEqual([entry, all(right[entry])]);
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, number) => worker(number)));
    expect(await counted("search", "wire.unjoined.*")).toBe(0);
  });

  test("has lost what two requests of one id have led to that came by other paths, while they last", async () => {
    const shared = { [id]: anyId() };
    const alike = async (...entries: readonly Entry[]): Promise<readonly (readonly string[])[]> => {
      together = entries.length;
      const found = await Promise.all(entries.map((entry) => from(entry, shared)));
      together = 1;
      return found;
    };
    expect(await alike("frontend", "frontend")).toEqual([all(right.frontend), all(right.frontend)]);
    const before = await counted("geo", "wire.lost.hot.geo");
    expect(await alike("frontend", "batch")).toEqual([all(right.lost), all(right.lost)]);
    const lost = 2 * (callsAtOnce + 1);
    expect(await counted("search", "wire.unjoined.ambiguous.search")).toBe(lost);
    expect((await counted("geo", "wire.lost.hot.geo")) - before).toBe(lost);
    expect(await counted("geo", "wire.lost.closed.geo")).toBe(lost);
    for (const entry of ["batch", "frontend"] as const)
      expect(await alike(entry)).toEqual([all(right[entry])]);
  });

  test("has what its caller has given up judged by what has led to it, whatever comes then", async () => {
    for (const entry of ["frontend", "batch"] as const) {
      const alone = await givenUp(entry, { [id]: anyId() });
      expect([entry, await alone()]).toEqual([entry, all(right[entry])]);
    }
    const shared = { [id]: anyId() };
    const first = await givenUp("batch", shared);
    const second = await from("frontend", shared);
    expect([await first(), second]).toEqual([all(right.lost), all(right.lost)]);
  });

  test("is not told by outside traffic whose request it is", async () => {
    const [victim, other] = [anyId(), anyId()];
    const forged: readonly OutgoingHttpHeaders[] = [
      { [id]: [victim, other] },
      { [id]: `${victim},${other}` },
      { [id]: ` ${victim} , ` },
      ...(id === "x-request-id" ? [] : [{ [id]: victim.toUpperCase() }]),
    ];
    for (const headers of forged) {
      together = 2;
      const [seen, own] = await Promise.all([
        from("frontend", { [id]: victim }),
        from("batch", { ...headers, tracestate: "wire=lost.1" }),
      ]);
      together = 1;
      expect([headers, seen, own]).toEqual([headers, all(right.frontend), all(right.batch)]);
    }
  });

  test.runIf(id === "x-request-id")("is one for all values that an application may make one of", async () => {
    const own = anyId();
    const named = { "x-request-id": `${own.slice(0, 8)}.${own.slice(8)}` };
    together = 2;
    const found = await Promise.all([from("frontend", { "x-request-id": own }), from("batch", named)]);
    together = 1;
    expect(found).toEqual([all(right.lost), all(right.lost)]);
    expect(await from("frontend", named)).toEqual(all(right.frontend));
  });

  test.runIf(id === "b3")(
    "has either form of a b3, and is nobody else's by what else a library reads",
    async () => {
      const [victim, other] = [randomBytes(16).toString("hex"), anyId()];
      const own = { b3: `${victim}-${"cd".repeat(8)}-1` };
      const named = { "x-b3-traceid": victim };
      const both = async (headers: OutgoingHttpHeaders): Promise<readonly (readonly string[])[]> => {
        together = 2;
        const found = await Promise.all([from("frontend", own), from("batch", headers)]);
        together = 1;
        return found;
      };
      expect(await both({ b3: other, ...named })).toEqual([all(right.frontend), all(right.batch)]);
      expect(await both({ b3: `${"ef".repeat(16)}-x-${own.b3}` })).toEqual([
        all(right.frontend),
        all(right.lost),
      ]);
      for (const b3 of [[], "0"])
        expect(await both({ b3, ...named })).toEqual([all(right.lost), all(right.lost)]);
      expect(await from("frontend", { b3: [], ...named })).toEqual(all(right.frontend));
    },
  );

  test("is asked nothing of what it makes by itself, which is lost", async () => {
    const before = await counted("search", "wire.unjoined.unknown.search");
    const tree = await asked(running.target("search", "geo"), { host: "geo", [id]: anyId() });
    expect(outcomeOf(tree)).toBe(right.lost);
    expect((await counted("search", "wire.unjoined.unknown.search")) - before).toBeGreaterThan(0);
  });
});

function outcomeOf({ calls = [] }: CallTree): string {
  const visit = (service: string): CallTree | undefined => calls.find((each) => each.service === service);
  return `${visit("rate")?.headers?.["hot"] === undefined ? "cold" : "hot"} ${visit("review")?.status}`;
}

async function asked(
  target: Target | undefined,
  headers: OutgoingHttpHeaders,
  localAddress?: string,
): Promise<CallTree> {
  assert(target !== undefined, "the mesh has this way");
  const { address: host, port } = target;
  const own = localAddress === undefined ? {} : { localAddress };
  const sent = get({ host, port, headers, agent: false, ...own });
  const [response]: IncomingMessage[] = await once(sent, "response");
  assert(response !== undefined, "a response comes with its event");
  return JSON.parse(await textOf(response));
}
