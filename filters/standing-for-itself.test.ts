import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createHost, type HostExchange } from "./proxy-wasm-as/testing/index.ts";

const here = import.meta.dirname;
const main = join(here, "proxy-wasm-as", "build", "main.ts");

const claims = Buffer.from('{"groups":[],"roles":"user"}').toString("base64url");

/** An exchange for each policy that comes to something else by what its README configures. */
const exchanges: Readonly<Record<string, HostExchange>> = {
  "cache-headers": {
    headers: [
      [":method", "GET"],
      [":path", "/assets/a.js"],
    ],
    response: { status: 200 },
  },
  "canary-by-cookie": { headers: [["cookie", "canary=always"]] },
  "ext-authz": { headers: [[":path", "/"]] },
  "header-normaliser": { headers: [["x-team-name", "red"]] },
  "jwt-claim": { headers: [["x-wire-claims", claims]] },
  "redact-secrets": { headers: [["x-session-token", "secret"]] },
  "request-size-guard": { headers: [["content-length", "2000"]], body: "x".repeat(2000) },
  "sticky-hash": { headers: [[":path", "/"]] },
  "token-bucket": { headers: [], properties: { "source.address": "10.0.0.1:1" } },
  waf: { headers: [[":path", "/?q=1%20union%20select%20password%20from%20users"]] },
};

test("these are the policies that build without Wire", () => {
  const found = readdirSync(here).filter((name) => {
    const isFolder = !name.includes(".");
    return isFolder && readdirSync(join(here, name)).includes("cost.ts");
  });
  expect(found.sort()).toEqual(Object.keys(exchanges).sort());
});

/** What the README says of a policy that stands for itself. */
function instructionsOf(name: string): {
  readonly command: readonly string[];
  readonly configuration: string;
} {
  const text = readFileSync(join(here, name, "README.md"), "utf8").replace(/\n/g, " ");
  const found =
    /Standing for itself: `proxy-wasm-as ([^`]+)`\. The plugin's configuration says what differs from the defaults, as in `([^`]+)`/.exec(
      text,
    );
  if (found?.[1] === undefined || found[2] === undefined)
    throw new Error(`${name}: the README does not say how`);
  return { command: found[1].split(" "), configuration: found[2] };
}

test.for(Object.entries(exchanges))(
  "%s, as its README says",
  async ([name, exchange]) => {
    const { command, configuration } = instructionsOf(name);
    const folder = mkdtempSync(join(tmpdir(), "wire-standing-"));
    const out = `${name}.wasm`;
    try {
      const given = command.map((word) => (word === out ? resolve(folder, out) : word));
      await promisify(execFile)(process.execPath, [main, ...given], { cwd: join(here, name) });
      const bytes = readFileSync(join(folder, out));
      const play = (text: string): unknown => {
        const host = createHost(bytes, { configuration: text });
        expect(host.logs).toEqual([]);
        // Only the one that the README names lets anybody through.
        host.onFetch("authz", () => ({ status: 200 }));
        host.onFetch("ext-authz", () => ({ status: 403 }));
        const first = host.exchange(exchange);
        const { requestHeaders, response } = host.exchange(exchange);
        expect(host.failure).toBeNull();
        return { requestHeaders, response, first: first.calls, localReply: first.localReply };
      };
      expect(play(configuration)).not.toEqual(play(""));
      const wrong = createHost(bytes, { configuration: '{"no-such-parameter":1}' });
      expect(wrong.logs.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^configuration refused: `no-such-parameter` is no parameter: /),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
