import { afterEach, expect, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import type { Converged } from "./convergence.ts";
import { fakeProxy } from "./fake-proxy.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { createXdsServer } from "./xds-server.ts";

const { cluster } = typeUrl;
const stack = new AsyncDisposableStack();
afterEach(() => stack.disposeAsync());

function clusters(version: string, bytes = 100): Snapshot {
  return new Map([
    [cluster, byName([{ name: "a", typeUrl: cluster, version, bytes: new Uint8Array(bytes) }])],
  ]);
}

test("what goes out, comes back, waits, is refused and is held back is counted", async () => {
  const converged: Converged[] = [];
  const server = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    limits: { admission: { perSecond: 0.001, burst: 1 } },
    refuses: (_, node) => (node === "geo" ? "not you" : undefined),
    onConverged: (each) => converged.push(each),
  });
  stack.defer(() => server.close());
  expect(server.counts()).toEqual({
    ...{ types: new Map(), refusals: new Map(), quarantined: new Map() },
    ...{ pushes: 0, nodes: 0, nodesConnected: 0, streams: 0, waiting: 0, loadStreams: 0, loadReports: 0 },
    ...{ logStreams: 0, logsUnread: 0 },
  });

  server.setSnapshot("rate", clusters("1"));
  const [rate, waiting] = ["rate", "search"].map((node) => {
    const proxy = fakeProxy(server.port, node);
    stack.defer(proxy.close);
    return proxy;
  });
  rate?.ask(cluster);
  rate?.ack(await rate.next(cluster));
  expect(await server.waitForAcks("rate", 2_000)).toEqual({ kind: "acked" });
  waiting?.ask(cluster);
  await expect.poll(() => server.counts().waiting).toBe(1);
  const stranger = fakeProxy(server.port, "geo");
  stack.defer(stranger.close);
  stranger.ask(cluster);
  await stranger.ended;
  // The first configuration is no change to a client that was there.
  expect(converged).toEqual([]);

  server.setSnapshot("rate", clusters("2"));
  server.setSnapshot("rate", clusters("2"));
  const second = await rate?.next(cluster);
  if (second !== undefined) rate?.ack(second);
  await expect.poll(() => converged.map((each) => each.of)).toEqual(["node", "all"]);

  server.setSnapshot("rate", clusters("3"));
  const third = await rate?.next(cluster);
  if (third !== undefined) rate?.nack(third, "no");
  await expect.poll(() => server.counts().quarantined).toEqual(new Map([[cluster, 1]]));
  const { types, ...rest } = server.counts();
  expect(types.get(cluster)).toMatchObject({ acks: 2, nacks: 1 });
  // The refused version is followed by the last good one.
  await expect.poll(() => server.counts().types.get(cluster)?.responses).toBe(4);
  expect(server.counts().types.get(cluster)?.bytes).toBeGreaterThan(400);
  expect(server.counts().types.get(cluster)?.bytes).toBeLessThan(1_200);
  expect(rest).toEqual({
    ...{ refusals: new Map([["permission_denied", 1]]), quarantined: new Map([[cluster, 1]]) },
    ...{ pushes: 3, nodes: 2, nodesConnected: 2, streams: 2, waiting: 1, loadStreams: 0, loadReports: 0 },
    ...{ logStreams: 0, logsUnread: 0 },
  });
  expect(converged).toHaveLength(2);
});
