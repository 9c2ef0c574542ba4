import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { FILTER_PORT, startFilter } from "./one-filter.ts";

// Streams on which each side waits for the other: a filter that held a beginning back for more of it would hold it for good.

const denial = expect.stringMatching(/^waf: 403 sql-union/);

test("a WebSocket goes through the WAF, whatever is said on it, and its path is looked at", async () => {
  const address = "127.90.13.1";
  await using filter = await startFilter({ ...(await buildPolicy("waf")), address });
  const ask = (path: string) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.from("0123456789abcdef").toString("base64"),
    };
    const request = httpRequest({ host: address, port: FILTER_PORT, path, headers, agent: false });
    request.end();
    return request;
  };
  const [answer, socket] = (await once(ask("/chat"), "upgrade")) as [IncomingMessage, Duplex];
  expect(answer.statusCode).toBe(101);
  socket.setEncoding("utf8");
  for (const said of ["hello", "q=1 union select password from users"]) {
    socket.write(said);
    expect(String((await once(socket, "data"))[0])).toBe(said);
  }
  socket.destroy();
  const attack = ask("/chat?q=1%20union%20select%20password%20from%20users");
  const [denied] = (await once(attack, "response")) as [IncomingMessage];
  expect(denied.statusCode).toBe(403);
  denied.resume();
  await expect.poll(filter.said).toEqual([denial]);
});

/** A service of gRPC that says each message back. */
async function startEcho(address: string): Promise<{ readonly port: number; stop(): void }> {
  const server = new Server();
  const raw = {
    requestSerialize: Buffer.from,
    requestDeserialize: Buffer.from,
    responseSerialize: Buffer.from,
    responseDeserialize: Buffer.from,
  };
  server.addService(
    { chat: { ...raw, path: "/a.B/Chat", requestStream: true, responseStream: true } },
    {
      chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
        call.on("error", () => call.destroy());
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, stop: () => server.forceShutdown() };
}

test("a stream of gRPC in both directions goes through the WAF message by message, and the first is looked at", async () => {
  const address = "127.90.13.2";
  const echo = await startEcho(address);
  await using filter = await startFilter({ ...(await buildPolicy("waf")), address, grpcPort: echo.port });
  const client = new Client(`${address}:${FILTER_PORT}`, credentials.createInsecure());
  const chat = () => client.makeBidiStreamRequest("/a.B/Chat", Buffer.from, Buffer.from);
  try {
    const call = chat();
    for (const said of ["hello", "again", "q=1 union select password from users"]) {
      call.write(Buffer.from(said));
      expect(String((await once(call, "data"))[0])).toBe(said);
    }
    call.end();
    call.resume();
    expect((await once(call, "status"))[0]).toMatchObject({ code: status.OK });
    const attack = chat();
    attack.write(Buffer.from("q=1 union select password from users"));
    const [error] = (await once(attack, "error")) as [ServiceError];
    expect(error.code).toBe(status.PERMISSION_DENIED);
    await expect.poll(filter.said).toEqual([denial]);
  } finally {
    client.close();
    echo.stop();
  }
});
