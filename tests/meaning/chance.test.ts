import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";

const policy = `policy chance ( act (Request request) context ('a -> b') ) {
  [Egress]
  SplitByWeight(request, "b", "v1", 3, "v2", 7);
  Mirror(request, "b", "v2", 10.0);
  InjectDelay(request, 5ms, 25.0);
  InjectAbort(request, 503, 0.5);
}
`;
const mesh = `name: chance
identity: address
services:
  a: { entry: true }
  b: { versions: { v1: {}, v2: {} } }
calls: { a: [b] }
`;
const requests = 20_000;

test("without an id, a request falls on each side as often as it is said", async () => {
  const { build: built } = await build({
    policies: [{ path: "chance.cup", text: policy }],
    mesh: { path: "mesh.yaml", text: mesh },
  });
  const [slot] = built?.chains.flatMap(({ slots }) => slots) ?? [];
  const host = createHost(slot?.module.bytes ?? new Uint8Array(), {
    configuration: slot?.configuration ?? "",
  });
  const seen = new Map<string, number>();
  let aborted = 0;
  for (let each = 0; each < requests; each++) {
    const stream = host.open({
      headers: [
        [":method", "GET"],
        [":path", "/"],
        [":authority", "b"],
      ],
      properties: { "source.address": "127.1.0.1:40000", "xds.route_name": "b" },
    });
    const { localReply, requestHeaders } = stream.result();
    if (localReply !== undefined) aborted++;
    else
      for (const [name, value] of requestHeaders) {
        const line = `${name}: ${value}`;
        seen.set(line, (seen.get(line) ?? 0) + 1);
      }
    stream.end();
    host.advance(1_234_567n);
  }
  // Who is answered goes no way.
  const share = (line: string): number =>
    line === "abort" ? aborted / requests : (seen.get(line) ?? 0) / (requests - aborted);
  for (const [line, expected] of [
    ["x-wire-version: v1", 0.3],
    ["x-wire-version: v2", 0.7],
    ["x-wire-mirror: v2", 0.1],
    ["x-envoy-fault-delay-request: 5", 0.25],
    ["abort", 0.005],
  ] as const) {
    const sigma = Math.sqrt((expected * (1 - expected)) / requests);
    expect(Math.abs(share(line) - expected), `${line} is ${share(line)}`).toBeLessThan(6 * sigma);
  }
});
