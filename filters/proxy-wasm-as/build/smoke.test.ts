import { expect, test } from "vitest";
import { generateFilter } from "../../../controlplane/codegen/generate-filter.ts";
import { rawModule } from "../testing/raw-module.test-helper.ts";
import { assemble } from "./assemble.ts";
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
