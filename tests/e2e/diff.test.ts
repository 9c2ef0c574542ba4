import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Difference } from "../../controlplane/cli/config-diff.ts";
import { startWire, type Wire } from "./start-wire.ts";

const main = resolve(import.meta.dirname, "../../controlplane/cli/main.ts");
let wire: Wire;

beforeAll(async () => {
  wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["tests/e2e/policies/mark", "tests/e2e/policies/count"],
  });
});

afterAll(async () => {
  await wire?.stop();
});

async function diff(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const run = promisify(execFile)(process.execPath, [main, "diff", ...args, "--url", wire.http]);
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

test("a proxy that runs what it is to run differs in nothing", async () => {
  const { code, out } = await diff("search");
  expect(out).toMatch(/^search runs what it is to run: \d+ resources\n$/);
  expect(code).toBe(0);
});

test("held against the Envoy of another service it differs in what only one of them has", async () => {
  const { proxies } = await wire.status();
  const other = proxies.find(({ service }) => service !== "search");
  if (other === undefined) throw new Error("there is one proxy only");
  const address: unknown = await (await fetch(`${wire.http}/nodes/${other.service}`)).json();
  const { admin } = address as { readonly admin: string };
  const { code, out } = await diff("search", "--admin", admin, "--json");
  expect(code).toBe(1);
  const { differences } = JSON.parse(out) as { readonly differences: readonly Difference[] };
  const kinds = new Set(differences.map(({ what }) => what));
  expect(kinds).toEqual(new Set(["missing", "left over"]));
  expect(
    differences.some(({ name, what }) => what === "missing" && name.startsWith("outbound/search/")),
  ).toBe(true);
});

test("what is not there is said", async () => {
  expect(await diff("nobody")).toEqual({
    code: 3,
    out: "",
    err: expect.stringContaining("no proxy of `nobody` is to run"),
  });
  const { code, err } = await diff("search", "--admin", "http://127.0.0.1:1");
  expect(code).toBe(3);
  expect(err).toContain(
    "no Envoy answers at http://127.0.0.1:1/config_dump?include_eds: give where its admin interface is by --admin",
  );
});

test("what a proxy has let go of and only drains is not left over", async () => {
  const policy = join(wire.policies, "tests/e2e/policies/mark/policy.cup");
  const from = wire.log().length;
  const text = await readFile(policy, "utf8");
  // What refuses has filters of another kind, at a listener of its own.
  await writeFile(
    policy,
    text.replace("SetHeader", "if (HasHeader(request, 'never')) { Deny(request); }\n    SetHeader"),
  );
  await wire.untilLog(/in force:/, { from });
  const { admin } = (await (await fetch(`${wire.http}/nodes/search`)).json()) as { readonly admin: string };
  const listeners = await (await fetch(`${admin}/config_dump?resource=dynamic_listeners`)).text();
  expect(listeners).toContain("draining_state");
  expect(await diff("search")).toEqual({
    code: 0,
    out: expect.stringMatching(/runs what it is to run/),
    err: "",
  });
});
