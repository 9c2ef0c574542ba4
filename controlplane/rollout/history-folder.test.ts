import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
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

test("a folder that cannot be written to, and what is no revision, are one message", async () => {
  const nowhere = await openHistoryFolder("/proc/wire/history");
  await expect(nowhere.folder.write(grown([], "one"))).rejects.toThrow(
    /^\[history\] cannot write \/proc\/wire\/history: /,
  );
  const { folder } = await openHistoryFolder(path);
  await folder.write(grown([], "one"));
  await writeFile(join(path, "2.json"), "{");
  await expect(reread()).rejects.toThrow(
    /^\[history\] cannot read \S+2\.json: .*; remove the folder to begin/,
  );
});
