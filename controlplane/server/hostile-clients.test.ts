import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { fakeProxy } from "./fake-proxy.test-helper.ts";
import { createUnframer } from "./grpc-frame.ts";
import { head, type RawConnection, rawConnection } from "./raw-client.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import type { XdsServer } from "./xds-server.ts";

const { cluster } = typeUrl;

function connection(server: XdsServer): RawConnection {
  const made = rawConnection(server.port);
  onTestFinished(made.close);
  return made;
}

function clusters(version: string): Snapshot {
  return new Map([[cluster, byName([{ name: "a", typeUrl: cluster, version, bytes: new Uint8Array() }])]]);
}

describe("what is not a message", () => {
  test.each([
    ["too large", Uint8Array.of(0, 255, 255, 255, 255)],
    ["compressed", Uint8Array.of(1, 0, 0, 0, 1)],
  ])("%s: nothing that comes after it is kept", (_, bytes) => {
    const unframer = createUnframer(1_000);
    expect(unframer.take(bytes)).toMatchObject([{ code: expect.any(Number) }]);
    for (let piece = 0; piece < 10; piece++) expect(unframer.take(new Uint8Array(1_000))).toEqual([]);
    expect(unframer.bytes()).toBe(0);
  });

  test("messages come whole out of pieces of any size", () => {
    const messages = [3, 0, 700, 1, 999].map((bytes, index) => new Uint8Array(bytes).fill(index + 1));
    const written = Buffer.concat(messages.flatMap((message) => [head(message.length), message]));
    for (const size of [1, 2, 3, 5, 7, 64, 1_000, written.length]) {
      const unframer = createUnframer(1_000);
      const got: unknown[] = [];
      for (let at = 0; at < written.length; at += size) {
        got.push(
          ...unframer
            .take(Uint8Array.from(written.subarray(at, at + size)))
            .map((each) => Array.from(each as Uint8Array)),
        );
      }
      expect(got).toEqual(messages.map((message) => Array.from(message)));
      expect(unframer.bytes()).toBe(0);
    }
  });

  test("a stream that was refused is over for both, though its client would go on", async () => {
    const server = await start();
    const raw = connection(server);
    for (const bytes of [
      Uint8Array.of(0, 255, 255, 255, 255),
      Uint8Array.of(7),
      Uint8Array.of(0, 0, 0, 0, 1, 255),
    ]) {
      const { stream, status, closed } = raw.open();
      stream.write(bytes);
      expect((await status).code).toBeGreaterThan(0);
      await closed;
    }
    const unknown = raw.open("/no.such.Service/Method");
    expect((await unknown.status).code).toBe(12);
    await unknown.closed;
  });

  test("connections full of random bytes do not keep a good proxy from its changes", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("0"));
    const good = fakeProxy(server.port, "a");
    onTestFinished(good.close);
    good.ask(cluster);
    good.ack(await good.next(cluster));
    let over = 0;
    let isDone = false;
    const bytes = randomBytes(64 << 10);
    const babble = async (raw: RawConnection): Promise<void> => {
      while (!isDone) {
        const { stream, closed } = raw.open();
        const more = (): void => {
          while (!stream.destroyed && stream.write(bytes)) {
            // As fast as it is taken.
          }
          stream.once("drain", more);
        };
        more();
        await closed;
        over++;
      }
    };
    const babbling = Array.from({ length: 10 }, () => babble(connection(server)));
    for (let version = 1; version <= 30; version++) {
      server.setSnapshot("a", clusters(`${version}`));
      const response = await good.next(cluster);
      expect(response.resources.map((each) => each.version)).toEqual([`${version}`]);
      good.ack(response);
      expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
    }
    await expect.poll(() => over, { timeout: 20_000 }).toBeGreaterThan(30);
    isDone = true;
    await Promise.all(babbling);
    expect(server.counts()).toMatchObject({ streams: 1, nodes: 1 });
  });
});

describe("who does not say who it is", () => {
  test("has not long to do so", async () => {
    const server = await start({ limits: { firstMessageMsMax: 50 } });
    const { stream, status, closed } = connection(server).open();
    stream.write(head(1_000));
    expect(await status).toEqual({ code: 8, message: "no message within 0.05 s" });
    await closed;
  });

  test("has a hundred streams of a connection, and in all of them as much as in one message", async () => {
    const server = await start({ limits: { messageBytesMax: 1 << 20 } });
    const raw = connection(server);
    const silent = Array.from({ length: 100 }, () => raw.open());
    expect(await raw.open().status).toMatchObject({
      code: 8,
      message: expect.stringContaining("100 streams"),
    });
    for (const { stream } of silent) {
      stream.write(head(1 << 20));
      stream.write(new Uint8Array(50_000));
    }
    expect(await Promise.race(silent.map(({ status }) => status))).toMatchObject({
      code: 8,
      message: expect.stringContaining("too much was begun"),
    });
    // Who comes by another connection is not concerned.
    server.setSnapshot("a", clusters("1"));
    const good = fakeProxy(server.port, "a");
    onTestFinished(good.close);
    good.ask(cluster);
    await good.next(cluster);
  });
});

test("a stream that the server has ended is not the node's any more, whatever its client does", async () => {
  const server = await start({ limits: { streamAgeMsMax: 200 } });
  server.setSnapshot("a", clusters("1"));
  const { stream, status, closed } = connection(server).open();
  // A request for clusters by node `a`, and its half stays open.
  const asked = Buffer.from(
    `\n\u0003\n\u0001a\u0012${String.fromCharCode(cluster.length)}${cluster}`,
    "latin1",
  );
  stream.write(Buffer.concat([head(asked.length), asked]));
  await expect.poll(() => server.counts().streams).toBe(1);
  await status;
  expect(server.counts().streams).toBe(0);
  await closed;
});
