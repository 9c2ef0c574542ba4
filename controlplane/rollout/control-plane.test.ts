import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import { type Build, build } from "../pipeline/build.ts";
import type { Outcome } from "../server/node.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type ControlPlaneOptions, createControlPlane, type Staged } from "./control-plane.ts";
import type { Pauses } from "./pauses.ts";
import type { Rollout } from "./rollout.ts";

const cache = createChainCache();
const mesh = {
  path: "mesh.yaml",
  text: `name: small
identity: address
services:
  frontend: { entry: true, protocol: http }
  rate: { protocol: http }
  geo: { protocol: http }
calls:
  frontend: [rate, geo]
`,
};

async function built(context: string, side: string, value = "true"): Promise<Build> {
  const text = `policy mark ( act (Request r) context ('${context}') ) { [${side}] SetHeader(r, 'mark', '${value}'); }`;
  const result = await build({ policies: [{ path: "mark.cup", text }], mesh }, { cache });
  if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return result.build;
}

const ingress = await built("frontend -> rate", "Ingress");
const egress = await built("frontend -> rate", "Egress");
const everywhere = await built("frontend -> *", "Ingress");
const other = await built("frontend -> *", "Ingress", "other");

/** Proxies that answer as `outcome` says, and a diary of what the control plane did in which order. */
function setUp({
  outcome = () => ({ kind: "acked" }),
  off = [],
  pauses = {},
  staged,
  unkept,
  ...asked
}: Pick<ControlPlaneOptions, "nextBuild" | "mark"> & {
  /** Why switches cannot be kept. */
  readonly unkept?: WireError;
  readonly outcome?: (node: string) => Outcome | Promise<Outcome>;
  readonly off?: readonly string[];
  readonly pauses?: Partial<Pauses>;
  readonly staged?: Staged;
} = {}) {
  const diary: string[] = [];
  /** Of the filters that proxies have now, the lines of policies. */
  const lines = new Map<string, readonly string[]>();
  /** And where `frontend` sends from. */
  const peers = new Map<string, readonly string[]>();
  const entered: Rollout[] = [];
  const kept: Rollout[] = [];
  const finished: Rollout[] = [];
  /** What each proxy was given, one after the other: versions of its filters. */
  const given = new Map<string, string[]>();
  const ads: ControlPlaneOptions["ads"] = {
    setSnapshot: (node, snapshot) => {
      if (!lines.has(node)) controlPlane.streams.connected(node);
      const texts = [...(snapshot.get(typeUrl.extension)?.values() ?? [])].map(({ bytes }) =>
        Buffer.from(bytes).toString("latin1"),
      );
      lines.set(
        node,
        texts.flatMap((text) => /mark\t\w+\t[^\t]*(?=\tenforce)/.exec(text) ?? []),
      );
      peers.set(
        node,
        texts.flatMap((text) => /@peer\tfrontend\t([\d.,]+)/.exec(text)?.slice(1) ?? []),
      );
      const versions = [...(snapshot.get(typeUrl.extension)?.values() ?? [])].map(({ version }) => version);
      const before = given.get(node) ?? [];
      if (before.at(-1) !== versions.join()) given.set(node, [...before, versions.join()]);
      // Without the generation that ends a name.
      const listeners = [...(snapshot.get(typeUrl.listener)?.keys() ?? [])]
        .map((name) => name.replace(/\/\w+$/, ""))
        .join(" ");
      if (diary.at(-1) !== `${node} has ${listeners}`) diary.push(`${node} has ${listeners}`);
    },
    removeNode: (node) => diary.push(`${node} forgotten`),
    waitForAcks: async (node) => outcome(node),
  };
  const controlPlane = createControlPlane({
    ads,
    ...{ off, pauses },
    ...(staged === undefined ? {} : { staged }),
    ...asked,
    planned: (plan) =>
      void diary.push(plan.kind === "staged" ? `in ${plan.waves.length} waves` : plan.because),
    judged: ({ wave, of, proxies }, { reason }) =>
      void diary.push(`wave ${wave} of ${of}: ${proxies.join()} ${reason ?? "healthy"}`),
    async entering(rollout, stage) {
      entered.push(rollout);
      diary.push(`# ${stage.name}`);
    },
    async switching(rollout) {
      if (unkept !== undefined) throw unkept;
      kept.push(rollout);
      diary.push(`# off: ${rollout.off.join(", ")}`);
    },
    finished: async (rollout) => void finished.push(rollout),
    waiting: (node, { kind }) => diary.push(`waiting for ${node}: ${kind}`),
    returned: () => diary.push("all have returned"),
  });
  // The services: they take each map, and say so.
  controlPlane.addresses.follow(({ value, revision }) => {
    const [target] = value["frontend"]?.["rate"] ?? [];
    diary.push(`frontend calls rate ${target?.via}`);
    setTimeout(() => controlPlane.addresses.acknowledge("services", revision), 1);
  }, "services");
  return { controlPlane, diary, entered, kept, finished, lines, peers, given };
}

const toRate = "frontend calls rate direct";
const throughFrontend = "frontend calls rate proxy";

describe("a rollout", () => {
  test("has the new side on before the callers move, and the old side off after", async () => {
    const { controlPlane, diary } = setUp();
    await controlPlane.apply(ingress);
    diary.length = 0;
    await controlPlane.apply(egress);
    expect(controlPlane.current).toBe(egress);
    expect(diary).toEqual([
      "# new side on",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      "# callers told",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      throughFrontend,
      "# old side off",
      "frontend has outbound/frontend",
      "rate forgotten",
    ]);
  });

  test("that a proxy refuses goes back, the callers never having moved", async () => {
    let refusing = false;
    const nack = { node: "frontend", typeUrl: "" as never, resources: [], message: "no" };
    const { controlPlane, diary } = setUp({
      outcome: (node) =>
        refusing && node === "frontend" ? { kind: "nacked", nacks: [nack] } : { kind: "acked" },
    });
    await controlPlane.apply(ingress);
    refusing = true;
    await expect(controlPlane.apply(egress)).rejects.toThrow('proxy "frontend": no');
    expect(controlPlane.current).toBe(ingress);
    expect(diary.filter((line) => line.startsWith("frontend calls"))).toEqual([toRate]);
    expect(controlPlane.proxies.latest?.value).toEqual(["rate"]);
  });

  test("that was cut off goes on from its stage, with the callers where they were", async () => {
    const first = setUp();
    await first.controlPlane.apply(ingress);
    await first.controlPlane.apply(egress);
    const callersTold = first.entered.find(({ stage }) => stage === 1);
    if (callersTold === undefined) throw new Error("a move has that stage");

    const { controlPlane, diary } = setUp();
    await controlPlane.resume(callersTold);
    expect(controlPlane.current).toBe(egress);
    expect(diary.slice(0, 2)).toEqual([toRate, "# callers told"]);
    expect(diary).toContain(throughFrontend);
    expect(diary.at(-1)).toBe("rate forgotten");
  });
});

describe("a build that others have to come before", () => {
  /** From one at ingress to one at egress, by one for all calls. */
  const nextBuild = async (current: Build, wanted: Build): Promise<Build> =>
    wanted === egress && current.input === ingress.input ? everywhere : wanted;
  const waysOf = (entered: readonly Rollout[]): readonly string[] => {
    const names = new Map(
      [ingress, egress, everywhere].map((each, at) => [each.input, ["ingress", "egress", "between"][at]]),
    );
    return entered.map(({ from, to, goal, stage }) =>
      [from, to, goal]
        .map((each) => names.get(each?.input ?? ingress.input) ?? "")
        .slice(0, goal === undefined ? 2 : 3)
        .concat(`${stage}`)
        .join(" "),
    );
  };
  const way = [
    ...[0, 1, 2].map((stage) => `ingress between egress ${stage}`),
    ...[0, 1, 2].map((stage) => `between egress ${stage}`),
  ];

  test("is rolled out after them, and what it comes to is known from the beginning", async () => {
    const marked: (readonly [isWanted: boolean, isFinal: boolean])[] = [];
    const { controlPlane, entered, finished } = setUp({
      nextBuild,
      pauses: { lingerMs: 10 },
      mark: ({ to }, isFinal) => void marked.push([to.input === egress.input, isFinal]),
    });
    await controlPlane.apply(ingress);
    entered.length = 0;
    marked.length = 0;
    await controlPlane.apply(egress, { isReturn: true });
    expect(waysOf(entered)).toEqual(way);
    expect(entered.every(({ isReturn }) => isReturn)).toBe(true);
    expect(controlPlane.current).toBe(egress);
    expect(finished.map(({ to }) => to.input)).toEqual([egress.input]);
    // Proxies are on the way to it until the last stage of all.
    expect(marked).toEqual(way.map((_, number) => [true, number === way.length - 1]));
  });

  test("is in force before the last of its rollouts, when only what was before is left to forget", async () => {
    const both = { ...everywhere, input: egress.input };
    const marked: (readonly [isWanted: boolean, isFinal: boolean])[] = [];
    const { controlPlane } = setUp({
      nextBuild: async (current, wanted) =>
        wanted === egress && current.input === ingress.input ? both : wanted,
      pauses: { lingerMs: 60_000 },
      mark: ({ to }, isFinal) => void marked.push([to.input === egress.input, isFinal]),
    });
    await controlPlane.apply(ingress);
    const turn = controlPlane.apply(egress);
    while (controlPlane.current?.input !== egress.input) await sleep(5);
    const newer = controlPlane.apply(other);
    expect([await turn, await newer]).toEqual(["done", "done"]);
    // Nor do proxies wait for more of it.
    expect(marked).toContainEqual([true, true]);
  });

  test("is gone on with by another process, from wherever it was", async () => {
    const first = setUp({ nextBuild, pauses: { lingerMs: 10 } });
    await first.controlPlane.apply(ingress);
    first.entered.length = 0;
    await first.controlPlane.apply(egress);
    for (const [number, cut] of first.entered.entries()) {
      const { controlPlane, entered } = setUp({ nextBuild, pauses: { lingerMs: 10 } });
      await controlPlane.resume(cut);
      expect(waysOf(entered)).toEqual(way.slice(number));
      expect(controlPlane.current?.input).toBe(egress.input);
    }
  });

  test("gives way to what is newer, which goes on from what is in force by then", async () => {
    const { controlPlane, entered } = setUp({ nextBuild, pauses: { lingerMs: 60_000 } });
    await controlPlane.apply(ingress);
    const turn = controlPlane.apply(egress);
    while (controlPlane.current?.input !== everywhere.input) await sleep(5);
    entered.length = 0;
    const newer = controlPlane.apply(ingress);
    expect(await turn).toBe("replaced");
    expect(await newer).toBe("done");
    expect(waysOf(entered)).toEqual([0, 1, 2].map((stage) => `between ingress ${stage}`));
  });
});

describe("a proxy that is away", () => {
  const policies = async (rate: string, geo: string): Promise<Build> => {
    const text = [["rate", rate] as const, ["geo", geo] as const].map(
      ([to, value]) =>
        `policy at_${to} ( act (Request r) context ('frontend -> ${to}') ) { [Ingress] SetHeader(r, '${to}', '${value}'); }`,
    );
    const { build: made } = await build(
      { policies: [{ path: "two.cup", text: text.join("\n") }], mesh },
      { cache },
    );
    if (made === undefined) throw new Error("the policies are good");
    return made;
  };

  async function withRateAway(stageTimeoutMs = 30_000) {
    const gone = new Set<string>();
    const all = setUp({
      // As the xDS server says of a node without a stream.
      outcome: async (node) => {
        if (!gone.has(node)) return { kind: "acked" };
        await sleep(5);
        return { kind: "timeout" };
      },
      pauses: { stageTimeoutMs, impatientMs: 10 },
    });
    await all.controlPlane.apply(await policies("a", "a"));
    const leave = (): void => {
      gone.add("rate");
      all.controlPlane.streams.disconnected("rate");
    };
    const comeBack = (): void => {
      gone.delete("rate");
      all.controlPlane.streams.connected("rate");
    };
    leave();
    all.diary.length = 0;
    return { ...all, leave, comeBack };
  }

  test("is not waited for by what does not concern it", async () => {
    const { controlPlane, diary } = await withRateAway();
    const next = await policies("a", "b");
    expect(await controlPlane.apply(next)).toBe("done");
    expect(controlPlane.current?.input).toEqual(next.input);
    expect(diary).not.toContain("waiting for rate: timeout");
  });

  test("is waited for by what concerns it, and that is shown to nobody before it is back", async () => {
    const { controlPlane, diary, comeBack } = await withRateAway();
    const applied = controlPlane.apply(await policies("b", "b"));
    await expect.poll(() => diary).toEqual(["waiting for rate: timeout"]);
    comeBack();
    expect(await applied).toBe("done");
  });

  test("makes such a change fail in the end, which is told of when it is back", async () => {
    const { controlPlane, diary, comeBack } = await withRateAway(50);
    await expect(controlPlane.apply(await policies("b", "b"))).rejects.toThrow(
      "[absent] it concerns proxies that are not connected, and is tried again when they are: rate",
    );
    expect(diary.filter((line) => line.startsWith("#"))).toEqual([]);
    comeBack();
    expect(diary.at(-1)).toBe("all have returned");
    comeBack();
    expect(diary.filter((line) => line === "all have returned")).toHaveLength(1);
    expect(await controlPlane.apply(await policies("b", "b"))).toBe("done");
  });

  test("is not waited for where only endpoints change", async () => {
    const { controlPlane } = await withRateAway();
    const text = mesh.text.replace("  geo: { ", "  geo: { replicas: 2, ");
    const { build: moved } = await build(
      { policies: (await policies("a", "a")).input.policies, mesh: { ...mesh, text } },
      { cache },
    );
    if (moved === undefined) throw new Error("the mesh is good");
    expect(await controlPlane.apply(moved)).toBe("done");
  });

  test("keeps a newer change from nothing", async () => {
    const { controlPlane, diary } = await withRateAway();
    const older = controlPlane.apply(await policies("b", "b"));
    await expect.poll(() => diary).toContain("waiting for rate: timeout");
    const newer = controlPlane.apply(await policies("a", "c"));
    expect([await older, await newer]).toEqual(["replaced", "done"]);
  });

  test("is waited for no longer since the change that waits is replaced again and again", async () => {
    const { controlPlane } = await withRateAway(200);
    const changes = [await policies("b", "b"), await policies("b", "c")];
    const became: Promise<unknown>[] = [];
    for (let count = 0; count < 12; count++) {
      became.push(controlPlane.apply(changes[count % 2] as Build).catch((error: unknown) => `${error}`));
      await sleep(50);
    }
    expect((await Promise.all(became)).slice(0, -1)).toContainEqual(expect.stringContaining("[absent]"));
  });

  test("is waited for as long again by what comes after one that was given up, or that it came back for", async () => {
    const { controlPlane, leave, comeBack } = await withRateAway(200);
    const isGivenUp = async (change: Build): Promise<void> => {
      const startedMs = performance.now();
      await expect(controlPlane.apply(change)).rejects.toThrow("[absent]");
      expect(performance.now() - startedMs).toBeGreaterThan(150);
    };
    const change = await policies("b", "b");
    await isGivenUp(change);
    await isGivenUp(change);
    const applied = controlPlane.apply(change);
    await sleep(120);
    comeBack();
    expect(await applied).toBe("done");
    leave();
    await isGivenUp(await policies("c", "b"));
  });

  test("after the callers have been told, is waited for, and what it may lead to stays", async () => {
    let isGone = false;
    const { controlPlane, diary } = setUp({
      outcome: async (node) => {
        if (!isGone || node !== "frontend") return { kind: "acked" };
        await sleep(5);
        return { kind: "timeout" };
      },
      pauses: { stageTimeoutMs: 10, impatientMs: 1 },
    });
    await controlPlane.apply(egress);
    await controlPlane.apply(ingress);
    diary.length = 0;
    isGone = true;
    controlPlane.streams.disconnected("frontend");
    const applied = controlPlane.resume({
      ...{ from: ingress, to: egress, stage: 1, off: [], followers: [], former: new Map(), left: [] },
    });
    // So long that it would be over where nobody was waited for.
    await sleep(400);
    expect(diary).toContain("# callers told");
    expect(diary).not.toContain("# old side off");
    isGone = false;
    expect(await applied).toBe("done");
    expect(diary).toContain("# old side off");
  });
});

describe("a proxy that is made to leave", () => {
  /** `rate` is away, as the xDS server says of a node without a stream, until it is told otherwise. */
  async function withRateAway(pauses: Partial<Pauses> = {}, staged?: Staged) {
    let isAway = false;
    const all = setUp({
      outcome: async (node) => {
        if (!isAway || node !== "rate") return { kind: "acked" };
        await sleep(20);
        return { kind: "timeout" };
      },
      pauses: { stageTimeoutMs: 30_000, impatientMs: 10, ...pauses },
      ...(staged === undefined ? {} : { staged }),
    });
    await all.controlPlane.apply(everywhere);
    const comeBack = (): void => {
      isAway = false;
      all.controlPlane.streams.connected("rate");
    };
    isAway = true;
    all.controlPlane.streams.disconnected("rate");
    all.diary.length = 0;
    return { ...all, comeBack };
  }
  const done = { unknown: [], connected: [] };

  test("is waited for no more, by what waits now and by what comes later", async () => {
    const { controlPlane, diary } = await withRateAway();
    const applied = controlPlane.apply(other);
    await expect.poll(() => diary).toEqual(["waiting for rate: timeout"]);
    expect(await controlPlane.forceLeave(["rate"])).toEqual(done);
    expect(await applied).toBe("done");
    diary.length = 0;
    expect(await controlPlane.apply(everywhere)).toBe("done");
    expect(controlPlane.hasLeft("rate")).toBe(true);
    await sleep(50);
    // Nor is it told that somebody would.
    expect(diary).not.toContain("waiting for rate: timeout");
  });

  test("has what was not taken for its sake tried again", async () => {
    const { controlPlane, diary } = await withRateAway({ stageTimeoutMs: 20 });
    await expect(controlPlane.apply(other)).rejects.toThrow("[absent]");
    await controlPlane.forceLeave(["rate"]);
    expect(diary).toContain("all have returned");
    expect(await controlPlane.apply(other)).toBe("done");
  });

  test("lets go on what had told the callers already", async () => {
    const { controlPlane, diary } = await withRateAway({ stageTimeoutMs: 20 });
    const applied = controlPlane.resume({
      ...{ from: everywhere, to: other, stage: 1, off: [], followers: [], former: new Map(), left: [] },
    });
    await sleep(200);
    expect(diary).not.toContain("# old side off");
    await controlPlane.forceLeave(["rate"]);
    expect(await applied).toBe("done");
  });

  test("is waited for again once it has connected", async () => {
    const { controlPlane, diary, comeBack } = await withRateAway();
    await controlPlane.forceLeave(["rate"]);
    comeBack();
    expect(controlPlane.hasLeft("rate")).toBe(false);
    controlPlane.streams.disconnected("rate");
    void controlPlane.apply(other);
    await expect.poll(() => diary).toContain("waiting for rate: timeout");
    await controlPlane.forceLeave(["rate"]);
  });

  test("has left over a restart, until it has connected", async () => {
    const { controlPlane, kept, comeBack } = await withRateAway();
    await controlPlane.forceLeave(["rate"]);
    const [last] = kept.slice(-1);
    if (last === undefined) throw new Error("that it has left is kept");
    expect(last.left).toEqual(["rate"]);

    const next = await withRateAway({ stageTimeoutMs: 20 });
    expect(await next.controlPlane.resume(last)).toBe("done");
    expect(next.controlPlane.hasLeft("rate")).toBe(true);
    expect(await next.controlPlane.apply(other)).toBe("done");
    expect(next.entered.at(-1)?.left).toEqual(["rate"]);
    // One that runs must not be taken for gone by the process after this.
    comeBack();
    await expect.poll(() => kept.at(-1)?.left).toEqual([]);
    next.comeBack();
    await next.controlPlane.resume(last);
    expect(next.controlPlane.hasLeft("rate")).toBe(false);
  });

  test("has left also where that cannot be kept, which is told of", async () => {
    const { controlPlane } = setUp({ unkept: new WireError("state", "the disk is full") });
    await controlPlane.apply(everywhere);
    controlPlane.streams.disconnected("rate");
    expect(await controlPlane.forceLeave(["rate"])).toEqual({
      ...done,
      unkept: "[state] the disk is full",
    });
    expect(controlPlane.hasLeft("rate")).toBe(true);
  });

  test("is waited for again where there is to be one again", async () => {
    const { controlPlane, finished } = await withRateAway();
    await controlPlane.forceLeave(["rate"]);
    expect(await controlPlane.apply(egress)).toBe("done");
    expect(controlPlane.hasLeft("rate")).toBe(false);
    expect(finished.at(-1)?.left).toEqual([]);
  });

  test("is not late with a switch, and nobody asks how it fares", async () => {
    const asked: string[] = [];
    const { controlPlane } = await withRateAway(
      { switchTimeoutMs: 50 },
      {
        sizes: [{ kind: "services", services: ["rate"] }],
        watch: async ({ proxies }) => {
          asked.push(...proxies);
          return { judged: async () => ({ health: new Map() }) };
        },
      },
    );
    expect(await controlPlane.switchOff(["mark"])).toEqual({ late: ["rate"] });
    await controlPlane.forceLeave(["rate"]);
    expect(await controlPlane.switchOff([])).toEqual({ late: [] });
    expect(await controlPlane.apply(other)).toBe("done");
    expect(asked).toContain("geo");
    expect(asked).not.toContain("rate");
  });

  test("is not waited for by a first build", async () => {
    const { controlPlane, diary } = setUp({
      outcome: async (node) => {
        if (node !== "rate") return { kind: "acked" };
        await sleep(5);
        return { kind: "timeout" };
      },
      pauses: { stageTimeoutMs: 10, impatientMs: 1 },
    });
    const applied = controlPlane.apply(everywhere);
    await expect.poll(() => diary).toContain("waiting for rate: timeout");
    controlPlane.streams.disconnected("rate");
    await controlPlane.forceLeave(["rate"]);
    expect(await applied).toBe("done");
  });

  test("cannot be one that is connected, or that there is not, and then none is", async () => {
    const { controlPlane } = await withRateAway();
    expect(await controlPlane.forceLeave(["rate", "geo", "nobody"])).toEqual({
      unknown: ["nobody"],
      connected: ["geo"],
    });
    expect(controlPlane.hasLeft("rate")).toBe(false);
  });
});

describe("a staged rollout", () => {
  /** Canaries first; `reasons` why a wave is not healthy, one after the other, and then no more. */
  function watching(...reasons: (string | undefined)[]): Staged & { readonly watched: string[] } {
    const watched: string[] = [];
    const of = (all: readonly string[]): string => all.join();
    return {
      sizes: [{ kind: "count", count: 1 }],
      watched,
      watch: async ({ proxies, fresh }) => {
        watched.push(fresh.length === 0 ? of(proxies) : `${of(proxies)} with ${of(fresh)} new`);
        return {
          judged: async () => {
            const reason = reasons.shift();
            return { health: new Map(), ...(reason === undefined ? {} : { reason }) };
          },
        };
      },
    };
  }

  const waves = ["# wave", "wave 1 of 2: geo healthy"];
  const stages = ["# new side on", "# callers told", "# old side off"];
  const isOfStages = (line: string): boolean => !line.includes(" has ") && !line.startsWith("frontend calls");

  async function inForce(staged: Staged, outcome?: (node: string) => Outcome | Promise<Outcome>) {
    const all = setUp({ ...(outcome === undefined ? {} : { outcome }), staged });
    await all.controlPlane.apply(everywhere);
    all.diary.length = 0;
    all.given.clear();
    all.entered.length = 0;
    return all;
  }

  test("comes to the canary first, and to the others when that is healthy", async () => {
    const staged = watching();
    const { controlPlane, diary, entered } = await inForce(staged);
    await controlPlane.apply(other);
    expect(diary.filter(isOfStages)).toEqual([
      "in 2 waves",
      ...waves,
      ...stages,
      "wave 2 of 2: geo,rate healthy",
    ]);
    expect(staged.watched).toEqual(["geo", "geo,rate"]);
    expect(controlPlane.current).toBe(other);
    expect(controlPlane.wave).toBeUndefined();
    expect(entered.map(({ wave }) => wave)).toEqual([
      { waves: [["geo"], ["rate"]], index: 0 },
      ...[undefined, undefined, undefined],
    ]);
  });

  test("goes back where the canary is not healthy, and no other proxy has ever had it", async () => {
    const { controlPlane, entered, given } = await inForce(watching("its VM failed"));
    const before = setUp();
    await before.controlPlane.apply(everywhere);
    await expect(controlPlane.apply(other)).rejects.toThrow("its VM failed");
    expect(controlPlane.current).toBe(everywhere);
    expect(given.get("rate")).toEqual(before.given.get("rate"));
    const [had] = before.given.get("geo") ?? [];
    expect(given.get("geo")).toEqual([expect.not.stringMatching(`^${had}$`), had]);
    // What is kept is that nothing is on its way.
    expect(entered.at(-1)).toMatchObject({ from: everywhere, to: everywhere });
    expect(entered.at(-1)?.wave).toBeUndefined();
  });

  test("goes back where the last wave is not healthy", async () => {
    const { controlPlane, given } = await inForce(watching(undefined, "too many failures"));
    await expect(controlPlane.apply(other)).rejects.toThrow("too many failures");
    expect(controlPlane.current).toEqual(everywhere);
    const again = setUp();
    await again.controlPlane.apply(everywhere);
    for (const node of ["geo", "rate"]) expect(given.get(node)?.at(-1)).toBe(again.given.get(node)?.[0]);
  });

  test("goes back where the canary refuses it", async () => {
    let refusing = false;
    const nack = { node: "geo", typeUrl: "" as never, resources: [], message: "no" };
    const { controlPlane, diary, given } = await inForce(watching(), (node) =>
      refusing && node === "geo" ? { kind: "nacked", nacks: [nack] } : { kind: "acked" },
    );
    refusing = true;
    await expect(controlPlane.apply(other)).rejects.toThrow('proxy "geo": no');
    expect(given.get("rate")).toHaveLength(1);
    expect(diary).not.toContain("# callers told");
    expect(controlPlane.current).toBe(everywhere);
  });

  test("is not begun where nobody tells how the canary fares", async () => {
    const staged: Staged = {
      sizes: [{ kind: "count", count: 1 }],
      watch: async () => {
        throw new WireError("health", "nobody answers");
      },
    };
    const { controlPlane, diary } = await inForce(staged);
    await expect(controlPlane.apply(other)).rejects.toThrow("nobody answers");
    expect(diary).not.toContain("# wave");
    expect(controlPlane.current).toBe(everywhere);
  });

  test("that was cut off in a wave goes on in that wave", async () => {
    const first = await inForce(watching());
    await first.controlPlane.apply(other);
    const [inWave] = first.entered;
    if (inWave === undefined) throw new Error("a wave was entered");
    const staged = watching();
    const second = setUp({ staged });
    await second.controlPlane.resume(inWave);
    expect(second.diary.filter(isOfStages)).toEqual([...waves, ...stages, "wave 2 of 2: geo,rate healthy"]);
    expect(second.controlPlane.current).toBe(other);
    expect(staged.watched).toEqual(["geo", "geo,rate"]);

    const third = setUp({ staged: watching("its VM failed") });
    await expect(third.controlPlane.resume(inWave)).rejects.toThrow("its VM failed");
    expect(third.controlPlane.current).toBe(everywhere);
    expect(third.given.get("rate")).toHaveLength(1);
  });

  test("that was found healthy is not judged again by a restart, nor after a switch", async () => {
    const first = await inForce(watching());
    await first.controlPlane.apply(other);
    const off = ["else"];
    await first.controlPlane.switchOff(off);
    for (const last of [...first.finished, ...first.kept].slice(-2)) {
      const staged = watching("its VM failed");
      const second = setUp({ staged, off: last.off });
      expect(await second.controlPlane.resume(last)).toBe("done");
      expect(staged.watched).toEqual([]);
      for (const node of ["geo", "rate"])
        expect(second.given.get(node)?.at(-1)).toBe(first.given.get(node)?.at(-1));
    }
    expect([...first.finished, ...first.kept].slice(-2).map(({ off }) => off)).toEqual([[], off]);
  });

  test("makes way for a newer one", async () => {
    const staged: Staged = {
      sizes: [{ kind: "count", count: 1 }],
      watch: async () => ({
        judged: async (cut) => {
          if (!cut.aborted) await new Promise((resolve) => cut.addEventListener("abort", resolve));
          return { health: new Map() };
        },
      }),
    };
    const { controlPlane, diary } = await inForce(staged);
    const older = controlPlane.apply(other);
    await expect.poll(() => diary).toContain("# wave");
    const newer = controlPlane.apply(everywhere);
    expect(await older).toBe("replaced");
    expect(await newer).toBe("done");
    expect(controlPlane.current?.input).toEqual(everywhere.input);
  });

  test("of what moves comes to all together, and goes back by its stages", async () => {
    const staged = watching("too many failures");
    const all = setUp({ staged });
    await all.controlPlane.apply(ingress);
    all.diary.length = 0;
    await expect(all.controlPlane.apply(egress)).rejects.toThrow("too many failures");
    expect(all.diary).toEqual([
      "moved",
      "# new side on",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      "# callers told",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      throughFrontend,
      "# old side off",
      "frontend has outbound/frontend",
      "rate forgotten",
      "wave 1 of 1: frontend too many failures",
      "# new side on",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      "# callers told",
      "frontend has outbound/frontend",
      "rate has inbound/rate",
      toRate,
      "# old side off",
      "rate has inbound/rate",
      "frontend forgotten",
    ]);
    expect(staged.watched).toEqual(["frontend with frontend new"]);
    expect(all.controlPlane.current?.input).toEqual(ingress.input);
    expect(all.entered.slice(-3).every(({ isReturn }) => isReturn)).toBe(true);
  });

  test("is not one of endpoints", async () => {
    const staged = watching("too many failures");
    const { controlPlane, diary } = await inForce(staged);
    const place = { ...mesh, text: mesh.text.replace("  rate: { ", "  rate: { replicas: 2, ") };
    const { build: moved } = await build({ policies: everywhere.input.policies, mesh: place }, { cache });
    if (moved === undefined) throw new Error("the mesh is good");
    await controlPlane.apply(moved);
    expect(diary.filter(isOfStages)).toEqual(stages);
    expect(staged.watched).toEqual([]);
    // What comes with others comes to all proxies, and is watched.
    await expect(controlPlane.apply(other)).rejects.toThrow("too many failures");
    expect(diary).toContain("rerouted");
    expect(diary).not.toContain("# wave");
  });

  test("is what a return is not", async () => {
    const staged = watching("never asked");
    const { controlPlane, diary } = await inForce(staged);
    await controlPlane.apply(other, { isReturn: true });
    expect(diary.filter(isOfStages)).toEqual(stages);
    expect(staged.watched).toEqual([]);
    expect(controlPlane.current).toBe(other);
  });

  test("has what is switched off meanwhile off, in the canary and elsewhere", async () => {
    const verdict = Promise.withResolvers<undefined>();
    const staged = watching();
    const { controlPlane, diary, lines } = await inForce({
      ...staged,
      watch: async () => ({
        judged: async () => {
          await verdict.promise;
          return { health: new Map() };
        },
      }),
    });
    const applied = controlPlane.apply(other);
    await expect.poll(() => diary).toContain("# wave");
    expect(controlPlane.wave).toEqual({ wave: 1, of: 2, proxies: ["geo"] });
    await controlPlane.switchOff(["mark"]);
    expect([lines.get("geo"), lines.get("rate")]).toEqual([["mark\tinbound\t-"], ["mark\tinbound\t-"]]);
    verdict.resolve(undefined);
    await applied;
    expect([lines.get("geo"), lines.get("rate")]).toEqual([["mark\tinbound\t-"], ["mark\tinbound\t-"]]);
  });
});

describe("a place that a service has left", () => {
  const from = (...hosts: readonly number[]): string =>
    mesh.text.replace(
      "calls:",
      `endpoints: { frontend: [${hosts.map((host) => `{ address: 10.0.0.${host}, port: 80 }`).join(", ")}] }\ncalls:`,
    );
  /** `geo` calls it too, so that callers are told apart. */
  const other = (text: string): string => `${text}  geo: [rate]\n`;
  const places = async (...hosts: readonly number[]): Promise<Build> => {
    const text =
      "policy mark ( act (Request r) context ('frontend -> rate') ) { [Ingress] SetHeader(r, 'mark', 'x'); }";
    const result = await build(
      { policies: [{ path: "mark.cup", text }], mesh: { ...mesh, text: other(from(...hosts)) } },
      { cache },
    );
    if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
    return result.build;
  };

  test("is known for as long as what is in hand there may take, also after a restart", async () => {
    const first = setUp({ pauses: { lingerMs: 1_000 } });
    await first.controlPlane.apply(await places(1, 2));
    expect(first.peers.get("rate")).toEqual(["10.0.0.1,10.0.0.2,127.2.0.1"]);
    await first.controlPlane.apply(await places(2));
    const known = ["10.0.0.2,127.2.0.1,10.0.0.1"];
    expect(first.peers.get("rate")).toEqual(known);
    await first.controlPlane.switchOff(["else"]);
    const last = first.kept.at(-1);
    if (last === undefined) throw new Error("a switch is kept");
    expect(last.former).toEqual(new Map([["frontend", ["10.0.0.1"]]]));

    const second = setUp({ pauses: { lingerMs: 1_000 } });
    await second.controlPlane.resume({ ...last, from: last.to });
    expect(second.peers.get("rate")).toEqual(known);
    await expect
      .poll(() => [first, second].map(({ peers }) => peers.get("rate")), { timeout: 10_000 })
      .toEqual([["10.0.0.2,127.2.0.1"], ["10.0.0.2,127.2.0.1"]]);
    expect(first.kept.at(-1)).toMatchObject({ stage: 0, former: new Map() });
  });
});

describe("a switch", () => {
  const on = ["mark\tinbound\t*"];
  const off = ["mark\tinbound\t-"];

  test("changes the configuration of what is there, and nothing else", async () => {
    const { controlPlane, diary, lines } = setUp();
    await controlPlane.apply(ingress);
    expect(lines.get("rate")).toEqual(on);
    diary.length = 0;
    expect(await controlPlane.switchOff(["mark", "else", "mark"])).toEqual({ late: [] });
    expect([controlPlane.off, lines.get("rate")]).toEqual([["else", "mark"], off]);
    expect(diary).toEqual(["# off: else, mark", "rate has inbound/rate"]);
    expect(controlPlane.current).toBe(ingress);
    await controlPlane.switchOff([]);
    expect([controlPlane.off, lines.get("rate")]).toEqual([[], on]);
  });

  test("stays over a change, on both sides of it, and over a restart", async () => {
    const first = setUp();
    await first.controlPlane.apply(ingress);
    await first.controlPlane.switchOff(["mark"]);
    first.controlPlane.proxies.follow(() => {
      for (const [node, own] of first.lines) first.diary.push(`${node}: ${own.join()}`);
    });
    first.diary.length = 0;
    await first.controlPlane.apply(egress);
    expect(first.diary.filter((line) => line.includes("mark\t"))).not.toContainEqual(
      expect.stringMatching(/frontend$|rate$/),
    );
    expect(first.lines.get("frontend")).toEqual(["mark\toutbound\t-"]);

    const [last] = first.entered.slice(-1);
    if (last === undefined) throw new Error("something was entered");
    expect(last.off).toEqual(["mark"]);
    const second = setUp({ off: last.off });
    await second.controlPlane.resume(last);
    expect(second.lines.get("frontend")).toEqual(["mark\toutbound\t-"]);
  });

  test("waits for no rollout", async () => {
    const answers: (() => void)[] = [];
    let stuck = false;
    const { controlPlane, lines } = setUp({
      outcome: (node) =>
        stuck && node === "frontend"
          ? new Promise<Outcome>((resolve) => answers.push(() => resolve({ kind: "acked" })))
          : { kind: "acked" },
    });
    await controlPlane.apply(ingress);
    stuck = true;
    const moving = controlPlane.apply(egress);
    await sleep(10);
    expect(lines.get("frontend")).toEqual(["mark\toutbound\trate"]);
    const switching = controlPlane.switchOff(["mark"]);
    await sleep(10);
    expect([lines.get("rate"), lines.get("frontend")]).toEqual([off, ["mark\toutbound\t-"]]);
    stuck = false;
    for (const answer of answers) answer();
    expect(await switching).toEqual({ late: [] });
    expect(await moving).toBe("done");
    expect(controlPlane.current).toBe(egress);
    expect(lines.get("frontend")).toEqual(["mark\toutbound\t-"]);
  });

  test("that cannot be kept is done, and says so", async () => {
    const { controlPlane, lines } = setUp({ unkept: new WireError("state", "the disk is full") });
    await controlPlane.apply(ingress);
    expect(await controlPlane.switchOff(["mark"])).toEqual({
      late: [],
      unkept: "[state] the disk is full",
    });
    expect([controlPlane.off, lines.get("rate")]).toEqual([["mark"], off]);
  });

  test("tells whose proxies have not taken it", async () => {
    let away = false;
    const { controlPlane, lines } = setUp({
      outcome: () => (away ? { kind: "timeout" } : { kind: "acked" }),
    });
    await controlPlane.apply(ingress);
    away = true;
    expect(await controlPlane.switchOff(["mark"])).toEqual({ late: ["rate"] });
    expect(lines.get("rate")).toEqual(off);
  });
});

describe("a first build", () => {
  test("waits for its proxies, and tells no caller before", async () => {
    let isThere = false;
    let answer = (_: Outcome): void => {};
    const { controlPlane, diary } = setUp({
      outcome: () =>
        isThere
          ? { kind: "acked" }
          : new Promise<Outcome>((resolve) => {
              answer = resolve;
            }),
    });
    const applied = controlPlane.apply(ingress);
    await sleep(50);
    expect(diary).not.toContain(toRate);
    answer({ kind: "timeout" });
    await sleep(10);
    expect(diary).toContain("waiting for rate: timeout");
    isThere = true;
    answer({ kind: "acked" });
    await applied;
    expect(diary).toContain(toRate);
  });

  test("is replaced by a newer one while it waits", async () => {
    const { controlPlane, diary } = setUp({
      outcome: (node) => (node === "rate" ? new Promise<Outcome>(() => {}) : { kind: "acked" }),
    });
    const never = controlPlane.apply(ingress);
    await sleep(10);
    await controlPlane.apply(egress);
    expect(await never).toBe("replaced");
    expect(controlPlane.current).toBe(egress);
    expect(diary).not.toContain(toRate);
    expect(diary.slice(-2)).toEqual([throughFrontend, "rate forgotten"]);
  });
});
