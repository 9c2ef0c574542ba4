import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { filterModule } from "../../filters/proxy-wasm-as/testing/filter.test-helper.ts";
import { pausedAnswerFilter } from "../../filters/proxy-wasm-as/testing/paused-answer.test-helper.ts";
import {
  rawActsModule,
  rawDeadly,
  rawPairs,
  saidOf,
} from "../../filters/proxy-wasm-as/testing/raw-acts.test-helper.ts";
import { rawModule } from "../../filters/proxy-wasm-as/testing/raw-module.test-helper.ts";
import { twoActs, twoActsFilter } from "../../filters/proxy-wasm-as/testing/two-acts.test-helper.ts";
import { rawUnreadModule, unreadFilter } from "../../filters/proxy-wasm-as/testing/unread.test-helper.ts";
import { FILTER_PORT, type FilterInEnvoy, startFilter } from "./one-filter.ts";

test("what the host fails a VM for brings an Envoy down, and nothing else of that kind does", async () => {
  const { bytes, stderr } = await assemble(rawModule(rawActsModule));
  if (bytes === undefined) throw new Error(stderr);
  const start = (place: number): Promise<FilterInEnvoy> =>
    startFilter({ bytes, address: `127.90.16.${place}` });
  let place = 1;
  let filter = await start(place);
  for (const which of rawPairs) {
    const isDeadly = rawDeadly.includes(which);
    // Those by a response that has not begun are many, and one thing.
    if (isDeadly && which.includes("1") && !which.startsWith("4")) continue;
    await filter.send({ headers: { "x-acts": which }, goneAfterMs: 700 });
    await expect.poll(() => filter.said().at(-1)).toBe("done");
    const after = await filter.send({ goneAfterMs: 3_000 });
    expect([saidOf(which), after.status]).toEqual([saidOf(which), isDeadly ? 0 : 200]);
    if (!isDeadly) continue;
    await filter[Symbol.asyncDispose]();
    filter = await start(++place);
  }
  await filter[Symbol.asyncDispose]();
});

test("no two things that a filter does to a stream bring an Envoy down", async () => {
  await using filter = await startFilter({
    bytes: await filterModule(twoActsFilter),
    address: "127.90.14.1",
  });
  for (const which of twoActs) {
    const from = filter.said().length;
    await filter.send({ headers: { "x-acts": which } });
    await expect.poll(() => [which, ...filter.said().slice(from)]).toEqual([which, "0 2"]);
    expect([which, (await filter.send({})).status]).toEqual([which, 200]);
  }
});

test("an answer that the filter holds up as a response comes when it is let go, of each of several", async () => {
  await using filter = await startFilter({
    bytes: await filterModule(pausedAnswerFilter, "minimal"),
    address: "127.90.14.2",
  });
  const streams = [{}, { "x-late": "1" }, {}].map((headers) => filter.send({ headers, goneAfterMs: 5_000 }));
  expect((await Promise.all(streams)).map(({ status }) => status)).toEqual([403, 403, 403]);
  await expect.poll(() => filter.said()).toEqual(["2 0 0", "2 0 0", "2 0 0"]);
});

test("a response that is reset in the callback for its trailers brings no Envoy down", async () => {
  const address = "127.90.14.3";
  const service = createServer();
  service.on("stream", (stream) => {
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.on("error", () => stream.destroy());
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end("ok");
  });
  service.listen(0, address);
  await once(service, "listening");
  try {
    await using filter = await startFilter({
      bytes: await filterModule(
        "export function onResponseTrailers(response: Response): void { log.info(response.reset().toString()); }",
      ),
      address,
      grpcPort: (service.address() as AddressInfo).port,
    });
    const answer = await filter.send({
      headers: { "content-type": "application/grpc" },
      body: [],
      goneAfterMs: 2_000,
    });
    expect(answer.status).toBe(0);
    await expect.poll(() => filter.said()).toEqual(["0"]);
    expect((await filter.send({})).status).toBe(200);
  } finally {
    service.close();
  }
});

test("a request that its callback lets go, and that goes on by what that returns, comes to the service once", async () => {
  await using filter = await startFilter({
    bytes: await filterModule(
      "export function onRequest(request: Request): void { log.info(request.resume().toString()); }",
    ),
    address: "127.90.14.4",
  });
  expect((await filter.send({})).status).toBe(200);
  expect(filter.said()).toEqual(["0"]);
  expect(filter.atOnceMax).toBe(1);
});

test("what a filter writes where a body ends arrives, though nothing reads on what was paused and let go before; of a raw module it is lost", async () => {
  const address = "127.90.14.6";
  let filter: FilterInEnvoy | undefined;
  const comes = (line: string, from: number) =>
    expect.poll(() => filter?.said().slice(from), { timeout: 10_000 }).toContain(line);
  let from = 0;
  const service = createServer();
  service.on("stream", async (stream, headers) => {
    stream.on("error", () => stream.destroy());
    let got = "";
    for await (const piece of stream) got += String(piece);
    const end = headers["x-end"];
    stream.on("wantTrailers", () => stream.sendTrailers({ t: "1" }));
    stream.respond({ ":status": 200, "x-got": got }, { waitForTrailers: end === "trailers" });
    stream.write("12");
    if (headers["x-raw"] === undefined) await comes("response let go 0", from);
    stream.end(end === "more" ? "34" : undefined);
  });
  service.listen(0, address);
  await once(service, "listening");
  const grpcPort = (service.address() as AddressInfo).port;
  const send = async (end: string, more: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    from = filter?.said().length ?? 0;
    const request = httpRequest({
      host: address,
      port: FILTER_PORT,
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/grpc",
        "x-end": end,
        ...(end === "trailers" ? { trailer: "t" } : {}),
        ...more,
      },
    });
    const answer = once(request, "response");
    request.write("ab");
    await comes(more["x-raw"] === undefined ? "request let go 0" : "let go 0", from);
    if (end === "trailers") request.addTrailers({ t: "1" });
    request.end(end === "more" ? "cd" : undefined);
    const [response] = await answer;
    let body = "";
    for await (const piece of response) body += String(piece);
    return [String(response.headers["x-got"]), body];
  };
  try {
    filter = await startFilter({ bytes: await filterModule(unreadFilter, "minimal"), address, grpcPort });
    const found = [];
    for (const end of ["empty", "more", "trailers"]) found.push(await send(end, {}));
    await filter[Symbol.asyncDispose]();
    const { bytes, stderr } = await assemble(rawModule(rawUnreadModule));
    if (bytes === undefined) throw new Error(stderr);
    filter = await startFilter({ bytes, address, grpcPort });
    for (const end of ["empty", "more", "trailers"]) found.push(await send(end, { "x-raw": "1" }));
    expect(found).toEqual([
      ["ab!", "12?"],
      ["abcd!", "1234?"],
      ["ab!", "12?"],
      ["ab", "12"],
      ["abcd!", "1234"],
      ["ab", "12"],
    ]);
  } finally {
    await filter?.[Symbol.asyncDispose]();
    service.close();
  }
});
