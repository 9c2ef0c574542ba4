import { expect, test } from "vitest";
import { generateFilter } from "../../../controlplane/codegen/generate-filter.ts";
import { rawModule } from "../testing/raw-module.test-helper.ts";
import { assemble } from "./assemble.ts";
import { buildFilter } from "./build-filter.ts";
import { smoke } from "./smoke.ts";

async function filter(body: string): Promise<Uint8Array> {
  const code = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { ${body} }`;
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({ name: "f", code }),
    files: { "policy.ts": code },
    runtime: "minimal",
  });
  expect(stderr).toBe("");
  return bytes;
}

test("code that never comes to an end is given up, and the next one is tried", async () => {
  const endless = await filter("while (true) {}");
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const smoked = await smoke(endless, "f\toutbound\t*\n", { timeoutMs: 1500 });
  clearInterval(timer);
  expect(smoked).toEqual({ kind: "timeout", reason: "it took more than 1500 ms" });
  expect(turns).toBeGreaterThan(20);
  expect(await smoke(await filter(""), "f\toutbound\t*\n")).toEqual({ kind: "tried", reasons: [] });
});

test("a policy is run as its own: by the callee outbound, by the caller's address inbound", async () => {
  const fails = await filter('assert(false, "it ran");');
  for (const configuration of [
    "f\toutbound\tsearch,rate\n",
    "f\toutbound\t*\n",
    "@peer\tsearch\t127.0.0.3,127.0.0.4\nf\tinbound\tsearch\n",
    "@peer\tsearch\t127.0.0.3\nf\tinbound\t!search\n",
    "f\tinbound\t*\n",
  ]) {
    const smoked = await smoke(fails, configuration);
    expect(smoked.kind === "tried" && smoked.reasons.join("\n"), configuration).toContain("it ran");
  }
});

test("a module is run on bodies and on answers too", async () => {
  for (const callback of ["request_body", "response_headers"]) {
    const { bytes = new Uint8Array() } = await assemble(
      rawModule(`export function proxy_on_${callback}(id: u32, size: u32, end: u32): u32 {
  assert(false, "it ran");
  return 0;
}`),
    );
    const smoked = await smoke(bytes, "f\toutbound\t*\n");
    expect(smoked.kind === "tried" && smoked.reasons.join("\n"), callback).toContain("it ran");
  }
});

test("what waits for answers is run on answers of each kind, and what waits for items on an item", async () => {
  const imported = `import { Answer, GrpcAnswer, GrpcStream, Queue, Request, fetch, setTickPeriod } from "proxy-wasm-as";
function fail(): void { assert(false, "it ran"); }
`;
  const asking = (call: string): string => `export function onRequest(request: Request): void { ${call} }`;
  const grpc = '{ cluster: "auth", service: "a", method: "b" }';
  const fetched = (condition: string): string =>
    asking(`request.fetch({ cluster: "auth" }, (request, answer) => { if (${condition}) fail(); });`);
  const streamed = (handler: string): string =>
    `function heard(stream: GrpcStream): void { fail(); }\n${asking(`request.grpcStream(${grpc}, { ${handler}: heard });`)}`;
  const cases = [
    ["answered", fetched("answer.status == 200")],
    ["answered 503", fetched("answer.status == 503")],
    ["fail", fetched("answer.failed")],
    [
      "answered",
      asking(`request.grpc(${grpc}, (request, answer) => { if (answer.message !== null) fail(); });`),
    ],
    ["answered 503", asking(`request.grpc(${grpc}, (request, answer) => { if (answer.failed) fail(); });`)],
    ...["onMetadata", "onMessage", "onTrailingMetadata", "onClose"].map(
      (handler) => ["answered", streamed(handler)] as const,
    ),
    ["answered", 'export function onTick(): void { fetch({ cluster: "auth" }, (answer) => { fail(); }); }'],
    [
      "queue",
      'export function onConfigure(): void { Queue.register("q"); }\nexport function onQueue(queue: Queue): void { if (queue.pop() !== null) fail(); }',
    ],
  ] as const;
  for (const [said, code] of cases) {
    const { problems } = await buildFilter({ files: { "filter.ts": imported + code } });
    expect([code, problems.map(({ message }) => message).join()]).toEqual([
      code,
      expect.stringMatching(new RegExp(`it ran.*\\(tried .*${said}\\)`)),
    ]);
  }
  const again = `function again(request: Request, answer: Answer): void { request.fetch({ cluster: "auth" }, again); }\n${asking('request.fetch({ cluster: "auth" }, again);')}`;
  const back =
    'export function onConfigure(): void { Queue.register("q"); }\nexport function onQueue(queue: Queue): void { const item = queue.pop(); if (item !== null) queue.push(item); }';
  for (const endless of [again, back])
    expect((await buildFilter({ files: { "filter.ts": imported + endless } })).problems).toEqual([]);
});
