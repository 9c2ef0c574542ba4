import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildFilter } from "../build/build-filter.ts";
import { filterModule, hostOf } from "./filter.test-helper.ts";
import { createHost } from "./index.ts";
import { keptCases, keptCode, keptEnd, keptStreamsFilter } from "./kept-streams.test-helper.ts";

let bytes = new Uint8Array();
beforeAll(async () => {
  bytes = Uint8Array.from(await filterModule(keptStreamsFilter, "minimal"));
});

test.each(keptCases)(
  "a stream that is kept is acted on in another's callback, and in none: %s, %s",
  (place, act) => {
    const lines: string[] = [];
    const host = createHost(bytes, {
      allowOnHeadersStopIteration: true,
      onLog: ({ message }) => void lines.push(message),
    });
    host.onFetch("service", () => ({}));
    const sent = [["x-a", "kept"]] as const;
    const kept = host.open({ headers: [["x-keep", "1"], ...sent] });
    kept.respond({});
    const other = (): ReturnType<typeof host.exchange> =>
      host.exchange({
        headers: [["x-act", keptCode(place, act)]],
        ...(place === "body" ? { body: "b" } : {}),
      });
    const { said, isLetGo } = keptEnd(place, act);
    const acting = other();
    host.advance(60_000_000n);
    expect(acting.requestHeaders).toContainEqual(["x-a", "acting after"]);
    expect(acting.response?.headers).toEqual([["x-after", "200"]]);
    const wanted = [
      "kept",
      ...(act === "write" ? ["kept 1 true"] : []),
      `${said} true`,
      ...(act === "fetch" ? ["fetched for kept: 0"] : []),
    ];
    expect(lines).toEqual(wanted);
    const { response, localReply, requestHeaders, action } = kept.result();
    if (act === "reset") expect(response).toBeUndefined();
    else if (act === "reply")
      expect([localReply?.status, action]).toEqual([isLetGo ? 429 : undefined, "stop"]);
    else
      expect([response?.status, requestHeaders[1]]).toEqual([
        200,
        ["x-a", act === "write" ? "written" : "kept"],
      ]);
    kept.end();
    lines.length = 0;
    // It has gone.
    const last = other();
    host.advance(60_000_000n);
    expect(lines).toEqual([...(act === "write" ? ["none 0 true"] : []), "2 false"]);
    expect(last.requestHeaders).toContainEqual(["x-a", "acting after"]);
    expect(host.failure).toBeNull();
  },
);

test("a stream that waits is let go by its number, once, and of one that has gone nothing is kept", async () => {
  const host = await hostOf(
    `class State { n: u32 = 0; }
  const states = new PerStream<State>();
  let id: u32 = 0;
  let kept: Headers | null = null;
  export function onConfigure(): void { setTickPeriod(10); }
  export function onRequest(request: Request): Flow { id = request.id; states.of(request).n = 7; return Flow.Pause; }
  export function onResponse(response: Response): Flow { kept = response.headers; return Flow.Pause; }
  export function onTick(): void {
    const stream = Stream.withId(id);
    if (stream === null) {
      const gone = changetype<Stream>(id);
      states.of(gone).n = 5;
      log.info(\`gone \${states.has(gone)} \${<i32>kept!.add("x-a", "1")} \${gone.response.status} \${gone.request.caller === null}\`);
    } else if (stream.response.status == 0) {
      log.info(\`request \${states.of(stream).n} \${<i32>stream.response.resume()} \${<i32>stream.request.resume()}\`);
    } else {
      log.info(\`response \${<i32>kept!.set("x-late", "yes")} \${<i32>stream.response.resume()} \${<i32>stream.response.reset()} \${<i32>stream.response.resume()}\`);
    }
  }`,
    {},
    "minimal",
  );
  const tick = (): readonly string[] => {
    const before = host.logs.length;
    host.advance(10_000_000n);
    return host.logs.slice(before).map(({ message }) => message);
  };
  const stream = host.open({});
  expect(tick()).toEqual(["request 7 2 0"]);
  stream.respond({});
  expect(tick()).toEqual(["response 0 0 0 2"]);
  stream.end();
  expect(tick()).toEqual(["gone false 2 0 true"]);
  expect(host.failure).toBeNull();
});

test("the README's timer lets go those that wait, and passes over those that have gone", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /lets? it go, one each[^\n]*:\n\n((?: {4}.*\n|\n)+)/.exec(readme) ?? [];
  const { bytes: built, problems } = await buildFilter({
    files: { "filter.ts": example.replaceAll(/^ {4}/gm, "") },
  });
  expect(problems).toEqual([]);
  const host = createHost(built ?? new Uint8Array());
  const streams = Array.from({ length: 101 }, () => host.open({}));
  const last = streams[100]?.result();
  expect(last?.localReply?.status).toBe(429);
  streams[0]?.end();
  const gone = (): number => streams.filter((each) => each.result().action === "continue").length;
  expect(gone()).toBe(0);
  host.advance(10_000_000n);
  expect([gone(), streams[1]?.result().action]).toEqual([1, "continue"]);
  host.advance(20_000_000n);
  expect(gone()).toBe(3);
});
