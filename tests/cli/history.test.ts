import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, runWire } from "./run-wire.ts";
import { serving } from "./serving.ts";

/** No request is like this, so that no proxy has to come before a revision is in force. */
const idle = (name: string): string =>
  `policy a ( act (Request r) context ('api -> web') ) { Count(r, '${name}'); }\n`;
const mesh = (port: number, services = "web: { entry: true }, api: {}"): string =>
  `name: shop\nservices: { ${services} }\ncalls: { web: [api] }\nendpoints: { api: [{ address: 10.0.0.1, port: ${port} }] }\n`;

interface Listed {
  readonly inForce: number | null;
  readonly revisions: readonly {
    readonly number: number;
    readonly off: readonly string[];
    readonly cause: { readonly kind: string };
    readonly outcome: { readonly kind: string };
  }[];
}

/** A control plane of a folder with one policy and a mesh beside it, and commands to it; what only has to be known is asked directly. */
async function shop(policies: string, meshes: string) {
  const args = ["--mesh", join(meshes, "mesh.yaml"), "--state", join(meshes, "state.json")];
  const wire = await serving(policies, args);
  const at = (path: string): string => `${wire.http}${path}`;
  const get = async (path: string) => JSON.parse(await (await fetch(at(path))).text());
  const list = (): Promise<Listed> => get("/history");
  const until = async (revision: number): Promise<void> =>
    expect(await get(`/history/${revision}/convergence`)).toMatchObject({ kind: "converged", revision });
  return {
    ...{ list, at, get, until, log: wire.log },
    ask: (...asked: readonly string[]) => runWire([...asked, "--http-port", new URL(wire.http).port]),
    save: async (name: string): Promise<void> => {
      const before = (await list()).revisions.at(-1)?.number ?? 0;
      writeFileSync(join(policies, "a.cup"), idle(name));
      await until(before + 1);
    },
    kinds: async (): Promise<readonly string[]> =>
      (await list()).revisions.map(({ number, cause, outcome, off }) =>
        `${number} ${cause.kind} ${outcome.kind} ${off.join()}`.trimEnd(),
      ),
    [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose](),
  };
}

test("what is saved and switched is listed, shown, compared and gone back to", async () => {
  using policies = folderWith({ "a.cup": idle("one") });
  using meshes = folderWith({ "mesh.yaml": mesh(80) });
  await using wire = await shop(policies.path, meshes.path);
  expect(await wire.ask("wait", "1")).toMatchObject({
    code: 0,
    stdout: "revision 1 is in force: 0 connected proxies serve it\n",
  });
  await wire.save("two");
  expect((await wire.ask("disable", "a")).code).toBe(0);
  expect(await wire.kinds()).toEqual(["1 start converged", "2 files converged", "3 switch converged a"]);
  const table = (await wire.ask("history")).stdout.split("\n");
  expect(table[0]).toMatch(/^ {3}revision {2}time +proxies {2}outcome +what$/);
  expect(table[1]).toMatch(/^\* {2}3 .* converged after \d+ ms +switched off a$/);
  expect(table[2]).toMatch(/ {3}2 .* ~ \S+a\.cup$/);

  const shown = JSON.parse((await wire.ask("history", "show", "2", "--json")).stdout);
  expect(shown).toMatchObject({ number: 2, policies: [{ text: idle("two") }], mesh: { text: mesh(80) } });
  expect((await wire.ask("history", "show", "newest")).stdout).toContain("switched off: a");
  const diff = (await wire.ask("history", "diff", "1", "3")).stdout;
  expect(diff).toContain("Count(r, 'one')");
  expect(diff).toMatch(/\+policy a .*Count\(r, 'two'\).*\nswitched off: a\n$/);
  expect((await wire.ask("history", "diff", "2")).stdout).not.toContain("switched off");
  expect((await wire.ask("history", "diff", "2", "2")).stdout).toBe("revisions 2 and 2 are the same\n");

  const back = await wire.ask("rollback", "1");
  expect(back).toMatchObject({ code: 0 });
  expect(back.stdout).toMatch(
    /^going back to revision 1, as revision 4: ~ \S+a\.cup, switched on a\nthe files stay as they are: .*\nrevision 4 is in force: 0 /,
  );
  expect(await wire.kinds()).toEqual([
    "1 start converged",
    "2 files rolled back",
    "3 switch rolled back a",
    "4 rollback converged",
  ]);
  expect(await wire.ask("wait", "3")).toMatchObject({
    code: 1,
    stderr: "wire: revision 3 is not in force: revision 4 has taken its place\n",
  });
  expect((await wire.ask("rollback", "1")).stdout).toContain("is what revision 4 is: nothing is to be done");
});

test("what was gone back to stays over a restart, until the files change, each for its own part", async () => {
  using policies = folderWith({ "a.cup": idle("one") });
  using meshes = folderWith({ "mesh.yaml": mesh(80) });
  {
    await using wire = await shop(policies.path, meshes.path);
    await wire.until(1);
    await wire.save("two");
    expect((await wire.ask("rollback", "1")).code).toBe(0);
  }
  {
    // The file still has what was gone back from.
    await using wire = await shop(policies.path, meshes.path);
    await expect
      .poll(wire.log, { timeout: 30_000 })
      .toContain("in force: 0 of 2 services have a proxy (revision 3)");
    expect(wire.log()).toContain("revision 3 goes on, which is not what the files say");
    expect((await wire.kinds()).at(-1)).toBe("3 rollback converged");
    // Endpoints are followed, and bring nothing back.
    writeFileSync(join(meshes.path, "mesh.yaml"), mesh(81));
    await wire.until(4);
    expect(await wire.get("/history/4")).toMatchObject({
      policies: [{ text: idle("one") }],
      mesh: { text: mesh(81) },
    });
    // Of the policies alone, the endpoints stay.
    expect((await wire.ask("rollback", "2", "--policies-only", "--json")).code).toBe(0);
    expect(await wire.get("/history/newest")).toMatchObject({
      ...{ number: 5, policies: [{ text: idle("two") }] },
      mesh: { text: mesh(81) },
    });
    // A save takes the file again.
    await wire.save("three");
    expect(await wire.kinds()).toEqual([
      "1 start converged",
      "2 files rolled back",
      "3 rollback rolled back",
      "4 files rolled back",
      "5 rollback converged",
      "6 files converged",
    ]);
  }
  // Without the state all starts afresh, with the numbers as they were.
  rmSync(join(meshes.path, "state.json"));
  await using wire = await shop(policies.path, meshes.path);
  await wire.until(6);
  await wire.save("four");
});

test("what is not there, cannot be gone back to, or does not come in time", async () => {
  using policies = folderWith({ "a.cup": idle("one") });
  using meshes = folderWith({ "mesh.yaml": mesh(80) });
  {
    await using wire = await shop(policies.path, meshes.path);
    await wire.until(1);
    const none = "wire: there is no revision 7: there are 1 to 1\n";
    for (const asked of [
      ["history", "show", "7"],
      ["history", "diff", "7"],
      ["rollback", "7"],
    ])
      expect(await wire.ask(...asked)).toMatchObject({ code: 1, stderr: none });
    expect(await wire.ask("history", "diff", "1")).toMatchObject({
      code: 1,
      stderr: "wire: nothing is kept from before revision 1\n",
    });
    expect(await wire.ask("wait", "7", "--timeout", "0.1")).toMatchObject({
      code: 3,
      stderr: "wire: there is no such revision yet\n",
    });
    for (const asked of [
      ["wait", "x"],
      ["rollback", "0"],
      ["rollback", "newest"],
      ["wait", "--timeout", "-1"],
    ])
      expect((await wire.ask(...asked)).code).toBe(2);
    for (const body of ["", "{}", '{"revision":"1"}', '{"revision":1.5}', '{"revision":1,"policiesOnly":1}'])
      expect((await fetch(wire.at("/rollback"), { method: "POST", body })).status).toBe(400);
    for (const path of ["/history/x", "/history/1/x", "/history/1/convergence/x"])
      expect((await fetch(wire.at(path))).status).toBe(404);
    expect((await fetch(wire.at("/history/1/convergence?timeout=x"))).status).toBe(400);
  }
  // Another mesh is taken at a start without the state, and is no place to go back from.
  rmSync(join(meshes.path, "state.json"));
  writeFileSync(join(meshes.path, "mesh.yaml"), mesh(80, "web: { entry: true }, api: {}, geo: {}"));
  await using wire = await shop(policies.path, meshes.path);
  await wire.until(2);
  expect(await wire.ask("rollback", "1", "--json")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("revision 1 is of a mesh in which services and proxies are elsewhere"),
  });
  // A proxy that does not come keeps a revision on its way.
  writeFileSync(join(policies.path, "a.cup"), idle("one").replace("api -> web", "web -> api"));
  await expect.poll(async () => (await wire.kinds()).at(-1), { timeout: 30_000 }).toBe("3 files rolling out");
  const late = await wire.ask("wait", "3", "--timeout", "0.2", "--json");
  expect([late.code, JSON.parse(late.stdout)]).toEqual([
    3,
    { kind: "timeout", revision: 3, missing: [expect.stringMatching(/^(web|api)$/)] },
  ]);
  writeFileSync(join(policies.path, "a.cup"), idle("two"));
  await wire.until(4);
  expect(await wire.ask("rollback", "3")).toMatchObject({
    code: 1,
    stderr: "wire: revision 3 was never in force: superseded\n",
  });
});
