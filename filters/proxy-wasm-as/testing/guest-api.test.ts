import fc from "fast-check";
import { expect, test } from "vitest";
import { buildFilter } from "../build/build-filter.ts";
import { hostOf } from "./filter.test-helper.ts";
import { createHost, type HostExchange, type HostResponse } from "./index.ts";
import { propertyKey } from "./property-key.ts";
import { unreadFilter } from "./unread.test-helper.ts";

test("any bytes that a header may have pass through a string unchanged", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    request.headers.set("b", request.headers.get("a")!);
    return Flow.Continue;
  }`);
  const byte = fc.integer({ min: 1, max: 255 }).filter((value) => value !== 10 && value !== 13);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 64 }), (value) => {
      const { requestHeaderBytes } = host.request({ headers: [["a", Uint8Array.from(value)]] });
      expect([...(requestHeaderBytes.find(([name]) => name === "b")?.[1] ?? [])]).toEqual(value);
    }),
    { numRuns: 10_000 },
  );
  const before = host.memoryPages;
  for (let i = 0; i < 1000; i++) host.request({ headers: [["a", "x".repeat(1000)]] });
  expect(host.memoryPages).toBe(before);
});

test("what joins texts makes none for each of them", async () => {
  const host = await hostOf(`export function onRequest(request: Request): void {
    const parts = request.headers.get("a")!.split(",");
    request.headers.set("a", parts.join(";"));
    request.headers.set("b", ["x", "", "yz"].join(""));
  }`);
  const before = host.memoryPages;
  const parts = Array.from({ length: 4000 }, (_, place) => String(place));
  const { requestHeaders } = host.request({ headers: [["a", parts.join(",")]] });
  expect(requestHeaders).toEqual([
    ["a", parts.join(";")],
    ["b", "xyz"],
  ]);
  // Of 20 KB of text that is some 400 KB, and where each part makes a new text, 150 MB.
  expect(host.memoryPages - before).toBeLessThan(16);
});

test("text is asked for: UTF-8 or null", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    const text = utf8.decode(request.headers.get("a")!);
    request.headers.set("text", text === null ? "none" : utf8.encode(text + "!"));
    request.headers.set("status", request.headers.set("b", "\\u0100").toString());
    return Flow.Continue;
  }`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ min: 128, maxLength: 4 }),
        fc.string({ unit: "binary" }).map((s) => Buffer.from(s)),
      ),
      (value) => {
        fc.pre(!value.some((each) => each === 0 || each === 10 || each === 13));
        let wanted = "none";
        try {
          wanted = `${decoder.decode(value)}!`;
        } catch {
          // Not UTF-8.
        }
        const { requestHeaderBytes } = host.request({ headers: [["a", Uint8Array.from(value)]] });
        const found = requestHeaderBytes.find(([name]) => name === "text")?.[1];
        expect(Buffer.from(found ?? []).toString("utf8")).toBe(wanted);
      },
    ),
    { numRuns: 2000 },
  );
  expect(host.request({ headers: [["a", "ü"]] }).requestHeaders).toContainEqual(["status", "2"]);
});

test("headers: all values, entries, and all of them replaced; what is not at hand is not there", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    const headers = request.headers;
    const all = headers.getAll("A").join("|") + headers.getJoined("a", "; ")! + headers.has("a", "2").toString() +
      headers.has("a", "9").toString() + headers.entries().length.toString();
    const bad = headers.replaceAll([["a"]]).toString() + headers.replaceAll([["a b", "c"]]).toString();
    headers.replaceAll([["seen", all], ["bad", bad], ["response", request.response.headers.set("x", "y").toString()],
      ["missing", request.response.headers.get("x") === null ? "null" : "there"], ["empty", request.headers.get("e")!]]);
    return Flow.Continue;
  }`);
  const headers = [
    ["a", "1"],
    ["a", "2"],
    ["e", ""],
  ] as const;
  expect(host.request({ headers }).requestHeaders).toEqual([
    ["seen", "1|21; 2truefalse3"],
    ["bad", "22"],
    ["response", "2"],
    ["missing", "null"],
    ["empty", ""],
  ]);
});

test("the bytes of all headers are counted where they are at hand", async () => {
  const host = await hostOf(`export function onRequest(request: Request): void {
    const before = request.headers.byteSize;
    request.headers.set("a", "12345");
    request.headers.set("size", (request.headers.byteSize - before).toString() + " " + request.response.headers.byteSize.toString());
  }`);
  const { requestHeaders } = host.request({ headers: [["b", "1"]] });
  const [grown, absent] = requestHeaders.find(([name]) => name === "size")?.[1].split(" ") ?? [];
  expect(Number(grown)).toBeGreaterThanOrEqual(6);
  expect(absent).toBe("0");
});

test("a body is text, or bytes, and can be changed at both ends", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow { return Flow.Continue; }
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    if (!last) return Flow.Pause;
    const body = request.body;
    const before = body.text()! + body.size.toString() + body.bytes(1, 2)![0].toString();
    body.drain(1);
    body.prepend("é");
    body.append(toBytes("\\u00ff"));
    log.info(before + (body.text() === null ? " not UTF-8 " : " text ") + body.bytes()!.length.toString());
    body.replace(before);
    return Flow.Continue;
  }`);
  const result = host.exchange({ body: ["ab", "c"] });
  expect(result.logs).toEqual([{ level: 2, message: "abc398 not UTF-8 5" }]);
  expect(result.requestBody).toBe("abc398");
});

test("an answer is given once, with headers, text and a status of gRPC", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    const first = request.reply(429, "später", [["retry-after", "1"]], 8);
    log.info(first.toString() + request.reply(500).toString());
    return Flow.Pause;
  }
  export function onResponse(response: Response): Flow { log.info(response.status.toString() + response.reply(500).toString()); return Flow.Continue; }`);
  const { localReply, logs } = host.exchange({});
  expect(localReply).toMatchObject({ status: 429, body: "später" });
  expect(logs.map(({ message }) => message)).toEqual(["02", "4292"]);
});

test("fetch holds a request back until the answer is there, or there is none", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    const status = request.fetch({ cluster: request.headers.get("to")!, method: "POST", path: "/check", headers: [["x-a", "b"]],
      body: "é", timeoutMs: 100 }, checked, 7);
    if (status != Status.Ok) { request.headers.set("status", status.toString()); return Flow.Continue; }
    return Flow.Pause;
  }
  function checked(request: Request, answer: Answer): void {
    if (answer.failed) { request.reply(503); return; }
    if (answer.status != 200) { request.reply(403, answer.body.text()!); return; }
    request.headers.set("x-user", answer.headers.get("x-user")! + answer.tag.toString());
    request.resume();
  }`);
  host.onFetch("auth", ({ headers, body }) => {
    expect(body).toBe("é");
    expect(headers).toContainEqual(["x-a", "b"]);
    return { headers: [["x-user", "ada"]] };
  });
  host.onFetch("no", () => ({ status: 401, body: "who?" }));
  host.onFetch("down", () => "fail");
  host.onFetch("slow");
  const ask = (to: string) => host.request({ headers: [["to", to]] });
  expect(ask("auth").requestHeaders).toContainEqual(["x-user", "ada7"]);
  expect(ask("no").localReply).toMatchObject({ status: 403, body: "who?" });
  expect(ask("down").localReply).toMatchObject({ status: 503 });
  expect(ask("none").requestHeaders).toContainEqual(["status", "2"]);
  const late = host.open({ headers: [["to", "slow"]] });
  late.end();
  host.advance(200_000_000n);
  expect(host.failure).toBeNull();
});

test("a record for each stream lasts as long as the stream, and its memory is used again", async () => {
  const host = await hostOf(`class State { tries: u32 = 3; seen: bool }
  const states = new PerStream<State>();
  const hits = new Counter("hits");
  export function onRequest(request: Request): Flow {
    const state = states.of(request);
    state.tries += <u32>request.headers.get("a")!.length;
    state.seen = true;
    hits.increment();
    return Flow.Continue;
  }
  export function onResponse(response: Response): Flow {
    const state = states.of(response);
    response.headers.set("tries", state.tries.toString() + state.seen.toString());
    return Flow.Continue;
  }`);
  const open = Array.from({ length: 100 }, (_, n) => host.open({ headers: [["a", "x".repeat(n)]] }));
  open.forEach((stream, n) => {
    stream.respond({});
    stream.end();
    expect(stream.result().response?.headers).toContainEqual(["tries", `${n + 3}true`]);
  });
  const before = host.memoryPages;
  for (let i = 0; i < 20_000; i++) host.exchange({ headers: [["a", "x"]] });
  expect(host.memoryPages).toBe(before);
  expect(host.metrics.get("hits")).toBe(20_100);
});

test.each(["arena", "minimal"] as const)(
  "what a callback made before it asks for a record goes: %s",
  async (runtime) => {
    const host = await hostOf(
      `class Seen { size: u32 = 0; }
  const seen = new PerStream<Seen>();
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    if (!last) return Flow.Pause;
    const text = request.body.text();
    if (text !== null) seen.of(request).size = text.length;
    return Flow.Continue;
  }
  export function onResponse(response: Response): void {
    response.headers.set("size", seen.of(response).size.toString());
  }`,
      {},
      runtime,
    );
    const body = ["x".repeat(400 << 10)];
    const first = host.open({ body });
    const before = host.memoryPages;
    const open = [first, ...Array.from({ length: 300 }, () => host.open({ body }))];
    expect(host.failure).toBeNull();
    // 301 records, a few pages where they are objects among others, and no body.
    expect(host.memoryPages - before).toBeLessThanOrEqual(2);
    for (const stream of open) {
      stream.respond({});
      stream.end();
      expect(stream.result().response?.headers).toContainEqual(["size", `${400 << 10}`]);
    }
  },
);

test.each(["arena", "minimal"] as const)(
  "what a callback made before it asks for the records of several streams goes: %s",
  async (runtime) => {
    const host = await hostOf(
      `class Seen { size: u32 = 0; }
  const seen = new PerStream<Seen>();
  const others = new PerStream<Seen>();
  let next: u32 = 2;
  let first: u32 = next;
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    if (!last) return Flow.Pause;
    const text = request.body.text()!;
    for (let i = 0; i < 20; i++) {
      const id = next++;
      others.of(changetype<Request>(id)).size = id + text.length;
      // What is made in between is not overwritten.
      const said = id.toString() + "!";
      seen.of(changetype<Request>(id)).size = id;
      assert(said == id.toString() + "!" && text.endsWith("yz"));
    }
    return Flow.Continue;
  }
  export function onResponse(response: Response): void {
    let right = true;
    for (let id: u32 = first; id < next; id++) {
      const stream = changetype<Request>(id);
      right = right && seen.of(stream).size == id && others.of(stream).size == id + (400 << 10);
    }
    first = next;
    response.headers.set("right", right.toString());
  }`,
      {},
      runtime,
    );
    const body = [`${"x".repeat((400 << 10) - 2)}yz`];
    // Of those that have gone nothing is kept. The plugin itself is 1.
    for (let i = 0; i < 501 * 20; i++) host.open({});
    host.exchange({ body });
    const before = host.memoryPages;
    for (let i = 0; i < 500; i++)
      expect(host.exchange({ body }).response?.headers).toContainEqual(["right", "true"]);
    expect(host.failure).toBeNull();
    // Twice 10,000 records of 32 bytes, and as much as that again at most, for pieces double; none of the bodies, of which one is in memory at a time.
    expect(host.memoryPages - before).toBeLessThanOrEqual(40);
  },
);

test("the memory of many streams at one time is used again by as many", async () => {
  const host =
    await hostOf(`class State { number: u64 = 0; ${Array.from({ length: 15 }, (_, n) => `n${n}: u64 = ${n};`).join(" ")} }
  const states = new PerStream<State>();
  class Other { number: u32 = 7; }
  const others = new PerStream<Other>();
  export function onRequest(request: Request): void {
    states.of(request).number = request.id;
    others.of(request).number += request.id;
  }
  export function onResponse(response: Response): void {
    const id = response.id;
    assert(states.has(response) && states.of(response).number == id && others.of(response).number == id + 7);
    response.headers.set("right", states.of(response).n14.toString());
  }`);
  const streams = 15_000;
  const before = host.memoryPages;
  const peaks: number[] = [];
  for (let peak = 0; peak < 3; peak++) {
    const open = Array.from({ length: streams }, () => host.open({}));
    peaks.push(host.memoryPages);
    // They end in an order of their own.
    const ended = open.map((_, n) => open[(n * 7919) % streams]);
    const answers = ended.map((stream) => {
      stream?.respond({});
      stream?.end();
      return stream?.result().response?.headers.find(([name]) => name === "right")?.[1];
    });
    expect([...new Set(answers)]).toEqual(["14"]);
    expect(host.memoryPages).toBe(peaks[0]);
  }
  expect(new Set(peaks).size).toBe(1);
  // 156 and 32 bytes for a stream, and as much as that again at most, for pieces double.
  const needed = (streams * (28 + 128 + 28 + 4)) / 65_536;
  expect((peaks[0] ?? 0) - before).toBeGreaterThan(needed / 2);
  expect((peaks[0] ?? 0) - before).toBeLessThan(2 * needed);
});

test("shared data is changed by version, queues are heard of, timers tick, and configurations are kept apart", async () => {
  const host = await hostOf(
    `class Settings { name: string = ""; constructor(name: string) { this.name = name; } }
  const settings = new PerPlugin<Settings>();
  export function onConfigure(text: string): bool {
    settings.set(new Settings(text));
    setTickPeriod(1000);
    Queue.register("jobs");
    return text != "bad";
  }
  export function onTick(): void {
    shared.update("ticks", (value: string | null): string => value === null ? "1" : value + "1");
    Queue.resolve("", "jobs")!.push(settings.current!.name);
  }
  export function onQueue(queue: Queue): void { for (let item = queue.pop(); item !== null; item = queue.pop()) log.warn(item); }
  export function onRequest(request: Request): Flow {
    const found = shared.get("ticks");
    request.headers.set("ticks", found === null ? "none" : found.value);
    request.headers.set("name", settings.get(request)!.name);
    request.headers.set("cas", found === null ? "" : shared.set("ticks", "", found.version + 1).toString());
    return Flow.Continue;
  }`,
    { configuration: "one" },
    "minimal",
  );
  expect(host.request({}).requestHeaders).toEqual([
    ["ticks", "none"],
    ["name", "one"],
    ["cas", ""],
  ]);
  host.advance(2_000_000_000n);
  expect(host.logs.map(({ message }) => message)).toContain("one");
  expect(host.request({}).requestHeaders).toEqual([
    ["ticks", "11"],
    ["name", "one"],
    ["cas", "8"],
  ]);
  expect(host.configure("bad")).toBe(false);
  const other = host.addPlugin({ configuration: "two" });
  expect(other?.request({}).requestHeaders).toContainEqual(["name", "two"]);
  expect(host.request({}).requestHeaders).toContainEqual(["name", "one"]);
});

test("gRPC: a call has one answer, a stream has handlers", async () => {
  const host = await hostOf(
    `export function onRequest(request: Request): Flow {
    if (request.headers.get("how") == "call") {
      request.grpc({ cluster: "g", service: "s.S", method: "M", message: toBytes("hi") }, answered, 5);
      return Flow.Pause;
    }
    const stream = request.grpcStream({ cluster: "g", service: "s.S", method: "N" }, { onMessage: said, onClose: closed });
    stream!.send(toBytes("one"));
    return Flow.Pause;
  }
  function answered(request: Request, answer: GrpcAnswer): void {
    request.headers.set("answer", answer.failed ? answer.status.toString() + answer.statusMessage : fromBytes(answer.message!) + answer.tag.toString());
    request.resume();
  }
  function said(stream: GrpcStream): void { stream.request.headers.set("said", fromBytes(stream.message!)); }
  function closed(stream: GrpcStream): void { stream.request.headers.set("closed", stream.status.toString()); stream.request.resume(); }`,
  );
  let fails = false;
  host.onGrpc("g", (call) => {
    if (fails) call.close(14, "gone");
    else if (call.kind === "call") call.send(`${call.messages[0]}!`);
    else if (call.messages.length > 0) {
      call.send("two");
      call.close(0);
    }
  });
  const ask = (how: string) => host.request({ headers: [["how", how]] }).requestHeaders;
  expect(ask("call")).toContainEqual(["answer", "hi!5"]);
  expect(ask("stream")).toEqual([
    ["how", "stream"],
    ["said", "two"],
    ["closed", "0"],
  ]);
  fails = true;
  expect(ask("call")).toContainEqual(["answer", "14gone{via_upstream}"]);
  expect(host.failure).toBeNull();
});

test("properties have their types; foreign functions, chance and time are the host's", async () => {
  const host = await hostOf(
    `export function onRequest(request: Request): Flow {
    const seen = properties.request.path! + " " + properties.request.size.toString() + " " + (properties.node.id === null ? "none" : "some") +
      " " + properties.getInt("no.such", 5).toString() + " " + properties.getBool("no.such", true).toString();
    setProperty("seen", seen);
    const text = foreign.call("uncompress", foreign.call("compress", "abc")!)!;
    log.info(seen + text + (foreign.call("none") === null ? " null " : "") + (now() > 0).toString() + (random() < 1).toString() +
      randomBytes(4).length.toString());
    log.debug("dropped");
    assert(clearRouteCache() == Status.Ok);
    return Flow.Continue;
  }`,
  );
  const { logs, calls } = host.request({ headers: [[":path", "/a?b"]] });
  expect(logs).toHaveLength(1);
  expect(logs[0]?.message).toMatch(/^\/a\?b -?\d+ none 5 trueabc null truetrue4$/);
  expect(calls.filter((call) => call === "log")).toHaveLength(1);
});

test("properties say the query, how much of bodies has come and gone on, and the status of gRPC, as an Envoy does", async () => {
  const host = await hostOf(
    `let size: i64 = 0;
    export function onRequestBody(): void { size = properties.request.size; }
    export function onLog(): void {
      log.info(properties.request.query! + " " + size.toString() + " " + properties.response.grpcStatus.toString() +
        " " + properties.response.totalSize.toString() + " " + (properties.get("response.trailers.grpc-status") === null ? "none" : "some"));
    }`,
  );
  const said = (response: HostResponse): string | undefined =>
    host.exchange({ headers: [[":path", "/a?b?c"]], body: ["abc", "de"], response }).logs[0]?.message;
  expect(said({ body: "1234" })).toBe("b?c 5 2 14 none");
  expect(said({ status: 503 })).toBe("b?c 5 14 10 none");
  expect(said({ headers: [["grpc-status", "7"]] })).toBe("b?c 5 7 22 none");
  expect(said({ headers: [["grpc-status", "x"]] })).toBe("b?c 5 -1 22 none");
  expect(said({ body: "1", trailers: [["grpc-status", "0"]] })).toBe("b?c 5 0 23 some");
});

test("a property of a header has all of its values, as in an Envoy", async () => {
  const host = await hostOf(
    'export function onRequest(): void { log.info(properties.get("request.headers.X-A")! + " " + (properties.get("request.headers.x-b") === null).toString()); }',
  );
  const { logs } = host.request({
    headers: [
      ["x-a", "1"],
      ["x-a", "2"],
    ],
  });
  expect(logs.map(({ message }) => message)).toEqual(["1,2 true"]);
});

test("a property may be a number of any kind, a map or a list", async () => {
  const host = await hostOf(
    `function shown(pairs: string[][] | null): string {
      if (pairs === null) return "none";
      const list: string[] = [];
      for (let i = 0; i < pairs.length; i++) list.push(pairs[i].join("="));
      return list.join(",");
    }
    export function onConfigure(): void {
      log.info(properties.node.id! + " " + properties.node.cluster! + " " + shown(properties.node.metadata));
    }
    export function onRequest(request: Request): void {
      const path = request.headers.get("path")!;
      request.headers.set("float", properties.getFloat(path).toString() + " " + properties.getFloat(path, -1).toString());
      request.headers.set("pairs", shown(properties.getPairs(path)));
      request.headers.set("all", shown(properties.request.headers));
    }
    export function onResponse(response: Response): void {
      response.headers.set("all", shown(properties.response.headers));
      response.headers.set("trailers", shown(properties.response.trailers));
    }`,
    {
      properties: {
        "xds.node": { id: "a", cluster: "b", metadata: { NAME: "c" } },
        "metadata.filter_metadata": { "com.acme": { share: 2.5, names: ["x", "y"], tiers: { gold: "1" } } },
        // A pair that says more than there is, and bytes behind the last one.
        short: Uint8Array.of(1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 97, 0, 0),
        long: Uint8Array.of(0, 0, 0, 0, 1),
        many: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0),
      },
    },
  );
  expect(host.logs.map(({ message }) => message)).toEqual(["a b NAME=c"]);
  const ask = (path: string): string => {
    const { requestHeaders } = host.request({ headers: [["path", path]] });
    return ["float", "pairs"].map((name) => requestHeaders.find(([each]) => each === name)?.[1]).join("; ");
  };
  const acme = "metadata.filter_metadata['com.acme']";
  expect(ask(`${acme}.share`)).toBe("2.5 2.5; none");
  expect(ask(`${acme}.names`)).toBe("NaN -1.0; x=,y=");
  expect(ask(`${acme}.tiers`)).toBe("NaN -1.0; gold=1");
  expect(ask(`${acme}.tiers.gold`)).toBe("NaN -1.0; none");
  for (const path of ["none", "short", "long", "many"]) expect(ask(path)).toMatch(/; none$/);
  const { requestHeaders, response } = host.exchange({
    headers: [["path", "none"]],
    response: { headers: [["x", "1"]], trailers: [["t", "2"]] },
  });
  expect(requestHeaders).toContainEqual(["all", "path=none,float=NaN -1.0,pairs=none"]);
  expect(response?.headers).toContainEqual(["all", ":status=200,x=1"]);
});

test("a part of a property's path that has points is in brackets", async () => {
  const host = await hostOf(`export function onRequest(request: Request): Flow {
    const value = properties.get(request.headers.get("path")!);
    request.headers.set("value", value === null ? "none" : value);
    setProperty("team.tier", "gold");
    request.headers.set("tier", properties.get("['team.tier']")!);
    return Flow.Continue;
  }`);
  const ask = (path: string, properties: Record<string, string>): string | undefined =>
    host
      .request({ headers: [["path", path]], properties })
      .requestHeaders.find(([name]) => name === "value")?.[1];
  const claim = "metadata.filter_metadata['envoy.filters.http.jwt_authn'].user";
  expect(ask(claim, { [claim]: "joe" })).toBe("joe");
  expect(ask(claim, { 'metadata["filter_metadata"]["envoy.filters.http.jwt_authn"]["user"]': "joe" })).toBe(
    "joe",
  );
  expect(ask(claim, { "metadata.filter_metadata.envoy.filters.http.jwt_authn.user": "joe" })).toBe("none");
  const { requestHeaders, filterState } = host.request({ headers: [["path", "request.headers['path']"]] });
  expect(requestHeaders).toContainEqual(["value", "request.headers['path']"]);
  expect(requestHeaders).toContainEqual(["tier", "gold"]);
  expect(filterState.get("wasm.team.tier")).toBe("gold");
  // Whatever is written, the filter and the host read it alike.
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom("a", "b", ".", "[", "]", "'", '"', "['", "']"), {
          minLength: 1,
          maxLength: 12,
        })
        .map((all) => all.join("")),
      (path) => {
        fc.pre(propertyKey(path) !== "" && !propertyKey(path).endsWith("\0"));
        expect(ask(path, { [path]: "yes" })).toBe("yes");
      },
    ),
    { numRuns: 300 },
  );
});

test("the end of a body is its last piece, or the trailers behind it", async () => {
  const host = await hostOf(
    `function seen(request: Request): void { request.headers.set("x-size", request.body.size.toString() + request.body.text()!); }
  export function onRequest(request: Request, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    if (!last) return Flow.Pause;
    seen(request);
    return Flow.Continue;
  }
  export function onRequestTrailers(request: Request): void { seen(request); }`,
    { allowOnHeadersStopIteration: true },
  );
  for (const trailers of [undefined, [["t", "1"]] as const]) {
    const { requestHeaders, requestBody } = host.exchange({
      body: ["ab", "cd"],
      ...(trailers === undefined ? {} : { trailers }),
    });
    expect([requestHeaders, requestBody]).toEqual([[["x-size", "4abcd"]], "abcd"]);
  }
});

test("a connection's data is read, and a connection closed", async () => {
  const host =
    await hostOf(`export function onConnection(connection: Connection): Flow { return Flow.Continue; }
  export function onData(connection: Connection, size: u32, last: bool): Flow { log.info(connection.data.size.toString()); connection.close(); return Flow.Continue; }`);
  const connection = host.connect({ address: "10.0.0.1" });
  connection.receive(3);
  expect(host.failure).toBeNull();
  expect(connection.isOpen).toBe(false);
});

test("what a server sends and the filter holds comes again with more, and nothing goes on of what it closes at", async () => {
  const host = await hostOf(`export function onUpstreamData(connection: Connection, size: u32): Flow {
    if (connection.upstreamData.text() == "hello, bad") connection.close();
    return size < 5 ? Flow.Pause : Flow.Continue;
  }`);
  const connection = host.connect({ address: "10.0.0.1" });
  expect([connection.send("hel"), connection.send("lo")]).toEqual([false, true]);
  expect(Buffer.from(connection.sent).toString()).toBe("hello");
  const other = host.connect({ address: "10.0.0.1" });
  expect([other.send("hello, bad"), other.isOpen, other.sent.length]).toEqual([false, false, 0]);
});

test("a connection says who has opened it", async () => {
  const host = await hostOf(`export function onConnection(connection: Connection): void {
    const caller = connection.caller;
    if (caller === null || caller != "10.0.0.1") connection.close();
  }`);
  expect(["10.0.0.1", "10.0.0.11", "[::1]"].map((address) => host.connect({ address }).isOpen)).toEqual([
    true,
    false,
    false,
  ]);
});

test("a response opens a stream of gRPC as the request that it answers", async () => {
  const host =
    await hostOf(`function heard(stream: GrpcStream): void { log.info("heard " + stream.request.id.toString()); }
  export function onResponse(response: Response): void {
    response.request.grpcStream({ cluster: "a", service: "s", method: "m" }, { onMessage: heard })!.send(toBytes("x"));
  }`);
  host.onGrpc("a", (call) => {
    if (call.messages.length > 0 && !call.isAnswered) call.send("y");
  });
  const stream = host.open({});
  stream.respond({ isUnfinished: true });
  expect(stream.result().logs.map(({ message }) => message)).toEqual([expect.stringMatching(/^heard \d+$/)]);
  stream.end();
  expect(host.failure).toBeNull();
});

test("a counter does not go down, nor up by what a negative number is without its sign", async () => {
  const host = await hostOf(`const hits = new Counter("hits");
  export function onRequest(request: Request): void {
    hits.increment(3);
    const fewer: i32 = -1;
    request.headers.set("x-status", (hits.increment(-1) == Status.BadArgument && hits.increment(fewer) == Status.BadArgument).toString());
  }`);
  expect(host.request({}).requestHeaders).toEqual([["x-status", "true"]]);
  expect(host.metrics.get("hits")).toBe(3);
});

test("a view of a body is its bytes, without a copy, where it is at hand", async () => {
  const host = await hostOf(`function sum(view: Bytes): string {
    if (view == MISSING) return "missing";
    let sum = 0;
    for (let i: usize = 0; i < lengthOf(view); i++) sum += load<u8>(pointerOf(view) + i);
    return sum.toString();
  }
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    if (!last) return Flow.Pause;
    log.info(sum(request.body.view()) + " " + sum(request.body.view(1)) + " " + sum(request.body.view(9)));
    return Flow.Continue;
  }`);
  const { logs } = host.request({ body: [Uint8Array.of(1, 2), Uint8Array.of(255)] });
  expect(logs.map(({ message }) => message)).toEqual(["258 257 0"]);
});

test("what callbacks make beside kept objects goes, and takes no more memory", async () => {
  const host = await hostOf(
    `class Entry { constructor(public user: string) {} }
  const cache = new Map<string, Entry>();
  export function onRequest(request: Request): Flow {
    const path = request.headers.get(":path")!;
    if (!cache.has(path)) cache.set(path, new Entry("user of " + path));
    const all: string[] = [];
    for (let n = 0; n < 200; n++) all.push(path + "?" + n.toString());
    request.headers.set("x-user", cache.get(path).user + all.length.toString());
    return Flow.Continue;
  }`,
    {},
    "minimal",
  );
  const ask = (n: number) => host.request({ headers: [[":path", `/${n % 2000}`]] }).requestHeaders;
  for (let n = 0; n < 3000; n++) ask(n);
  const before = host.memoryPages;
  for (let n = 0; n < 3000; n++) ask(n);
  expect(ask(7)).toContainEqual(["x-user", "user of /7200"]);
  expect([host.memoryPages, host.failure]).toEqual([before, null]);
});

test("a body that is written has no length, whether its headers go on before it or are held, and whoever takes that away", async () => {
  const code = (remove: string, pause: string): string => `
    export function onRequest(request: Request): Flow { ${remove.replaceAll("SIDE", "request")} return Flow.${pause}; }
    export function onRequestBody(request: Request, size: u32, last: bool): Flow { return body(request.body, last); }
    export function onResponse(response: Response): Flow { ${remove.replaceAll("SIDE", "response")} return Flow.${pause}; }
    export function onResponseBody(response: Response, size: u32, last: bool): Flow { return body(response.body, last); }
    function body(body: Body, last: bool): Flow {
      if (!last) return Flow.Pause;
      body.append("more");
      return Flow.Continue;
    }`;
  const length = [["content-length", "4"]] as const;
  const played = async (remove: string, pause: string): Promise<readonly unknown[]> => {
    const host = await hostOf(code(remove, pause), { allowOnHeadersStopIteration: true });
    const { response, requestHeaders, requestBody } = host.exchange({
      headers: length,
      body: "abcd",
      response: { headers: length, body: "1234" },
    });
    expect(host.failure).toBeNull();
    return [requestHeaders, requestBody, response?.status, response?.body];
  };
  for (const [remove, pause] of [
    ["", "Continue"],
    ["", "Pause"],
    ['SIDE.headers.remove("content-length");', "Continue"],
  ] as const)
    expect(await played(remove, pause)).toEqual([[], "abcdmore", 200, "1234more"]);
});

test("a body that comes after its headers were let go by an answer has no length either", async () => {
  const host = await hostOf(
    `export function onRequest(request: Request): Flow { request.fetch({ cluster: "auth" }, checked); return Flow.Pause; }
    function checked(request: Request, answer: Answer): void { request.resume(); }
    export function onRequestBody(request: Request, size: u32, last: bool): Flow { if (last) request.body.append("more"); return Flow.Continue; }`,
    { allowOnHeadersStopIteration: true },
  );
  host.onFetch("auth");
  const stream = host.open({ headers: [["content-length", "4"]], isUnfinished: true });
  expect(stream.result().action).toBe("stop");
  host.fetches[0]?.answer({});
  expect(stream.result()).toMatchObject({ action: "continue", requestHeaders: [], requestBody: "" });
  stream.send({ body: ["ab", "cd"] });
  expect(stream.result().requestBody).toBe("abcdmore");
  stream.end();
});

test("a call of the plugin's own outlasts the stream in whose callback it was made, and ends with the plugin", async () => {
  const host = await hostOf(`import { grpc } from "proxy-wasm-as";
    function said(answer: Answer): void { log.info(\`answered \${answer.tag}\`); }
    function called(answer: GrpcAnswer): void { log.info(\`called \${answer.tag}\`); }
    function forStream(request: Request, answer: Answer): void { log.info("of the stream"); }
    export function onRequest(request: Request): void {
      fetch({ cluster: "audit" }, said, 1);
      grpc({ cluster: "policy", service: "a", method: "b" }, called, 2);
      request.fetch({ cluster: "audit" }, forStream);
    }
    export function onLog(stream: Stream): void { fetch({ cluster: "audit" }, said, 3); }
    export function onDelete(stream: Stream): void { fetch({ cluster: "audit" }, said, 4); }`);
  host.onFetch("audit");
  host.onGrpc("policy", () => undefined);
  for (let turn = 0; turn < 3; turn++) {
    const from = host.logs.length;
    host.exchange({});
    for (const call of host.grpcCalls) call.send("");
    for (const each of host.fetches) each.answer({});
    expect(host.logs.slice(from).map(({ message }) => message)).toEqual([
      "called 2",
      "answered 1",
      "answered 3",
      "answered 4",
    ]);
  }
  // So many that the table has room for no more, were they kept.
  for (let turn = 0; turn < 30; turn++) {
    for (let request = 0; request < 50; request++) host.exchange({});
    host.configure(`${turn}`);
  }
  const from = host.logs.length;
  host.exchange({});
  for (const each of [...host.fetches]) each.answer({});
  expect(host.logs.slice(from).map(({ message }) => message)).toEqual([
    "answered 1",
    "answered 3",
    "answered 4",
  ]);
  expect(host.failure).toBeNull();
});

test("the end of a stream does not look through the calls of all others", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `import { Answer, Flow, Request } from "proxy-wasm-as";
function answered(request: Request, answer: Answer): void { request.resume(); }
export function onRequest(request: Request): Flow {
  for (let n: u32 = request.headers.entries().length + 1; n < 3; n += n) request.fetch({ cluster: "auth", path: "/" }, answered);
  return Flow.Pause;
}`,
    },
    budget: 26_000,
  });
  expect(problems).toEqual([]);
  const host = createHost(bytes);
  host.onFetch("auth");
  const headers = [["a", "1"]] as const;
  const streams = Array.from({ length: 650 }, () => host.open({ headers }));
  for (const stream of streams) stream.end();
  expect([host.failure, host.fetches.length]).toEqual([null, 650]);
});

test("what the fields of a call say, its headers do not", async () => {
  const host = await hostOf(`function answered(request: Request, answer: Answer): void {}
  export function onRequest(request: Request): void {
    const name = request.headers.get("x-name")!;
    log.info(\`\${<i32>request.fetch({ cluster: "auth", path: "/a", headers: [["x-a", "1"], [name, "b"]] }, answered)}\`);
  }`);
  host.onFetch("auth");
  const ask = (name: string): readonly string[] =>
    host.request({ headers: [["x-name", name]] }).logs.map(({ message }) => message);
  for (const name of [":path", ":method", ":authority", ":Path", "Host"])
    expect(ask(name), name).toEqual(["2"]);
  expect(ask("hosts")).toEqual(["0"]);
});

test("what is called while a body is made larger than the limit leaves the callback that writes it as it was", async () => {
  const filter = `
let told = "";
export function onResponse(response: Response): void { told = "response ".concat(response.status.toString()); log.info(told); }
export function onResponseBody(response: Response, size: u32, last: bool): Flow {
  if (size > 5) return Flow.Continue;
  if (!last) return Flow.Pause;
  response.fetch({ cluster: "more", path: "/" }, got);
  return Flow.Pause;
}
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  request.fetch({ cluster: "more", path: "/" }, asked);
  return Flow.Pause;
}
export function onLog(stream: Stream): void { log.info("log ".concat("z".repeat(9).toUpperCase())); }
function got(response: Response, answer: Answer): void {
  const before = "before ".concat(answer.status.toString());
  const given = response.body.append(answer.body.text()!);
  const after = "after ".concat(answer.tag.toString());
  log.info(before + " " + after + " " + given.toString() + " " + response.resume().toString() + " " + response.reply(500).toString());
}
function asked(request: Request, answer: Answer): void {
  const before = "before ".concat(answer.status.toString());
  const given = request.body.append(answer.body.text()!);
  const after = "after ".concat(answer.tag.toString());
  log.info(before + " " + after + " " + given.toString() + " " + request.resume().toString() + " " + request.reply(500).toString());
}`;
  // Kept in a variable, texts are for the runtime that keeps objects.
  for (const runtime of ["arena", "minimal"] as const) {
    const code =
      runtime === "arena" ? filter.replace('let told = "";', "").replace("told =", "const told =") : filter;
    const host = await hostOf(code, { bufferLimit: 8 }, runtime);
    host.onFetch("more", () => ({ body: "more and more" }));
    const said = (request: HostExchange): readonly string[] =>
      host.exchange(request).logs.map(({ message }) => message);
    const after = "before 200 after 0 2 2 2";
    expect(said({ response: { body: ["abc", "de"] } }), runtime).toEqual([
      "response 200",
      "log ZZZZZZZZZ",
      after,
    ]);
    expect(host.failure).toBeNull();
    const stream = host.open({ body: ["abc"], isUnfinished: true });
    stream.send({ body: ["de"] });
    const { response, logs } = stream.result();
    expect(response?.status).toBe(413);
    expect(logs.map(({ message }) => message)).toEqual(["response 413", "log ZZZZZZZZZ", after]);
    expect(host.failure).toBeNull();
  }
});

test("a request whose body is made larger than the limit is over whoever has answered it", async () => {
  const host = await hostOf(
    `
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (last) request.fetch({ cluster: "more", path: "/" }, got);
  return Flow.Pause;
}
export function onResponse(response: Response): void { if (response.status == 413) response.reply(413, "sorry"); }
function got(request: Request, answer: Answer): void {
  const given = request.body.append(answer.body.text()!);
  log.info(given.toString() + " " + request.resume().toString() + " " + request.reply(500).toString());
}`,
    { bufferLimit: 8 },
  );
  host.onFetch("more", () => ({ body: "more and more" }));
  const stream = host.open({ body: ["abc"], isUnfinished: true });
  stream.send({ body: ["de"] });
  const { response, logs } = stream.result();
  expect(response).toMatchObject({ status: 413, body: "sorry" });
  expect(logs.map(({ message }) => message)).toEqual(["2 2 2"]);
});

test("a request that was let go before its body is made larger than the limit does not go on", async () => {
  const host = await hostOf(
    `
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (last) request.fetch({ cluster: "more", path: "/" }, got);
  return Flow.Pause;
}
function got(request: Request, answer: Answer): void {
  const more = answer.body.text()!;
  log.info(request.resume().toString() + " " + request.body.append(more).toString());
  if (more == "denied") request.reply(403);
}
export function onLog(stream: Stream): void {}`,
    { bufferLimit: 11 },
  );
  const ask = (more: string) => {
    host.onFetch("more", () => ({ body: more }));
    const stream = host.open({ body: ["abc"], isUnfinished: true });
    stream.send({ body: ["de"] });
    return stream.result();
  };
  const outgrown = ask("more and more");
  expect(outgrown.response?.status).toBe(413);
  expect(outgrown.logs.map(({ message }) => message)).toEqual(["0 2"]);
  expect(outgrown.callCounts["continue_stream"] ?? 0).toBe(0);
  const grown = ask("f");
  expect(grown).toMatchObject({
    action: "continue",
    requestBody: "abcdef",
    callCounts: { continue_stream: 1 },
  });
  expect(grown.logs.map(({ message }) => message)).toEqual(["0 0"]);
  // Who is answered after that is let go before.
  const calls = ask("denied").calls;
  expect(calls.indexOf("continue_stream")).toBeLessThan(calls.indexOf("send_local_response"));
  expect(calls.filter((name) => name === "continue_stream")).toHaveLength(1);
  expect(host.failure).toBeNull();
});

test("trailers that a callback lets go, and that go on by what it returns, go on once", async () => {
  for (const writes of ["", 'if (request.headers.has("x-write")) request.body.append("!");']) {
    const host = await hostOf(
      `
export function onRequest(request: Request, last: bool): Flow {
  return last ? Flow.Continue : Flow.Pause;
}
export function onRequestBody(request: Request, size: u32, last: bool): Flow { return Flow.Pause; }
export function onRequestTrailers(request: Request): Flow {
  ${writes}
  log.info(request.resume().toString());
  if (request.headers.has("x-denied")) request.reply(403);
  return request.headers.has("x-paused") ? Flow.Pause : Flow.Continue;
}
export function onLog(stream: Stream): void {}`,
      { allowOnHeadersStopIteration: true },
    );
    const sent = (...names: readonly string[]) =>
      host.exchange({ headers: names.map((name) => [name, "1"]), body: ["a"], trailers: [["t", "1"]] });
    for (const names of [[], ["x-paused"], ["x-write"], ["x-write", "x-paused"]] as const) {
      const { callCounts, requestBody, requestTrailers, logs } = sent(...names);
      expect(callCounts["continue_stream"]).toBeUndefined();
      expect(requestBody).toBe(writes !== "" && names[0] === "x-write" ? "a!" : "a");
      expect(requestTrailers).toEqual([["t", "1"]]);
      expect(logs.map(({ message }) => message)).toEqual(["0"]);
    }
    expect(sent("x-denied").response?.status).toBe(403);
    expect(host.failure).toBeNull();
  }
});

test("what a callback of a request lets go, and what goes on by what it returns, goes on once", async () => {
  const host = await hostOf(
    `
export function onRequest(request: Request, last: bool): Flow {
  if (request.headers.has("x-headers")) request.resume();
  return request.headers.has("x-paused") ? Flow.Pause : Flow.Continue;
}
export function onRequestBody(request: Request, size: u32, last: bool): void {
  if (request.headers.has("x-body")) request.resume();
}`,
    { allowOnHeadersStopIteration: true },
  );
  for (const names of [["x-headers"], ["x-headers", "x-paused"], ["x-paused", "x-body"]] as const)
    for (const body of [[], ["a"]]) {
      const { callCounts, action } = host.request({ headers: names.map((name) => [name, "1"]), body });
      expect(callCounts["continue_stream"]).toBeUndefined();
      expect(action).toBe(names[1] === "x-body" && body.length === 0 ? "stop" : "continue");
    }
  expect(host.failure).toBeNull();
});

test("a request that was let go goes on once, however often it is let go, until it is paused again", async () => {
  const host = await hostOf(
    `
function answered(request: Request, answer: Answer): void { log.info(request.resume().toString()); }
function asks(request: Request): void { request.fetch({ cluster: "auth" }, answered); }
export function onRequest(request: Request, last: bool): Flow {
  if (!request.headers.has("x-asks")) return Flow.Continue;
  asks(request);
  asks(request);
  return Flow.Pause;
}
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (last || size != 2) return Flow.Continue;
  asks(request);
  asks(request);
  if (request.body.text() == "aa") request.resume();
  return Flow.Pause;
}
export function onRequestTrailers(request: Request): Flow {
  const first = request.trailers.get("t")!;
  if (first == "none") return Flow.Continue;
  asks(request);
  if (first == "paused") {
    asks(request);
    return Flow.Pause;
  }
  return Flow.Continue;
}
export function onLog(stream: Stream): void {}`,
    { allowOnHeadersStopIteration: true },
  );
  host.onFetch("auth");
  const times = (asks: boolean, body: string, trailer: string): readonly number[] => {
    const stream = host.open({
      headers: [[":method", "POST"], ...(asks ? [["x-asks", "1"] as const] : [])],
      isUnfinished: true,
    });
    let from = 0;
    const answerAll = (): number => {
      const before = stream.result().callCounts["continue_stream"] ?? 0;
      for (const fetch of host.fetches.slice(from)) fetch.answer({});
      from = host.fetches.length;
      return (stream.result().callCounts["continue_stream"] ?? 0) - before;
    };
    from = host.fetches.length - (asks ? 2 : 0);
    const counts = [answerAll()];
    stream.send({ body: [body], isUnfinished: true });
    counts.push(answerAll());
    stream.send({ trailers: [["t", trailer]] });
    counts.push(answerAll());
    expect(stream.result()).toMatchObject({ requestBody: body, action: "continue" });
    stream.respond({});
    expect(stream.result().response?.status).toBe(200);
    expect(new Set(stream.result().logs.map(({ message }) => message))).toEqual(new Set(["0"]));
    stream.end();
    return counts;
  };
  expect(times(true, "b", "none")).toEqual([1, 0, 0]);
  expect(times(true, "bb", "none")).toEqual([1, 1, 0]);
  expect(times(true, "aa", "none")).toEqual([1, 0, 0]);
  expect(times(false, "bb", "paused")).toEqual([0, 1, 1]);
  expect(times(true, "b", "paused")).toEqual([1, 0, 1]);
  expect(times(true, "b", "goes on")).toEqual([1, 0, 0]);
  expect(host.failure).toBeNull();
});

test("a request that is let go in the callback for its headers goes on with its body, though that pauses", async () => {
  for (const code of [
    'if (request.fetch({ cluster: "unknown" }, answered) != Status.Ok) request.resume();',
    'if (request.headers.get("x-user") === null) request.resume();',
  ]) {
    const answered = "function answered(request: Request, answer: Answer): void { request.resume(); }";
    const host = await hostOf(`${code.includes("answered") ? answered : ""}
export function onRequest(request: Request): Flow {
  ${code}
  return Flow.Pause;
}`);
    expect(host.request({}).action).toBe("continue");
    expect(host.request({ body: ["a", "b"], trailers: [["t", "1"]] })).toMatchObject({
      ...{ action: "continue", requestBody: "ab", requestTrailers: [["t", "1"]] },
    });
    const stream = host.open({ headers: [[":method", "POST"]], isUnfinished: true });
    stream.send({ body: "ab" });
    expect(stream.result()).toMatchObject({ action: "continue", requestBody: "ab" });
    expect(host.failure).toBeNull();
  }
});

test("a body and trailers that are let go in their own callback go on, though that pauses, and the host is not called", async () => {
  const asks = `if (request.fetch({ cluster: "unknown" }, answered) != Status.Ok) request.resume();
  return Flow.Pause;`;
  const host = await hostOf(
    `function answered(request: Request, answer: Answer): void { request.resume(); }
export function onRequest(request: Request, last: bool): Flow { return request.headers.has("x-held") ? Flow.Pause : Flow.Continue; }
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  ${asks}
}
export function onRequestTrailers(request: Request): Flow {
  ${asks}
}`,
    { allowOnHeadersStopIteration: true },
  );
  for (const headers of [[], [["x-held", "1"]]] as const)
    for (const body of [["a"], ["a", "b"], ["a", ""], [""]])
      for (const trailers of [undefined, [["t", "1"]]] as const) {
        const ended = trailers === undefined ? {} : { trailers };
        const { action, requestBody, requestTrailers, callCounts } = host.request({
          headers,
          body,
          ...ended,
        });
        expect([action, requestBody, requestTrailers]).toEqual(["continue", body.join(""), trailers ?? []]);
        expect(callCounts["continue_stream"]).toBeUndefined();
      }
  expect(host.failure).toBeNull();
});

test("a request of which nothing waits is not let go, and its trailers wait with what does", async () => {
  const play = async (waits: boolean, code: string): Promise<readonly (string | number | undefined)[]> => {
    const host = await hostOf(
      `function answered(request: Request, answer: Answer): void { log.info(request.resume().toString()); }
export function onRequest(request: Request): Flow {
  request.fetch({ cluster: "auth" }, answered);
  return request.headers.has("x-waits") ? Flow.Pause : Flow.Continue;
}
${code}`,
      { allowOnHeadersStopIteration: true },
    );
    host.onFetch("auth");
    // One that waits says nothing about another.
    host.open({ headers: [["x-waits", "1"]], body: "a" });
    const stream = host.open({
      headers: [[":method", "POST"], ...(waits ? [["x-waits", "1"] as const] : [])],
      body: "a",
      trailers: [["t", "1"]],
    });
    const before = stream.result().action;
    for (const fetch of host.fetches) fetch.answer({});
    stream.respond({});
    const { action, callCounts, logs, requestBody, response } = stream.result();
    expect([host.failure, logs.map(({ message }) => message)]).toEqual([null, ["0"]]);
    expect([requestBody, response?.status]).toEqual(["a", 200]);
    return [before, action, callCounts["continue_stream"] ?? 0];
  };
  const holding = "export function onRequestBody(request: Request): Flow { return Flow.Pause; }";
  const looking = "export function onRequestBody(request: Request): void {}";
  const passing = "export function onRequestBody(request: Request): Flow { return Flow.Continue; }";
  const leaving =
    "export function onRequestTrailers(request: Request): Flow { request.resume(); return Flow.Pause; }";
  const leavingBody =
    "export function onRequestBody(request: Request): Flow { request.resume(); return Flow.Pause; }";
  expect(await play(false, "")).toEqual(["continue", "continue", 0]);
  expect(await play(true, "")).toEqual(["stop", "continue", 1]);
  // What a piece takes with it waits no longer.
  expect(await play(true, looking)).toEqual(["continue", "continue", 0]);
  expect(await play(true, passing)).toEqual(["continue", "continue", 0]);
  // Nor does what is let go while it is looked at, and paused. Let go by the host, it would come again where it comes in the midst of what was let go before, and so on until
  // the stack ends.
  expect(await play(false, leaving)).toEqual(["continue", "continue", 0]);
  expect(await play(true, leaving)).toEqual(["stop", "continue", 1]);
  for (const waits of [true, false])
    expect(await play(waits, leavingBody)).toEqual(["continue", "continue", 0]);
  for (const waits of [true, false]) expect(await play(waits, holding)).toEqual(["stop", "continue", 1]);
});

test("what is written where a body ends arrives, though nothing reads on what was paused and let go before", async () => {
  const host = await hostOf(unreadFilter, {}, "minimal");
  host.onFetch("service", () => ({}));
  const more = { body: "cd", isUnfinished: true } as const;
  const ends = [
    [[{}], ""],
    [[{ body: "cd" }], "cd"],
    [[{ trailers: [["t", "1"]] }], ""],
    // Behind a piece that goes on, what is written is read again.
    [[more, {}], "cd"],
  ] as const;
  for (const [end, rest] of ends)
    for (const [back, restBack] of ends) {
      const stream = host.open({ headers: [[":method", "POST"]], body: "ab", isUnfinished: true });
      for (const piece of end) stream.send(piece);
      stream.respond({ body: "12", isUnfinished: true });
      for (const piece of back) stream.respondMore(piece);
      stream.end();
      expect(stream.result()).toMatchObject({ requestBody: `ab${rest}!`, action: "continue" });
      expect(stream.result().response?.body).toBe(`12${restBack}?`);
      const lines = stream.result().logs.map(({ message }) => message);
      expect(lines).toContain("request let go 0");
      expect(lines).toContain("response let go 0");
      expect(lines.filter((line) => !line.endsWith(" 0"))).toEqual([]);
    }
  expect(host.failure).toBeNull();
});

test("what is written where a body ends waits with it, and goes nowhere when that is answered", async () => {
  const host = await hostOf(
    `class Seen { last: u32 = 0; }
const seen = new PerStream<Seen>();
function letGo(request: Request, answer: Answer): void { request.resume(); }
function wait(request: Request): Flow {
  request.fetch({ cluster: "service" }, letGo);
  return Flow.Pause;
}
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  const state = seen.of(request);
  if (!last) {
    state.last = <u32>request.body.text()!.charCodeAt(0);
    return wait(request);
  }
  log.info(request.body.append("!").toString());
  if (state.last == 119) return wait(request);
  if (state.last == 97) request.reply(403, "no");
  if (state.last == 114) request.reset();
  return Flow.Continue;
}`,
    {},
    "minimal",
  );
  host.onFetch("service");
  const answer = (): void => {
    for (const fetch of host.fetches) fetch.answer({});
  };
  for (const [how, before, after, times] of [
    ["go on", "firstgo on!", "firstgo on!", 3],
    ["wait", "firstwait", "firstwait!", 3],
    ["answer", "firstanswer", "firstanswer", 2],
    ["reset", "firstreset", "firstreset", 2],
  ] as const) {
    const stream = host.open({ headers: [[":method", "POST"]], isUnfinished: true });
    // Each piece is paused and let go, not only the first.
    for (const body of ["first", how]) {
      stream.send({ body, isUnfinished: true });
      answer();
    }
    stream.send({});
    expect(stream.result().requestBody).toBe(before);
    answer();
    const { requestBody, callCounts, logs } = stream.result();
    expect([requestBody, callCounts["continue_stream"]]).toEqual([after, times]);
    expect(logs.map(({ message }) => message)).toEqual(["0"]);
    stream.end();
  }
  expect(host.failure).toBeNull();
});

test("what is kept for who writes a body is there when it has written, whoever was called and has gone meanwhile", async () => {
  const filter = `import { log, PerStream, Request, Stream } from "proxy-wasm-as";
class Params { name: string = ""; }
export const params = new Params();
class Seen { count: i32 = 0; }
const seen = new PerStream<Seen>();
export function onRequestBody(request: Request): void {
  const before = params.name + (++seen.of(request).count).toString();
  request.body.append("more");
  log.info(before + " " + params.name + (++seen.of(request).count).toString());
}
export function onLog(stream: Stream): void { log.info("log " + params.name); }`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": filter } });
  expect(problems).toEqual([]);
  // Two plugins in the chain of one stream, by hand: the host has streams of one.
  const [first, second] = [11, 12];
  let configuration = "";
  const said: string[] = [];
  const functions: Record<string, (...args: number[]) => number> = {
    proxy_get_buffer_bytes(_kind, _start, _most, pointer = 0, size = 0) {
      const text = new TextEncoder().encode(configuration);
      const at = call("proxy_on_memory_allocate", text.length);
      new Uint8Array(memory().buffer).set(text, at);
      new Uint32Array(memory().buffer, pointer, 1)[0] = at;
      new Uint32Array(memory().buffer, size, 1)[0] = text.length;
      return 0;
    },
    proxy_get_property: () => 1,
    proxy_set_buffer_bytes() {
      for (const stream of [first, second]) call("proxy_on_log", stream);
      for (const stream of [first, second]) call("proxy_on_delete", stream);
      return 0;
    },
    proxy_log(_level, at = 0, size = 0) {
      said.push(new TextDecoder().decode(new Uint8Array(memory().buffer, at, size)));
      return 0;
    },
  };
  const module = await WebAssembly.compile(new Uint8Array(bytes));
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [name, functions[name] ?? (() => 0)]);
  const { exports } = await WebAssembly.instantiate(module, { env: Object.fromEntries(imports) });
  const memory = () => exports["memory"] as WebAssembly.Memory;
  const call = (name: string, ...args: number[]): number =>
    (exports[name] as (...args: number[]) => number)(...args);
  call("_initialize");
  for (const [root, stream, name] of [
    [1, first, "one"],
    [2, second, "two"],
  ] as const) {
    call("proxy_on_context_create", root, 0);
    configuration = JSON.stringify({ name });
    expect(call("proxy_on_configure", root, configuration.length)).toBe(1);
    call("proxy_on_context_create", stream, root);
  }
  call("proxy_on_request_body", first, 4, 1);
  // And then nothing is left of it.
  call("proxy_on_log", first);
  expect(said).toEqual(["log one", "log two", "one1 one2", "log "]);
});
