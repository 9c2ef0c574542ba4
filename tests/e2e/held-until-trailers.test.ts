import { expect, test } from "vitest";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { startFilter } from "./one-filter.ts";

// Headers that wait for an answer, and a body that waits for its end, which are trailers here: with and without `allow_on_headers_stop_iteration`.

const waiting = `import { Answer, Flow, log, Request, Response, Status } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  const asked = request.fetch({ cluster: "service", headers: [["x-slow", "300"]] }, checked);
  if (asked != Status.Ok) request.reply(503);
  return Flow.Pause;
}
function checked(request: Request, answer: Answer): void { request.resume(); }
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  log.info("body " + size.toString());
  return last ? Flow.Continue : Flow.Pause;
}
export function onResponse(response: Response): Flow {
  const asked = response.fetch({ cluster: "service", headers: [["x-slow", "300"]] }, passed);
  return asked == Status.Ok ? Flow.Pause : Flow.Continue;
}
function passed(response: Response, answer: Answer): void { response.resume(); }
export function onResponseBody(response: Response, size: u32, last: bool): Flow {
  log.info("answer " + size.toString());
  return last ? Flow.Continue : Flow.Pause;
}
`;
/** What it does at the end of a body that has trailers, and what comes of that. */
const ends = {
  looks: ["", "", "abcd", "1234"],
  writes: ['request.body.append("!");', 'response.body.prepend("!");', "abcd!", "!1234"],
} as const;
const filter = (end: keyof typeof ends): string => `${waiting}
export function onRequestTrailers(request: Request): Flow {
  log.info("trailers " + request.body.size.toString());
  ${ends[end][0]}
  return Flow.Continue;
}
export function onResponseTrailers(response: Response): Flow {
  log.info("its trailers " + response.body.size.toString());
  ${ends[end][1]}
  return Flow.Continue;
}`;

async function built(code: string): Promise<Uint8Array> {
  const { bytes, problems } = await buildFilter({ files: { "filter.ts": code } });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return bytes;
}

const trailed = { body: ["ab", "cd"], trailers: { t: "1" }, headers: { "x-want": "trailers" } } as const;

test.each([
  { end: "looks", stopsAll: true, address: "127.90.14.1" },
  { end: "looks", stopsAll: false, address: "127.90.14.2" },
  { end: "writes", stopsAll: true, address: "127.90.14.3" },
  { end: "writes", stopsAll: false, address: "127.90.14.4" },
] as const)(
  "a body that waits until its trailers is not lost: $end, all stopped by headers: $stopsAll",
  async ({ end, stopsAll, address }) => {
    await using envoy = await startFilter({ bytes: await built(filter(end)), address, stopsAll });
    const [, , got, body] = ends[end];
    const answer = await envoy.send(trailed);
    expect(answer).toMatchObject({ status: 200, headers: { "x-got": got }, body, trailers: { t: "1" } });
    const ofTrailers = envoy.said().filter((line) => line.includes("trailers"));
    expect(ofTrailers).toEqual(["trailers 4", "its trailers 4"]);
    // Without trailers, the connection goes on.
    expect((await envoy.send({ body: ["ab", "cd"] })).headers["x-got"]).toBe("abcd");
  },
);

test("nor where the filter does not look at the trailers of a response", async () => {
  const code = `${waiting}
export function onRequestTrailers(request: Request): void {}`;
  await using envoy = await startFilter({ bytes: await built(code), address: "127.90.14.5", stopsAll: true });
  expect(await envoy.send(trailed)).toMatchObject({
    status: 200,
    headers: { "x-got": "abcd" },
    body: "1234",
    trailers: { t: "1" },
  });
});
