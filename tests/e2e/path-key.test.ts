import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { join, resolve } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { outside } from "../../controlplane/xds/address-map.ts";
import { type Address, addressPlan } from "../../controlplane/xds/address-plan.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { folderWith } from "../cli/run-wire.ts";
import { startWire, visitsOf, type Wire } from "./start-wire.ts";

// `batch` and `frontend` call `search`, and only what came in at `frontend` is marked on its way to `rate`.
const golden = "tests/policies/path-at-run-time";
const meshFile = resolve(import.meta.dirname, "../..", golden, "mesh.yaml");
const keys = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"] as const;

describe("states of paths with a key", () => {
  const folder = folderWith({ key: `${keys[0]}\n` });
  const keyFile = join(folder.path, "key");
  let wire: Wire;
  let search: Address;
  beforeAll(async () => {
    wire = await startWire({ mesh: meshFile, from: [golden], args: ["--path-key", keyFile] });
    const { mesh } = fromYaml({ path: meshFile, text: await readFile(meshFile, "utf8") });
    if (mesh === undefined) throw new Error("the mesh is right");
    search = addressPlan(mesh).service("search");
  }, 90_000);
  afterAll(async () => {
    await wire?.stop();
    folder[Symbol.dispose]();
  });

  const from = async (entry: string): Promise<Seen> => seenAt(await ask(wire.target(outside, entry)));

  test("tell where requests came in, and have nothing that says which state it is", async () => {
    const [wanted, other] = [await from("frontend"), await from("batch")];
    expect([wanted.isMarked, other.isMarked]).toEqual([true, false]);
    for (const { state } of [wanted, other]) expect(state).toMatch(/^wire=[\w-]{6}\.[\w-]{16}$/);
    expect(wanted.state).not.toBe(other.state);
  });

  test("that a service makes up are none, and one that it was given is", async () => {
    const { state } = await from("frontend");
    const [revision = ""] = state.split(".");
    const sent = async (tracestate: string): Promise<boolean> =>
      seenAt(await ask(search, { tracestate })).isMarked;
    // The first states without a key are 1, 2 and so on.
    for (const made of ["1", "2", "3", "A".repeat(16)]) expect(await sent(`${revision}.${made}`)).toBe(false);
    expect(await sent(state)).toBe(true);
  });

  test("outside traffic cannot bring one, however it is spelt", async () => {
    const { state } = await from("frontend");
    const entry = wire.target(outside, "batch");
    const forged: readonly OutgoingHttpHeaders[] = [
      { tracestate: state },
      { TraceState: `a=1, ${state}` },
      { tracestate: [state, state] },
      { tracestate: `${state},${state.replace("=", " =")}` },
      { tracestate: ["a=1", `${state};p=1`] },
    ];
    for (const headers of forged) {
      const { isMarked, state: written } = seenAt(await ask(entry, headers));
      expect([headers, isMarked, written === state]).toEqual([headers, false, false]);
    }
  });

  test("are others with another key, and no request is judged otherwise meanwhile", async () => {
    const before = await from("frontend");
    await writeFile(keyFile, `${keys[1]}\n`);
    let after = before;
    const until = performance.now() + 60_000;
    while (after.state === before.state && performance.now() < until) {
      after = await from("frontend");
      expect([after.isMarked, (await from("batch")).isMarked]).toEqual([true, false]);
    }
    expect(after.state).toMatch(/^wire=[\w-]{6}\.[\w-]{16}$/);
    expect(after.state).not.toBe(before.state);
    expect(wire.log()).toContain("the key of the states of paths has changed");
  }, 90_000);

  test("are those of the key that is there when the control plane comes back", async () => {
    const before = await from("frontend");
    process.kill(wire.pids.controlPlane, "SIGKILL");
    await writeFile(keyFile, `${keys[0]}\n`);
    await expect
      .poll(
        async () => {
          const { isMarked, state } = await from("frontend");
          expect(isMarked).toBe(true);
          return state;
        },
        { timeout: 60_000, interval: 50 },
      )
      .not.toBe(before.state);
  }, 90_000);

  test("a file without a key is told of, and the last one goes on", async () => {
    const start = wire.log().length;
    await writeFile(keyFile, "short\n");
    await wire.untilLog(/has no key: one line of 16 or more letters.*: the key that was there goes on/, {
      from: start,
    });
    expect((await from("frontend")).isMarked).toBe(true);
  });
});

interface Seen {
  readonly isMarked: boolean;
  /** The member of `tracestate` that is ours. */
  readonly state: string;
}

function seenAt(tree: CallTree): Seen {
  const [visit] = visitsOf(tree, "rate");
  const members = (visit?.headers?.["tracestate"] ?? []).flatMap((value) => value.split(","));
  return {
    isMarked: visit?.headers?.["critical"]?.[0] === "true",
    state: members.map((member) => member.trim()).find((member) => member.startsWith("wire=")) ?? "",
  };
}

async function ask({ address, port }: Address, headers: OutgoingHttpHeaders = {}): Promise<CallTree> {
  const sent = get({ host: address, port, headers, agent: false });
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new Error("a response comes with its event");
  return JSON.parse(await textOf(response));
}
