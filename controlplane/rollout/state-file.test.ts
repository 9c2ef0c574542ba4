import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkWritable, readState, type State, stateWriter, writeState } from "./state-file.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-state-"));
  path = join(folder, "below/state.json");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const kept: State["to"] = {
  input: { policies: [{ path: "a.cup", text: "policy" }], mesh: { path: "mesh.yaml", text: "name: m" } },
  placement: { status: "optimal", cost: 0, bound: 0, proxies: [], unmatched: [] },
  layout: [{ way: "app inbound", generation: "00000000", places: [], taken: [] }],
};

test("what is written is read again, and nothing else is left behind", async () => {
  expect(await readState(path)).toBeUndefined();
  const state: State = {
    ...{ from: kept, to: kept, stage: 1, followers: ["services"], off: ["mark"] },
    ...{ former: { api: ["127.3.1.1"] }, left: ["geo"] },
  };
  const inWave: State = { ...state, stage: 0, wave: { waves: [["geo"], ["rate"]], index: 0 } };
  await writeState(path, inWave);
  expect(await readState(path)).toEqual(inWave);
  await writeState(path, state);
  expect(await readState(path)).toEqual(state);
  expect(await readdir(join(folder, "below"))).toEqual(["state.json"]);
});

test("of two that write it the one that began later goes on, and the other is told", async () => {
  const state = (stage: number): State => ({ to: kept, stage, followers: [], off: [], former: {}, left: [] });
  const [first, second] = [stateWriter(path), stateWriter(path)];
  await first(state(0));
  await first(state(1));
  await second(state(2));
  await expect(first(state(1))).rejects.toThrow(
    /^\[state\] another control plane has written .*state\.json: a mesh has one/,
  );
  await second(state(0));
  expect(await readState(path)).toEqual(state(0));
  // One that somebody has removed is made again.
  await rm(path);
  await first(state(2));
  expect(await readState(path)).toEqual(state(2));
});

test("in a state from before these were kept no policy is off, nobody was elsewhere and none has left", async () => {
  await writeState(path, { to: kept, stage: 0, followers: [] } as unknown as State);
  expect(await readState(path)).toMatchObject({ stage: 0, off: [], former: {}, left: [] });
});

test("a place that can be written to is left as it was", async () => {
  await checkWritable(path);
  expect(await readState(path)).toBeUndefined();
});

test("a place that cannot be written to is one message", async () => {
  await expect(checkWritable("/proc/wire/state.json")).rejects.toThrow(
    /^\[state\] cannot write \/proc\/wire/,
  );
});

test.each(["", "{", "null", "[]", "{}", '{"x":1}', '{"to":{},"stage":0,"followers":[]}'])(
  "%s is not taken for a state",
  async (text) => {
    await writeFile(join(folder, "state.json"), text);
    await expect(readState(join(folder, "state.json"))).rejects.toThrow(
      /state\.json is not a state file \(.*\); remove it/,
    );
  },
);

test.each([
  [{ stage: 7 }, "`stage`"],
  [{ to: { ...kept, placement: {} } }, "`to.placement.status`"],
  [{ to: { ...kept, input: { policies: [], mesh: "m" } } }, "`to.input.mesh`"],
  [{ former: null }, "`former`"],
  [{ wave: { waves: [["a"]], index: 1 } }, "`wave` is not as it was written: there is no such wave"],
  [{ format: 2 }, "it is of format 2, and this Wire knows format 1"],
])("%j is told of by where it is", async (part, where) => {
  const state: State = { to: kept, stage: 0, followers: [], off: [], former: {}, left: [] };
  await writeState(path, { ...state, ...(part as object) });
  await expect(readState(path)).rejects.toThrow(where);
});
