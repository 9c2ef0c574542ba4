import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Server } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { Examined } from "../doctor/examination.ts";
import type { Address } from "../xds/address-plan.ts";
import { sendProbe } from "./send-probe.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<Address> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closers.push(() => server.close());
  const address = server.address();
  return { address: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 };
}

const examined = (protocol: Examined["protocol"], ...endpoints: readonly Address[]): Examined => ({
  ...{ service: "rate", protocol, endpoints, probe: "1", state: "r.1" },
  headers: { traceparent: "00-1", tracestate: "wire=r.1" },
});
const asked = { method: "GET", path: "/a?b", timeoutMs: 2_000 };

test("a service is asked over HTTP/1.1, by its name", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const place = await listening(
    createHttpServer(({ headers, method, url }, response) => {
      seen.push({ ...headers, method, url });
      response.writeHead(404).end("nothing");
    }),
  );
  expect(await sendProbe(examined("http", place), asked)).toEqual({ kind: "status", status: 404 });
  expect(seen).toMatchObject([
    { host: "rate", traceparent: "00-1", tracestate: "wire=r.1", method: "GET", url: "/a?b" },
  ]);
});

test("and over HTTP/2, where a POST is an empty message of gRPC", async () => {
  const seen: unknown[] = [];
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    void buffer(stream).then((body) => {
      seen.push([
        headers[":method"],
        headers[":authority"],
        headers["content-type"],
        headers["tracestate"],
        body.length,
      ]);
      stream.respond({ ":status": 200 }, { endStream: true });
    });
  });
  const place = await listening(server as unknown as Server);
  for (const method of ["GET", "POST"])
    expect(await sendProbe(examined("grpc", place), { ...asked, method })).toEqual({
      kind: "status",
      status: 200,
    });
  expect(seen).toEqual([
    ["GET", "rate", undefined, "wire=r.1", 0],
    ["POST", "rate", "application/grpc", "wire=r.1", 5],
  ]);
});

test("the first endpoint that answers is enough; why the last one does not is told of", async () => {
  const gone = createServer();
  const dead = await listening(gone);
  gone.close();
  const place = await listening(createHttpServer((_, response) => response.end()));
  expect(await sendProbe(examined("http", dead, place), asked)).toEqual({ kind: "status", status: 200 });
  for (const protocol of ["http", "grpc"] as const)
    expect(await sendProbe(examined(protocol, dead), asked)).toEqual({
      kind: "failed",
      why: expect.stringMatching(`^127.0.0.1:${dead.port}: .*ECONNREFUSED`),
    });
  expect(await sendProbe(examined("http"), asked)).toEqual({ kind: "failed", why: "it has no endpoint" });
});

test("one that is silent, or hangs up, does not hold it up", async () => {
  const silent = await listening(createServer());
  const rude = await listening(createServer((socket) => socket.destroy()));
  for (const protocol of ["http", "grpc"] as const) {
    expect(await sendProbe(examined(protocol, silent), { ...asked, timeoutMs: 200 })).toEqual({
      kind: "failed",
      why: `127.0.0.1:${silent.port}: no answer within 0.2 s`,
    });
    expect(await sendProbe(examined(protocol, rude), asked)).toMatchObject({ kind: "failed" });
  }
});
