import { expect, test } from "vitest";
import { hostOf } from "./filter.test-helper.ts";

const messages = (logs: readonly { readonly message: string }[]): readonly string[] =>
  logs.map(({ message }) => message);

test("what would bring an Envoy down is refused: a response let go before it has begun, and anything that ends a stream that is over", async () => {
  const host = await hostOf(`export function onRequest(request: Request): void {
    log.info(\`request \${<i32>request.response.resume()}\`);
  }
  export function onRequestBody(request: Request): void { log.info(\`body \${<i32>request.response.resume()}\`); }
  export function onResponse(response: Response): void { log.info(\`response \${<i32>response.request.resume()}\`); }
  function end(where: string, stream: Stream): void {
    const request = stream.request, response = stream.response;
    log.info(\`\${where} \${<i32>request.reset()} \${<i32>response.reset()} \${<i32>request.resume()} \${<i32>response.resume()} \${<i32>request.reply(200)}\`);
  }
  export function onLog(stream: Stream): void { end("log", stream); }
  export function onDelete(stream: Stream): void { end("delete", stream); }`);
  const { logs } = host.exchange({ body: "a" });
  expect(host.failure).toBeNull();
  expect(messages(logs)).toEqual(["request 2", "body 2", "response 0", "log 2 2 2 2 2", "delete 2 2 2 2 2"]);
});

test("a response that waits is let go, also one that another filter or the proxy has given", async () => {
  const host =
    await hostOf(`function asked(response: Response, answer: Answer): void { log.info(\`\${<i32>response.resume()}\`); }
  export function onResponse(response: Response): Flow { response.fetch({ cluster: "auth" }, asked); return Flow.Pause; }`);
  host.onFetch("auth", () => ({}));
  const { response, logs } = host.exchange({});
  expect(messages(logs)).toEqual(["0"]);
  expect(response?.status).toBe(200);
});

test("a stream is answered once, whichever others are in between", async () => {
  const host =
    await hostOf(`function asked(request: Request, answer: Answer): void { log.info(\`\${answer.tag}: \${<i32>request.reply(418)}\`); }
  export function onRequest(request: Request): Flow {
    request.fetch({ cluster: "auth" }, asked, 1);
    request.fetch({ cluster: "auth" }, asked, 2);
    return Flow.Pause;
  }`);
  host.onFetch("auth");
  const streams = [host.open({}), host.open({})];
  for (const fetch of [0, 2, 1, 3].map((place) => host.fetches[place])) fetch?.answer({});
  for (const stream of streams) {
    stream.respond({});
    expect(stream.result().response?.status).toBe(418);
    expect(messages(stream.result().logs)).toEqual(["1: 0", "2: 2"]);
    stream.end();
  }
});

test("onDelete is called for streams, not for configurations", async () => {
  for (const more of [
    "",
    "export function onConfigure(): void {}",
    "class Kept { n: i32 = 0 } const kept = new PerStream<Kept>(); export function onRequest(request: Request): void { kept.of(request).n++; }",
    "const kept = new PerPlugin<string>(); export function onConfigure(text: string): void { kept.set(text); }",
  ]) {
    const host = await hostOf(
      `${more}\nconst gone = new Gauge("gone"); export function onDelete(stream: Stream): void { gone.add(1); }`,
      {},
      more.includes("PerPlugin") ? "minimal" : "arena",
    );
    host.exchange({});
    expect(host.metrics.get("gone"), more).toBe(1);
    for (let round = 0; round < 40; round++) host.configure(`${round}`);
    host.exchange({});
    host.stop();
    expect(host.metrics.get("gone"), more).toBe(2);
    expect(host.failure).toBeNull();
  }
});
