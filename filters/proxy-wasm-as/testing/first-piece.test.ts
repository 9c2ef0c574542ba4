import { expect, test } from "vitest";
import { hostOf } from "./filter.test-helper.ts";

// What goes on by the first piece of a body whose headers wait, and that has waited in front, which it does once the callback is over: the filter sees each piece as if it had gone at once.

const looking = `
export function onRequest(request: Request, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  const body = request.body;
  const text = body.text();
  if (text === null) return Flow.Continue;
  log.info(size.toString() + " " + body.size.toString() + " " + text + (last ? "." : ""));
  if (text.includes("replace")) body.replace("[" + text + "]");
  if (text.includes("append")) body.append("+");
  if (text.includes("prepend")) body.prepend("-");
  if (text.includes("drain")) body.drain(2);
  if (text.includes("answer")) request.reply(403);
  return text.includes("hold") ? Flow.Pause : Flow.Continue;
}`;
const trailing = `
export function onRequestTrailers(request: Request): void {
  log.info("trailers " + request.body.size.toString());
}`;
const options = { allowOnHeadersStopIteration: true };
const trailers = [["t", "1"]] as const;
/** What a request says of which a filter in front has had the body wait: no host plays that one. */
const waited = { "request.total_size": 1_000_000n };

test("it goes on before anything else comes, without being asked for again", async () => {
  for (const code of [looking, looking + trailing]) {
    const host = await hostOf(code, options);
    const stream = host.open({ properties: waited, body: ["abc"], isUnfinished: true });
    expect(stream.result()).toMatchObject({ requestBody: "abc", callCounts: { continue_stream: 1 } });
    stream.send({ body: ["de"], isUnfinished: true });
    expect(stream.result().requestBody).toBe("abcde");
    stream.send({ trailers });
    const { action, requestBody, requestTrailers, callCounts, logs } = stream.result();
    expect({ action, requestBody, requestTrailers }).toEqual({
      action: "continue",
      requestBody: "abcde",
      requestTrailers: trailers,
    });
    expect(callCounts["continue_stream"]).toBe(1);
    expect(logs.map(({ message }) => message).slice(0, 2)).toEqual(["3 3 abc", "2 2 de"]);
    stream.end();
  }
});

test("what comes before that is seen by itself, and takes it along", async () => {
  const host = await hostOf(looking + trailing, options);
  const play = (...body: readonly string[]) => {
    const { requestBody, requestTrailers, callCounts, logs } = host.request({
      properties: waited,
      body,
      trailers,
    });
    expect([requestTrailers, callCounts["continue_stream"] ?? 0]).toEqual([trailers, 0]);
    return [requestBody, ...logs.map(({ message }) => message)];
  };
  expect(play("abc")).toEqual(["abc", "3 3 abc", "trailers 0"]);
  expect(play("abc", "de")).toEqual(["abcde", "3 3 abc", "2 2 de", "trailers 0"]);
  expect(play("replace", "replace")[0]).toBe("[replace][replace]");
  expect(play("append", "append")[0]).toBe("append+append+");
  expect(play("prepend", "prepend")[0]).toBe("-prepend-prepend");
  expect(play("drain", "drain")[0]).toBe("ainain");
  // What is held later has nothing of it either.
  expect(play("abc", "hold")).toEqual(["abchold", "3 3 abc", "4 4 hold", "trailers 4"]);
  expect(play("abc", "hold", "replace")).toEqual([
    "abc[holdreplace]",
    "3 3 abc",
    "4 4 hold",
    "11 11 holdreplace",
    "trailers 13",
  ]);
  expect(play("hold", "replace")[0]).toBe("[holdreplace]");
});

test("what is answered in it, or let go otherwise, does not", async () => {
  const host = await hostOf(
    `${looking}${trailing}
export function onTick(): void { log.info("tick"); }`,
    options,
  );
  const answered = host.request({ properties: waited, body: ["answer", "more"] });
  expect(answered).toMatchObject({ action: "stop", localReply: { status: 403 } });
  expect(answered.callCounts["continue_stream"]).toBeUndefined();
  expect(host.request({ properties: waited, body: "abc" })).toMatchObject({
    action: "continue",
    requestBody: "abc",
  });
  const gone = host.open({ properties: waited, body: ["abc"], isUnfinished: true });
  gone.end();
  expect(host.failure).toBeNull();
});

test("a filter with queues of its own hears of these alone", async () => {
  const host = await hostOf(
    `${looking}
export function onConfigure(): bool {
  const queue = Queue.register("own");
  if (queue !== null) queue.push("item");
  return true;
}
export function onQueue(queue: Queue): void {
  const item = queue.pop();
  log.warn("queue " + (item === null ? "-" : item));
}`,
    options,
  );
  const stream = host.open({ properties: waited, body: ["abc"], isUnfinished: true });
  expect(stream.result().requestBody).toBe("abc");
  expect(host.logs.filter(({ level }) => level === 3).map(({ message }) => message)).toEqual(["queue item"]);
});

test("what has not waited in front goes on at once", async () => {
  const host = await hostOf(looking, options);
  for (const properties of [{}, { "request.total_size": 3n }]) {
    const stream = host.open({ properties, headers: [["x-a", "1"]], body: ["abc"], isUnfinished: true });
    const { requestBody, callCounts } = stream.result();
    expect(requestBody).toBe("abc");
    expect(callCounts["enqueue_shared_queue"]).toBeUndefined();
    stream.end();
  }
  expect(host.request({ body: ["hold", "abc"], trailers }).callCounts["continue_stream"]).toBeUndefined();
  // Of an empty piece that is not known.
  const stream = host.open({ body: [""], isUnfinished: true });
  expect(stream.result().callCounts).toMatchObject({ enqueue_shared_queue: 1, continue_stream: 1 });
  stream.send({ body: "de", trailers });
  expect(stream.result()).toMatchObject({ action: "continue", requestBody: "de", requestTrailers: trailers });
});

test("what was to go on under a configuration that has gone takes no other one's turn", async () => {
  const host = await hostOf(
    `${looking.replace("return last", 'if (request.headers.has("x-ask")) request.fetch({ cluster: "other" }, heard);\n  return last')}
function heard(request: Request, answer: Answer): void { log.info("heard"); }`,
    options,
  );
  const other = host.addPlugin(options);
  host.onFetch("other", () => {
    const stream = host.open({ properties: waited, body: ["abc"], isUnfinished: true });
    stream.end();
    host.configure("another");
    return {};
  });
  other?.open({ headers: [["x-ask", "1"]], isUnfinished: true });
  for (let times = 0; times < 2; times++) {
    const stream = host.open({ properties: waited, body: ["abc"], isUnfinished: true });
    expect(stream.result().requestBody).toBe("abc");
  }
});
