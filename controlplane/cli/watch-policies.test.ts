import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSources } from "./read-sources.ts";
import { type WatchedPolicies, watchPolicies } from "./watch-policies.ts";

let folder: string;
let watched: WatchedPolicies;
/** What the watcher has said, in order: the texts of all policies, or why they cannot be read. */
let said: string[];

async function start(paths: readonly string[]): Promise<void> {
  said = [];
  watched = await watchPolicies({
    paths,
    initial: await readSources(paths),
    async changed(sources) {
      said.push(sources.map((source) => source.text).join("+"));
    },
    unreadable: (why) => said.push(why.replaceAll(folder, "FOLDER")),
  });
}

async function untilSaid(...expected: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 60 && said.length < expected.length; tries++) await sleep(50);
  expect(said).toEqual(expected);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-watch-"));
  await writeFile(join(folder, "a.cup"), "a");
});

afterEach(async () => {
  await watched.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a save is told once, and an unchanged text not at all", async () => {
  await start([folder]);
  await writeFile(join(folder, "a.cup"), "a");
  await sleep(150);
  await writeFile(join(folder, "a.cup"), "b");
  await untilSaid("b");
});

test("a file that is replaced, as editors do, is followed on", async () => {
  await start([join(folder, "a.cup")]);
  for (const text of ["b", "c"]) {
    await writeFile(join(folder, "a.cup~"), text);
    await rename(join(folder, "a.cup~"), join(folder, "a.cup"));
    await sleep(150);
  }
  await untilSaid("b", "c");
});

test("policies that come, in new folders too, and go are followed", async () => {
  await start([folder]);
  await mkdir(join(folder, "sub"));
  await writeFile(join(folder, "sub/b.cup"), "b");
  await untilSaid("a+b");
  await writeFile(join(folder, "sub/b.cup"), "c");
  await untilSaid("a+b", "a+c");
  await rm(join(folder, "sub"), { recursive: true });
  await untilSaid("a+b", "a+c", "a");
});

test("the target of a link is followed", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "wire-watch-"));
  await writeFile(join(elsewhere, "b.cup"), "b");
  await symlink(join(elsewhere, "b.cup"), join(folder, "b.cup"));
  await start([folder]);
  await writeFile(join(elsewhere, "b.cup"), "c");
  await untilSaid("a+c");
  await rm(elsewhere, { recursive: true });
});

test("interfaces are followed, beside the policies and where they are imported from", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "wire-watch-"));
  const text = `import "${join(elsewhere, "c.cui")}";`;
  await writeFile(join(folder, "a.cup"), text);
  await writeFile(join(elsewhere, "c.cui"), "act Request {}");
  await writeFile(join(elsewhere, "b.cup"), "nobody asked");
  await start([join(folder, "a.cup")]);
  await writeFile(join(elsewhere, "c.cui"), "cost: 2");
  await untilSaid(`${text}+cost: 2`);
  await writeFile(join(folder, "b.cui"), "cost: 3");
  await untilSaid(`${text}+cost: 2`, `${text}+cost: 3+cost: 2`);
  await rm(elsewhere, { recursive: true });
});

test("what cannot be read is said once, and what comes after it is taken", async () => {
  await start([join(folder, "a.cup")]);
  await rm(join(folder, "a.cup"));
  await untilSaid("[file] cannot read FOLDER/a.cup: no such file or folder");
  await sleep(500);
  await writeFile(join(folder, "a.cup"), "b");
  await untilSaid("[file] cannot read FOLDER/a.cup: no such file or folder", "b");
});

test("the last policy that goes is trouble, not an empty mesh", async () => {
  await start([folder]);
  await rm(join(folder, "a.cup"));
  await untilSaid("no policy is left in FOLDER");
});

test("a save after a change that did not last counts, the same text as it is", async () => {
  await start([folder]);
  watched.retry();
  await writeFile(join(folder, "a.cup"), "a");
  await untilSaid("a");
});
