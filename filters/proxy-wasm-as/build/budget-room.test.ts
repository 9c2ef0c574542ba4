import { expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { buildFilter } from "./build-filter.ts";

type Runtime = "arena" | "minimal";

/** The most turns of a loop that come to an end within the default budget, to one in a hundred. */
async function turnsIn(body: string, runtime: Runtime): Promise<number> {
  const code = `import { log, Request } from "proxy-wasm-as";
import { collect } from "proxy-wasm-as/assembly/entry";
export function onRequest(request: Request): void {
  const said = request.headers.get("turns");
  if (said === null) return;
  const turns = <i32>parseInt(said);
  for (let turn = 0; turn < turns; turn++) {
    ${body}
    if ((turn & 255) == 255) collect();
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
  // A call of the host that writes a header costs 2,000: no more than 25,000 of them.
  ['request.headers.set("a", "b");', { arena: 15_000, minimal: 10_000 }],
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

const early: readonly (readonly [string, string])[] = [
  [
    "a turn falls out",
    "for (let i = 0; i < 10_000; i++) { if (text.charCodeAt(at) == 59) break; n++; if (n % 7 == 0) break; }",
  ],
  ["a turn returns", "n += first(at);"],
  ["the bound is far", "for (let i = 0; i < limit; i++) { n++; if (load<u8>(i) != 59) break; }"],
  [
    "the bound is only there to be safe",
    "for (let i = 0; i < 1_000_000_000; i++) { n++; if (load<u8>(i) != 59) break; }",
  ],
  [
    "what it calls pays",
    "for (let i = 0; i < 10_000_000; i++) { n += text.indexOf(';', at) - at; if (n > i) break; }",
  ],
];

test.each(early)("a loop pays for the turns that it takes when %s", async (_, loop) => {
  const code = `import { Request } from "proxy-wasm-as";
function first(at: i32): i32 {
  for (let i = at; i < 1_000_000; i++) if (load<u8>(i) != 59) return 1;
  return 0;
}
export function onRequest(request: Request): void {
  const text = request.headers.get("text");
  if (text === null) return;
  const limit = text.length * 1_000_000;
  let n = 0;
  for (let at = 0; at < text.length; at++) { ${loop} }
  request.headers.set("n", n.toString());
}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": code } });
  expect(problems).toEqual([]);
  const { requestHeaders } = createHost(bytes).request({ headers: [["text", "a;".repeat(1000)]] });
  expect(requestHeaders.map(([name]) => name)).toEqual(["text", "n"]);
});
