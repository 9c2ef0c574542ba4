import { expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { buildFilter } from "./build-filter.ts";

type Runtime = "arena" | "minimal";

/** The most turns of a loop that come to an end within the default budget, to one in a hundred. */
async function turnsIn(body: string, runtime: Runtime): Promise<number> {
  const code = `import { log, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const said = request.headers.get("turns");
  if (said === null) return;
  const turns = <i32>parseInt(said);
  for (let turn = 0; turn < turns; turn++) {
    ${body}
    if ((turn & 255) == 255) __collect();
  }
}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": code }, runtime });
  expect(problems).toEqual([]);
  const headers = ["a", "b", "c", "d"].map((name) => [name, "some value"] as const);
  let [within, over] = [0, 2 ** 24];
  while (over - within > Math.max(1, within / 100)) {
    const turns = Math.floor((within + over) / 2);
    const { localReply } = createHost(bytes).request({ headers: [["turns", `${turns}`], ...headers] });
    if (localReply === undefined) within = turns;
    else over = turns;
  }
  return within;
}

test.each([
  ["new Uint8Array(1);", { arena: 200_000, minimal: 15_000 }],
  ['request.headers.get("a");', { arena: 50_000, minimal: 10_000 }],
  ['request.headers.set("a", "b");', { arena: 50_000, minimal: 10_000 }],
  ["request.headers.entries();", { arena: 10_000, minimal: 1_000 }],
  ['log.info("hello");', { arena: 40_000, minimal: 10_000 }],
] as const)("what a budget has room for: %s", async (body, least) => {
  for (const runtime of ["arena", "minimal"] as const)
    expect(await turnsIn(body, runtime), runtime).toBeGreaterThan(least[runtime]);
});

test.each(["arena", "minimal"] as const)("the longest cookies can be split: %s", async (runtime) => {
  const code = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const cookies = request.headers.get("cookie");
  if (cookies !== null) request.headers.set("cookies", cookies.split(";").length.toString());
}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": code }, runtime });
  expect(problems).toEqual([]);
  // Envoy takes 60 KiB of headers by default.
  const { requestHeaders } = createHost(bytes).request({ headers: [["cookie", "a;".repeat(30_000)]] });
  expect(requestHeaders.at(-1)).toEqual(["cookies", "30001"]);
});
