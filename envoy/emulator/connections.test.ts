import { once } from "node:events";
import { constants, createServer, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
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
