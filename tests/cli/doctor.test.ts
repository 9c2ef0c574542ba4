import { expect, test } from "vitest";
import { folderWith, runWire } from "./run-wire.ts";
import { serving } from "./serving.ts";

const policy =
  "policy a ( act (Request r) context ('frontend -> search') ) { [Ingress] SetHeader(r, 'a', 'b'); }\n";

test("`wire doctor` says what it wants, and where nobody answers", async () => {
  for (const request of ["/cart", "GET", "get /cart", "GET cart"]) {
    const run = await runWire(["doctor", "--request", request, "--json"]);
    expect(run.code).toBe(2);
    expect(JSON.parse(run.stdout)).toEqual({ error: `\`${request}\` is no request: METHOD /PATH` });
  }
  const nobody = await runWire(["doctor", "--http-port", "1"]);
  expect([nobody.code, nobody.stderr]).toEqual([3, expect.stringContaining("no control plane answers at")]);
}, 60_000);

test("it needs the token, and something in force", async () => {
  using folder = folderWith({ "a.cup": policy, token: "0123456789abcdef" });
  const file = `${folder.path}/token`;
  await using wire = await serving(folder.path, ["--http-token-file", file]);
  const bare = await runWire(["doctor", "--url", wire.http]);
  expect([bare.code, bare.stderr]).toEqual([3, expect.stringContaining("wants a token")]);
  // No proxy has come yet.
  const early = await runWire(["doctor", "--url", wire.http, "--http-token-file", file]);
  expect([early.code, early.stderr]).toEqual([3, "wire: [doctor] nothing is in force yet\n"]);
}, 60_000);
