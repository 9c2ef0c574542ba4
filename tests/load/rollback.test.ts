import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../e2e/load.ts";
import { type Answer, startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

const root = resolve(import.meta.dirname, "../..");
const stores = "tests/e2e/policies/stores";

let wire: Wire;

/** Enforced by the caller's proxy or by the callee's, so that a change of side moves it. */
const mark = (side: "Egress" | "Ingress", value: string): string =>
  `policy mark ( act (Request r) context ('web -> api') ) { [${side}] SetHeader(r, 'x-mark', '${value}'); }\n`;
const refuse =
  "policy refuse ( act (Request r) context ('web') ) { [Ingress] if (HasHeader(r, 'x-bad')) { Deny(r, 418); } }\n";

beforeAll(async () => {
  wire = await startWire({ mesh: `${stores}/mesh.yaml`, from: [stores] });
});

afterAll(async () => {
  await wire?.stop();
});

interface Ran {
  readonly code: number;
  readonly said: Record<string, unknown>;
}

function run(...asked: readonly string[]): Promise<Ran> {
  const port = new URL(wire.http).port;
  const args = [join(root, "controlplane/cli/main.ts"), ...asked, "--http-port", port, "--json"];
  return new Promise((done) =>
    execFile(process.execPath, args, (error, stdout) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, said: JSON.parse(stdout) }),
    ),
  );
}

async function newest(): Promise<number> {
  return Number((await run("history", "show", "newest")).said["number"]);
}

/** Writes a policy and waits for the revision that it makes. */
async function save(name: string, text: string): Promise<number> {
  const next = (await newest()) + 1;
  await writeFile(join(wire.policies, name), text);
  expect(await run("wait", `${next}`)).toMatchObject({
    code: 0,
    said: { kind: "converged", revision: next },
  });
  return next;
}

function seen({ tree }: Answer): string | undefined {
  return visitsOf(tree, "api")[0]?.headers?.["x-mark"]?.join();
}

test("under load a policy is gone back to where it was, without a failed request, and a restart keeps that", async () => {
  await save("refuse.cup", refuse);
  const good = await save("mark.cup", mark("Ingress", "old"));
  const answers: { readonly answer: Answer; readonly startedMs: number }[] = [];
  const load = startLoad(wire, {
    rate: 100,
    answered: (answer, startedMs) => answers.push({ answer, startedMs }),
  });
  const before = await wire.status();
  const bad = await save("mark.cup", mark("Egress", "new"));
  const changedMs = performance.now();
  expect(seen(await wire.ask())).toBe("new");
  expect((await wire.status()).placement).not.toEqual(before.placement);
  await sleep(300);

  const startedMs = performance.now();
  const back = await run("rollback", `${good}`);
  const inForceMs = performance.now();
  expect(back).toMatchObject({
    code: 0,
    said: { revision: bad + 1, to: good, isNew: true, waited: { kind: "converged", revision: bad + 1 } },
  });
  process.stderr.write(`rollback: the command took ${Math.round(inForceMs - startedMs)} ms\n`);
  expect(seen(await wire.ask())).toBe("old");
  // Everything is where it was.
  expect((await wire.status()).placement).toEqual(before.placement);
  await sleep(300);
  expect(await load.stop()).toBeGreaterThan(50);
  expect(answers.filter(({ answer }) => answer.status !== 200)).toEqual([]);
  // Each met the one or the other, and in between the new one alone.
  expect(new Set(answers.map(({ answer }) => seen(answer)))).toEqual(new Set(["old", "new"]));
  const between = answers.filter((each) => each.startedMs > changedMs && each.startedMs < startedMs);
  expect([between.length > 0, between.filter(({ answer }) => seen(answer) !== "new")]).toEqual([true, []]);
  const after = answers.filter((each) => each.startedMs > inForceMs);
  expect([after.length > 0, after.filter(({ answer }) => seen(answer) !== "old")]).toEqual([true, []]);

  // Each proxy has a receipt.
  const shown = (await run("history", "show", "newest")).said;
  expect(shown).toMatchObject({ number: bad + 1, outcome: { kind: "converged" } });
  const { proxies } = await wire.status();
  expect(shown["receipts"]).toEqual(
    proxies.map(({ service }) =>
      expect.objectContaining({
        ...{ service, connected: true, given: bad + 1, refused: [] },
        sent: expect.objectContaining({ revision: bad + 1 }),
        acknowledged: expect.objectContaining({ revision: bad + 1 }),
        serving: expect.objectContaining({ revision: bad + 1 }),
      }),
    ),
  );

  const from = wire.log().length;
  process.kill(wire.pids.controlPlane, "SIGKILL");
  await wire.untilLog(/in force:.*\(revision \d+\)/, { from });
  expect(await run("wait", `${bad + 1}`)).toMatchObject({ code: 0, said: { kind: "converged" } });
  expect(seen(await wire.ask())).toBe("old");
  expect(await newest()).toBe(bad + 1);
  expect((await run("history", "diff", `${good}`, `${bad + 1}`)).said).toMatchObject({ files: [] });
  expect((await run("history", "diff", `${bad}`)).said).toMatchObject({
    files: [{ change: "changed", patch: expect.stringContaining("[Egress]") }],
    placement: { policies: expect.arrayContaining([expect.objectContaining({ policy: "mark" })]) },
  });
  // A save takes the files again.
  await save("mark.cup", mark("Egress", "newer"));
  expect(seen(await wire.ask())).toBe("newer");
});

test("what was switched off is so again, and what was on", async () => {
  const on = await newest();
  expect((await run("disable", "refuse")).code).toBe(0);
  const off = await newest();
  expect(off).toBe(on + 1);
  expect((await wire.ask({ "x-bad": "yes" })).status).toBe(200);
  await save("mark.cup", mark("Ingress", "newest"));
  expect((await run("rollback", `${on}`)).code).toBe(0);
  expect((await wire.ask({ "x-bad": "yes" })).status).toBe(418);
  expect((await wire.status()).off).toEqual([]);
  expect((await run("rollback", `${off}`)).code).toBe(0);
  const answer = await wire.ask({ "x-bad": "yes" });
  expect([answer.status, seen(answer)]).toEqual([200, "newer"]);
  expect((await wire.status()).off.map(({ policy }) => policy)).toEqual(["refuse"]);
});
