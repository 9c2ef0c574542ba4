import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { converged, type History, recorded, revisionsMax } from "../history/history.ts";
import type { Placement } from "../placement/placement.ts";
import { openHistoryFolder } from "./history-folder.ts";

let above: string;
let path: string;

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), "wire-history-"));
  path = join(above, "below/history");
});

afterEach(() => rm(above, { recursive: true, force: true }));

const placement: Placement = { status: "optimal", cost: 0, bound: 0, proxies: [], unmatched: [] };

function grown(history: History, text: string): History {
  const next = recorded(
    history,
    {
      input: { policies: [{ path: "a.cup", text }], mesh: { path: "mesh.yaml", text: "name: m\n" } },
      ...{ off: ["mark"], cause: { kind: "files" }, atMs: 1, placement },
      files: { policies: "1", mesh: "2" },
    },
    false,
  );
  return converged(next, next.at(-1)?.number ?? 0, 3);
}

async function reread(): Promise<History> {
  return (await openHistoryFolder(path)).history;
}

test("what is written is read again, each text is there once, and nothing else is left behind", async () => {
  const { history, folder } = await openHistoryFolder(path);
  expect(history).toEqual([]);
  const two = grown(grown(history, "one"), "two");
  await folder.write(two);
  expect(await reread()).toEqual(two);
  expect((await readdir(path)).sort()).toEqual(["1.json", "2.json", "texts"]);
  // Two policies, one mesh, one placement.
  expect((await readdir(join(path, "texts"))).length).toBe(4);
});

test("it goes on after a restart, and what is dropped goes with the texts that nothing else has", async () => {
  let history: History = [];
  {
    const { folder } = await openHistoryFolder(path);
    for (let index = 1; index <= revisionsMax; index++) history = grown(history, `text ${index}`);
    await folder.write(history);
  }
  const again = await openHistoryFolder(path);
  expect(again.history).toEqual(history);
  for (const text of ["a", "b", "a"]) {
    history = grown(history, text);
    void again.folder.write(history);
  }
  await again.folder.write(history);
  expect(await reread()).toEqual(history);
  expect([history[0]?.number, history.at(-1)?.number]).toEqual([4, revisionsMax + 3]);
  // 97 of the first hundred, two new ones, the mesh and the placement.
  expect((await readdir(join(path, "texts"))).length).toBe(97 + 2 + 2);
});

test("a folder that cannot be written to is one message", async () => {
  const nowhere = await openHistoryFolder("/proc/wire/history");
  await expect(nowhere.folder.write(grown([], "one"))).rejects.toThrow(
    /^\[history\] cannot write \/proc\/wire\/history: /,
  );
});

test("what is damaged is left out and told of, and the others are there", async () => {
  const { folder } = await openHistoryFolder(path);
  const all = ["one", "two", "three", "four"].reduce(grown, [] as History);
  await folder.write(all);
  const hashes = await readdir(join(path, "texts"));
  const texts = new Map<string, string>();
  for (const hash of hashes) texts.set(await readFile(join(path, "texts", hash), "utf8"), hash);
  await writeFile(join(path, "1.json"), "{");
  await writeFile(join(path, "texts", texts.get("two") ?? ""), "");
  await rm(join(path, "texts", texts.get("three") ?? ""));
  const again = await openHistoryFolder(path);
  expect(again.history).toEqual(all.slice(3));
  expect(again.damaged).toEqual([
    expect.stringMatching(/1\.json is damaged: it is no whole JSON: .*: revision 1 is left out/),
    expect.stringMatching(
      /2\.json is damaged: the text [\da-f]+ is another one than was written: revision 2/,
    ),
    expect.stringMatching(/3\.json is damaged: the text [\da-f]+ is not there: revision 3 is left out/),
  ]);
  // A damaged text is written again when it is needed, and then all that refer to it are there again.
  const next = grown(again.history, "two");
  await again.folder.write(next);
  expect(await reread()).toEqual([all[1], ...next]);
});

test.each([
  [{ outcome: { kind: "gone" } }, "`outcome.kind` is not as it was written"],
  [{ off: "mark" }, "`off` is not as it was written"],
  [{ number: 7 }, "it says that it is revision 7"],
  [{ format: 2 }, "it is of format 2, and this Wire knows format 1"],
])("%j is no revision", async (part, why) => {
  const { folder } = await openHistoryFolder(path);
  await folder.write(grown([], "one"));
  const file = join(path, "1.json");
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...part }));
  const { history, damaged } = await openHistoryFolder(path);
  expect([history, damaged]).toEqual([[], [expect.stringContaining(why)]]);
});
