import { once } from "node:events";
import { constants, createServer, type Http2Session } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { connections } from "./connections.ts";

test("a request that a kept HTTP/2 connection loses is made once again, and no more", async () => {
  const sessions: Http2Session[] = [];
  const answers: string[] = [];
  const server = createServer((request, response) => {
    answers.push(request.url);
    // Its connection has answered before.
    if (request.url === "/lost" && answers.filter((url) => url === "/lost").length === 1)
      request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else response.end("here");
  });
  server.on("session", (session) => sessions.push(session));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const to = connections("grpc", { via: "direct", address: "127.0.0.1", port });
  const get = (path: string) => to.send({ authority: "here", path, headers: {} });
  expect(await get("/first")).toMatchObject({ status: 200, body: "here" });
  expect(await get("/lost")).toMatchObject({ status: 200, body: "here" });
  expect(await get("/last")).toMatchObject({ status: 200 });
  expect(answers).toEqual(["/first", "/lost", "/lost", "/last"]);
  await to.retire();
  for (const session of sessions) session.destroy();
  server.close();
});

/** A store that says for each line which of its connections it came by. */
async function store() {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    const number = sockets.push(socket);
    socket.on("data", () => socket.write(`OK ${number}\n`)).on("error", () => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    sockets,
    target: { via: "direct", address: "127.0.0.1", port } as const,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const line = { authority: "store", path: "/", headers: {} };

test("each line to a store has a connection of its own", async () => {
  using asked = await store();
  const to = connections("tcp", asked.target);
  expect(await to.send(line)).toMatchObject({ status: 200, body: "OK 1" });
  expect(await to.send(line)).toMatchObject({ status: 200, body: "OK 2" });
  await to.retire();
});

describe("kept connections to a store", () => {
  test("are used again, one line at a time, and closed when they are retired", async () => {
    using asked = await store();
    const to = connections("tcp", asked.target, undefined, { keepsTcp: true });
    expect(await to.send(line)).toMatchObject({ body: "OK 1" });
    expect(await to.send(line)).toMatchObject({ body: "OK 1" });
    const both = await Promise.all([to.send(line), to.send(line)]);
    expect(both.map(({ body }) => body).sort()).toEqual(["OK 1", "OK 2"]);
    const closed = asked.sockets.map((socket) => once(socket, "close"));
    await to.retire();
    await Promise.all(closed);
  });

  test("that the store has closed cost no request its answer", async () => {
    using asked = await store();
    const to = connections("tcp", asked.target, undefined, { keepsTcp: true });
    await Promise.all([to.send(line), to.send(line)]);
    // It is closed as the next line comes.
    for (const socket of asked.sockets)
      socket.removeAllListeners("data").once("data", () => socket.destroy());
    expect(await to.send(line)).toMatchObject({ status: 200, body: "OK 3" });
    await to.retire();
  });
});
