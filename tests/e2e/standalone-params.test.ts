import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { startFilter } from "./one-filter.ts";

/** Says its parameters upstream. */
const filter = `import { Request } from "proxy-wasm-as";
class Params {
  limit: i64 = 1000;
  share: f64 = 0.5;
  isStrict: bool = true;
  name: string = "nobody";
}
export const params = new Params();
export function onRequest(request: Request): void {
  request.headers.set("x-a", params.limit.toString() + " " + params.share.toString() + " " + params.isStrict.toString() + " " + params.name);
}
`;

async function built(code: string): Promise<Uint8Array> {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": code },
    runtime: "arena",
  });
  expect(problems).toEqual([]);
  return bytes;
}

const bytes = await built(filter);

test("an Envoy's plugin configuration fills the parameters of a filter, as the in-process host's does", async () => {
  for (const [index, configuration] of [
    "",
    '{"limit": -7, "share": 2.5, "isStrict": false, "name": "a\\u0062c"}',
  ].entries()) {
    await using envoy = await startFilter({
      bytes,
      configuration,
      address: `127.90.12.${index + 1}`,
      workers: 2,
    });
    const host = createHost(bytes, { configuration });
    const [, expected] = host.request({}).requestHeaders[0] ?? [];
    expect(expected).toBe(index === 0 ? "1000 0.5 true nobody" : "-7 2.5 false abc");
    for (let turn = 0; turn < 8; turn++) expect((await envoy.send({})).headers["x-seen"]).toBe(expected);
    expect(envoy.said()).toEqual([]);
  }
});

test("an Envoy refuses what a filter cannot take", async () => {
  const configuration = '{"limit": "many"}';
  await expect(startFilter({ bytes, configuration, address: "127.90.12.3" })).rejects.toThrow(
    /Plugin filter failed to load/,
  );
});

test("a ready-made policy is limited by its README's configuration", async () => {
  const policy = await built(
    readFileSync(new URL("../../filters/token-bucket/policy.ts", import.meta.url), "utf8"),
  );
  await using envoy = await startFilter({
    bytes: policy,
    configuration: '{"rate": 0.01, "burst": 2}',
    address: "127.90.12.4",
  });
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn++) statuses.push((await envoy.send({})).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
});
