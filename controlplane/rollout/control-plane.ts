import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { WireError } from "../error/wire-error.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Build } from "../pipeline/build.ts";
import type { Outcome } from "../server/node.ts";
import type { Mark } from "../server/receipts.ts";
import type { XdsServer } from "../server/xds-server.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { inconsistencies } from "../xds/inconsistencies.ts";
import { layoutOf } from "../xds/laid-chain.ts";
import { layOut } from "../xds/lay-out.ts";
import { byType, type ProxySnapshot } from "../xds/snapshot.ts";
import { absence, absent } from "./absence.ts";
import { createAcknowledgements } from "./acknowledgements.ts";
import { concernedBy } from "./concerned-by.ts";
import { createFeed, type Feed } from "./feed.ts";
import { latestWins, type Turn } from "./latest-wins.ts";
import { type Pauses, usualPauses } from "./pauses.ts";
import { createPresence } from "./presence.ts";
import { type Begun, type Rollout, toldIn, type WaveProgress } from "./rollout.ts";
import { type Senders, sendersBeside, sendersOf, union } from "./senders.ts";
import { finalStage, type Stage, type Standing, stagesOf, waveStage } from "./stages.ts";
import type { HealthWatch, Verdict } from "./watch-health.ts";
import { changedProxies, inForceOf, type WaveSizes, type Waves, waves } from "./waves.ts";

/** How changes come to some proxies before the others, and all of them go back where these are not healthy. */
export interface Staged {
  readonly sizes: WaveSizes;
  /** Looks from now on how the proxies of these services of a mesh fare; those of `fresh` have just been made or are yet to be. */
  watch(watched: {
    readonly proxies: readonly string[];
    readonly fresh: readonly string[];
    readonly mesh: Mesh;
  }): Promise<HealthWatch>;
}

/** What became of a switch. */
export interface SwitchedOff {
  /** Services whose proxies have not taken it in time, and will when they answer again; none when it is in force everywhere. */
  readonly late: readonly string[];
  /** Why it is not kept: it is done all the same, and a restart knows nothing of it. */
  readonly unkept?: string;
}

/** What cannot leave; nothing where all have left. */
export interface Staying {
  /** Services without a proxy. */
  readonly unknown: readonly string[];
  /** Services whose proxies are connected. */
  readonly connected: readonly string[];
  /** Why it is not kept that they have left: a restart knows nothing of it. */
  readonly unkept?: string;
}

export interface ControlPlane {
  /** The build in force, once one is. */
  readonly current: Build | undefined;
  /** Names of the policies that are switched off, sorted, whether there are such policies or not. */
  readonly off: readonly string[];
  /** Of a staged rollout, while one runs. */
  readonly wave: WaveProgress | undefined;
  /**
   * The services that shall have a running proxy. Followed by whoever runs the proxies, and acknowledged once none is there any more of those that
   * were to go and are wanted again: nobody is led to a proxy before that.
   */
  readonly proxies: Feed<readonly string[]>;
  /** Where each service finds what it calls. Followed, and acknowledged, by the services. */
  readonly addresses: Feed<AddressMap>;
  /**
   * Roll a build out; resolves when it is in force everywhere, or when a newer one has taken its place. One runs at a time, the newest
   * waits for it. Rejects when the proxies do not take it, or are not healthy with it; then what was in force goes on. With `isReturn` it
   * comes to all proxies together, and is not judged. Where a proxy that it concerns is not connected it rejects with the code of `absent`.
   */
  apply(build: Build, how?: { readonly isReturn?: boolean }): Promise<Turn>;
  /** Go on with a rollout that another process began, from the stage that it was in. */
  resume(rollout: Rollout): Promise<Turn>;
  /**
   * Switch exactly these policies off, and all others on, at once: in the stage in which the mesh is, without waiting for a rollout.
   */
  switchOff(names: readonly string[]): Promise<SwitchedOff>;
  /** Nobody waits any more for the proxies of these services, until they connect again. All of them leave, or none. */
  forceLeave(services: readonly string[]): Promise<Staying>;
  hasLeft(service: string): boolean;
  /** What the proxies' streams do, to be told by whoever runs the xDS server. */
  readonly streams: {
    connected(node: string): void;
    disconnected(node: string): void;
  };
}

/** The number of the last stage of a rollout. */
const lastStage = 2;

/** What is shown, whatever is switched off and however long it is shown. `isOver`: the rollout has ended, and all that was to be said of it is said. */
type Shown = Omit<Rollout, "off" | "former" | "left"> & { readonly isOver?: true };

export interface ControlPlaneOptions {
  readonly ads: Pick<XdsServer, "setSnapshot" | "removeNode" | "waitForAcks">;
  /** Called before each stage; the stage begins when it resolves. What is kept here is what `resume` takes. */
  entering(rollout: Rollout, stage: Stage): Promise<void>;
  /** Called with the rollout that is there when other policies are switched off, of which proxies are told when it resolves, or others have left. To be kept too. */
  switching(rollout: Rollout): Promise<void>;
  /** Called when a rollout has ended well, with one from its build to the same. To be kept too: else a restart would judge once more what was found good. */
  readonly finished?: (rollout: Rollout) => Promise<void>;
  /** Called when a proxy takes long, and now and then while a first build waits for one that has not come or refuses what it is sent. */
  waiting(node: string, outcome: Exclude<Outcome, { readonly kind: "acked" }>): void;
  /** Called when a rollout begins, and when it ends: with the reason where it failed. What waits for its turn has not begun. */
  readonly begun?: (rollout: Begun) => void;
  readonly ended?: (outcome: Turn | "failed", cause?: unknown) => void;
  /** Absent, all proxies get a change together, and nobody looks how they fare with it. */
  readonly staged?: Staged;
  /** Called before a staged rollout begins, and when the time of a wave is over. */
  readonly planned?: (plan: Waves) => void;
  readonly judged?: (progress: WaveProgress, verdict: Verdict) => void;
  readonly pauses?: Partial<Pauses>;
  /**
   * What is rolled out next on the way from what is in force to what is wanted. By default that itself. With `mayForget` nothing is under way any more that began
   * before what is in force came to be.
   */
  readonly nextBuild?: (current: Build, wanted: Build, mayForget: boolean) => Promise<Build>;
  /** The last change was not taken since proxies that it concerns were not connected, and now all are. */
  readonly returned?: () => void;
  /** Policies that are switched off from the beginning. */
  readonly off?: readonly string[];
  /** What to tell the xDS server that proxies are shown; with `isFinal` nothing comes after it. Nothing by default. */
  readonly mark?: (shown: Pick<Rollout, "to" | "off">, isFinal: boolean) => Mark | undefined;
}

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { ads, entering, switching, waiting, staged } = options;
  const { settleMs, stageTimeoutMs, impatientMs, replacedMs, switchTimeoutMs, lingerMs } = {
    ...usualPauses,
    ...options.pauses,
  };
  const proxies = createFeed<readonly string[]>();
  const addresses = createFeed<AddressMap>();
  let current: Build | undefined;
  let off: readonly string[] = options.off ?? [];
  let progress: WaveProgress | undefined;
  /** Told of the nodes that are left when some are let go of. */
  const forgetting = new Set<(left: ReadonlySet<string>) => void>();
  /** The stages that were made last. */
  let made: (Parameters<typeof stagesTo>[0] & { readonly stages: readonly Stage[] }) | undefined;
  /** A stage that is none of three. */
  let alone: (Pick<Shown, "from" | "to" | "wave"> & { readonly stage: Stage }) | undefined;
  /** By service what was last found to lead somewhere. */
  const consistent = new Map<string, ProxySnapshot>();
  /** The stage that the proxies have been told of. */
  let shown: Shown | undefined;
  /** What was left at one time each. */
  const left = new Set<Senders>();
  let last: Promise<unknown> = Promise.resolve();
  /** Every node that has been given something. */
  let nodes: ReadonlySet<string> = new Set();
  const inTurn = latestWins();
  const presence = createPresence();
  const acknowledged = createAcknowledgements({
    ...{ ads, presence, waiting },
    supervised: () => proxies.acknowledged(stageTimeoutMs),
    pauses: { impatientMs, stageTimeoutMs },
  });
  /** The proxies that the last change concerned. */
  let concerns: ReadonlySet<string> = new Set();
  /** Proxies that are waited for before a change is shown to anybody, and since when: also by the changes whose place it took. */
  let awaited: ReadonlyMap<string, number> = new Map();
  /** Whether it was not taken since some of these were not connected. */
  let isToReturn = false;

  /** What is kept and what is shown change together, whoever changes them. */
  function oneByOne<T>(act: () => Promise<T>): Promise<T> {
    const mine = last.then(act);
    last = mine.catch(() => undefined);
    return mine;
  }

  function stageOf({ from, to, stage, wave }: Shown, back: readonly string[] = []): Stage {
    const standing: Standing = { off, ...(back.length === 0 ? {} : { back }), former: union(left) };
    if (from !== undefined && wave === undefined) return stageIn({ from, to, standing }, stage);
    const like = alone?.from === from && alone?.to === to && alone.wave === wave ? alone.stage : undefined;
    const next =
      from !== undefined && wave !== undefined
        ? waveStage(from, to, toldIn(wave), standing, like)
        : finalStage(to, standing, like);
    alone = {
      to,
      ...(from === undefined ? {} : { from }),
      ...(wave === undefined ? {} : { wave }),
      stage: next,
    };
    return next;
  }

  function stageIn(rollout: Parameters<typeof stagesTo>[0], index: number): Stage {
    const stage = stagesTo(rollout)[index];
    assert(stage !== undefined, "a rollout has three stages");
    return stage;
  }

  /** The three follow from the same, so they are made together, once. */
  function stagesTo(next: {
    readonly from: Build;
    readonly to: Build;
    readonly standing: Standing;
  }): readonly Stage[] {
    const { from, to, standing } = next;
    if (made?.from === from && made.to === to && isDeepStrictEqual(made.standing, standing))
      return made.stages;
    const like = made?.from === from && made.to === to ? made.stages : [];
    made = { ...next, stages: stagesOf(from, to, standing, like) };
    return made.stages;
  }

  /** What has to be kept of what is shown. */
  function kept({ isOver, ...shown }: Shown): Rollout {
    const { to, followers } = shown;
    const rollout = isOver === true ? { from: to, to, stage: 0, followers } : shown;
    return { ...rollout, off, former: union(left), left: presence.left() };
  }

  /** Keep what is shown as it is now; why not, where that fails. */
  async function keep(): Promise<string | undefined> {
    if (shown === undefined) return undefined;
    try {
      await switching(kept(shown));
      return undefined;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return error.message;
    }
  }

  /** The rollout to this build has ended, and that is kept where it can be. */
  async function finish(to: Build): Promise<void> {
    await oneByOne(async () => {
      if (shown?.from === undefined || shown.to !== to) return;
      const { goal, ...last } = shown;
      shown = { ...last, isOver: true };
      await options.finished?.(kept(shown)).catch(() => undefined);
      // What proxies have is a step on the way no more.
      if (goal !== undefined) showAgain();
    });
  }

  /** The mesh has moved on: services are known for a while by where they were, too. */
  function leave(before: Mesh, after: Mesh): void {
    linger(sendersBeside({ mesh: after, senders: sendersOf(before) }));
  }

  function linger(senders: Senders): void {
    if (senders.size === 0) return;
    left.add(senders);
    setTimeout(() => void oneByOne(() => forgetSenders(senders)), lingerMs).unref();
  }

  /** Not in the midst of a rollout, which has what it began with until it ends: they are known as long again. */
  async function forgetSenders(senders: Senders): Promise<void> {
    // Nor while a proxy may still lead to where they were.
    if (shown !== undefined && (shown.to !== current || awayOf(nodes).length > 0)) {
      linger(senders);
      return;
    }
    left.delete(senders);
    if (shown === undefined) return;
    shown = { from: shown.to, to: shown.to, stage: 0, followers: addresses.followers };
    const stage = stageOf(shown);
    // Where it cannot be kept, the next process knows them a while longer.
    await switching(kept(shown)).catch(() => undefined);
    show(stage);
  }

  /** Whom a rollout concerns from where it is on. Its waves are mixtures of what is before and after. */
  function concernedIn({
    from,
    to,
    stage,
  }: Required<Pick<Begun, "from" | "to" | "stage">>): ReadonlySet<string> {
    const standing: Standing = { off, former: union(left) };
    return concernedBy(stagesTo({ from, to, standing }).slice(stage), finalStage(from, standing));
  }

  function lookForReturn(): void {
    if (!isToReturn || awayOf(concerns).length > 0) return;
    isToReturn = false;
    options.returned?.();
  }

  /** Those that were given something, are not connected, and may come back. */
  function awayOf(some: Iterable<string>): readonly string[] {
    return [...some].filter(
      (node) => nodes.has(node) && !presence.isConnected(node) && !presence.hasLeft(node),
    );
  }

  /** The stage, once the proxies have been told of it. */
  function enter(rollout: Begun): Promise<Stage> {
    return oneByOne(async () => {
      const next = { ...rollout, followers: addresses.followers };
      const stage = stageOf(next);
      await entering(kept(next), stage);
      shown = next;
      show(stage);
      return stage;
    });
  }

  /** Of what is shown now to the proxy of a service. While `back` policies close what they refuse, there is more to come. */
  function marking(back: readonly string[]): (service: string) => Mark | undefined {
    assert(shown !== undefined, "what is marked is shown");
    const { from, to, goal, stage, wave } = shown;
    const isWhole = back.length === 0 && goal === undefined;
    if (from !== undefined && wave !== undefined) {
      const told = new Set(toldIn(wave));
      const [old, next] = [from, goal ?? to].map((build) => options.mark?.({ to: build, off }, isWhole));
      return (service) => (told.has(service) ? next : old);
    }
    const isFinal = from === undefined || from === to || stage === lastStage;
    const mark = options.mark?.({ to: goal ?? to, off }, isFinal && isWhole);
    return () => mark;
  }

  function show(stage: Stage, back: readonly string[] = []): void {
    const markOf = marking(back);
    // Before anybody has been told of anything: what leads nowhere stays here.
    for (const [service, snapshot] of stage.snapshots) {
      const known = consistent.get(service);
      if (known !== undefined && leadsTheSame(known, snapshot)) continue;
      const [fault, ...more] = inconsistencies(byTypeOnce(snapshot));
      if (fault !== undefined) {
        const rest = more.length === 0 ? "" : ` and ${more.length} more`;
        throw new WireError(
          "rollout",
          `what the proxy of "${service}" would be sent leads nowhere: ${fault}${rest}`,
        );
      }
      consistent.set(service, snapshot);
    }
    for (const [service, snapshot] of stage.snapshots)
      ads.setSnapshot(service, byTypeOnce(snapshot), markOf(service));
    nodes = new Set([...nodes, ...stage.snapshots.keys()]);
    proxies.publish([...stage.snapshots.keys()]);
  }

  function forget(stage: Stage): void {
    for (const node of nodes) {
      if (stage.snapshots.has(node)) continue;
      ads.removeNode(node);
      consistent.delete(node);
    }
    nodes = new Set(stage.snapshots.keys());
    presence.keep(nodes);
    for (const told of forgetting) told(nodes);
  }

  /** Resolves when all of these that were given something before are connected; rejects when some are not for too long. */
  async function areThere(concerned: ReadonlySet<string>, replaced: AbortSignal): Promise<Turn> {
    const away = (): readonly string[] => awayOf(concerned);
    const beganMs = performance.now();
    const before = awaited;
    awaited = new Map(away().map((node) => [node, before.get(node) ?? beganMs]));
    // Else what is saved again and again would wait for ever, and endpoints with it.
    const endMs = Math.min(beganMs, ...awaited.values()) + stageTimeoutMs;
    let told = false;
    const toldMs = beganMs + impatientMs;
    while (away().length > 0) {
      if (replaced.aborted) return "replaced";
      const nowMs = performance.now();
      if (nowMs >= endMs) {
        awaited = new Map();
        throw absence(away());
      }
      if (nowMs >= toldMs && !told) {
        told = true;
        for (const node of away()) waiting(node, { kind: "timeout" });
      }
      await presence.changed((told ? endMs : Math.min(endMs, toldMs)) - nowMs, replaced);
    }
    awaited = new Map();
    return "done";
  }

  async function tell(stage: Stage): Promise<void> {
    if (!addresses.publish(stage.addresses)) return;
    await addresses.acknowledged(stageTimeoutMs);
    await sleep(settleMs);
  }

  /** Who has to has answered: tell the callers, and let go of the proxies that it does without. */
  async function complete(stage: Stage, answered: () => Promise<unknown>): Promise<void> {
    await sleep(settleMs);
    // One that ended just after its answer must not be led to.
    await answered();
    await tell(stage);
    forget(stage);
  }

  /** Those that a stage depends on have answered, and the others that are to take something had their time. */
  async function answeredBy(stage: Stage, index: number, concerned: ReadonlySet<string>): Promise<void> {
    await Promise.all(
      [...stage.snapshots.keys()].map((node) => {
        // Nothing comes after it that depends on anybody.
        if (index === lastStage) return presence.isConnected(node) ? acknowledged.leftBy(node) : undefined;
        // Only before the callers have been told can it be taken back from one that does not answer.
        if (concerned.has(node)) return index === 0 ? acknowledged.by(node) : acknowledged.inTheEndBy(node);
        return presence.isConnected(node) ? acknowledged.offeredTo(node) : undefined;
      }),
    );
  }

  /** One rollout after the other, until what is wanted is in force. */
  async function run(rollout: Begun, replaced: AbortSignal): Promise<Turn> {
    for (let next = rollout; ; ) {
      const { goal, isReturn = false } = next;
      const turn = await runOne(next, replaced);
      if (turn === "replaced" || goal === undefined) return turn;
      next = await changeTo(goal, isReturn, true);
      if (next.goal === undefined) {
        // What is on its way since before has to be known until then.
        const over = sleep(lingerMs, undefined, { ref: false });
        if ((await unlessReplaced(over, replaced, 0)) === "replaced")
          // All have what was wanted, who only know more than that.
          return isDeepStrictEqual(current?.input, goal.input) ? "done" : "replaced";
      }
      if (replaced.aborted) return "replaced";
    }
  }

  async function runOne(rollout: Begun, replaced: AbortSignal): Promise<Turn> {
    const { from, to, isReturn } = rollout;
    if (from === undefined) return runFirst(to, replaced);
    concerns = concernedIn({ ...rollout, from });
    // Nothing is shown to anybody that could not come to all whom it concerns.
    if (rollout.stage === 0 && (await areThere(concerns, replaced)) === "replaced") return "replaced";
    if (rollout.wave !== undefined && staged !== undefined) {
      const turn = await runWaves(staged, { from, to, ...rollout.wave }, replaced);
      if (turn === "replaced") return turn;
    }
    const isTried = isReturn !== true && hasOtherPolicies(from, to);
    const changed =
      !isTried || staged === undefined ? [] : changedProxies(inForceOf(from, off), inForceOf(to, off));
    if (staged === undefined || changed.length === 0) {
      const turn = await runStages({ ...rollout, from }, replaced);
      if (turn === "done") inForce(from, to);
      return turn;
    }

    const had = new Set(from.placement.proxies.map(({ service }) => service));
    // Where the callers have been told, it goes on whoever answers.
    const fresh = rollout.stage > 0 ? changed : changed.filter((service) => !had.has(service));
    const watch = await staged
      .watch({ proxies: watchedOf(changed), fresh, mesh: to.mesh })
      .catch(async (cause: unknown) => {
        await goBack(from, to).catch(() => undefined);
        throw cause;
      });
    const of = rollout.wave?.waves.length ?? 1;
    progress = { wave: of, of, proxies: changed };
    const turn = await runStages({ ...rollout, from }, replaced);
    if (turn === "replaced") return turn;
    // While that is open, it is on its way.
    const reason = await judge(watch, progress, replaced);
    inForce(from, to);
    if (reason === undefined) return "done";
    await bringBack(from, to, reason);
    throw new WireError("health", reason);
  }

  /** One that has left tells nobody how it fares. */
  function watchedOf(services: readonly string[]): readonly string[] {
    return services.filter((service) => !presence.hasLeft(service));
  }

  /** All waves but the last one, which are the stages. */
  async function runWaves(
    { watch: watching }: Staged,
    { from, to, waves, index: begin }: NonNullable<Begun["wave"]> & Required<Pick<Begun, "from" | "to">>,
    replaced: AbortSignal,
  ): Promise<Turn> {
    try {
      for (let index = begin; index < waves.length - 1; index++) {
        const wave = { waves, index };
        progress = { wave: index + 1, of: waves.length, proxies: toldIn(wave) };
        const watch = await watching({ proxies: watchedOf(progress.proxies), fresh: [], mesh: to.mesh });
        await enter({ from, to, stage: 0, wave });
        const taken = Promise.all(progress.proxies.map(acknowledged.by));
        let reason: string | undefined;
        if ((await unlessReplaced(taken, replaced, replacedMs)) === "done") {
          // What it had before may be at fault until then.
          await sleep(settleMs);
          reason = await judge(watch, progress, replaced);
        }
        if (reason !== undefined) throw new WireError("health", reason);
        if (replaced.aborted) {
          await goBack(from, to);
          return "replaced";
        }
      }
      return "done";
    } catch (cause) {
      await goBack(from, to).catch(() => undefined);
      throw cause;
    }
  }

  /** Why the proxies are not healthy when their time is over, or when something newer is there. */
  async function judge(
    watch: HealthWatch,
    wave: WaveProgress,
    replaced: AbortSignal,
  ): Promise<string | undefined> {
    const verdict = await watch.judged(replaced);
    options.judged?.(wave, verdict);
    if (verdict.reason === undefined) return undefined;
    return `wave ${wave.wave} of ${wave.of} is not healthy: ${verdict.reason}`;
  }

  /** What was in force before is in force again, by the way that it went. */
  async function bringBack(from: Build, to: Build, reason: string): Promise<void> {
    try {
      const rollout = { from: to, to: laidOutAfter(from, to), stage: 0, isReturn: true } as const;
      await runStages(rollout, new AbortController().signal);
      inForce(to, rollout.to);
    } catch (cause) {
      const why = cause instanceof WireError ? cause.reason : String(cause);
      throw new WireError("health", `${reason}; and it cannot go back: ${why}`, { cause });
    }
  }

  async function runStages(
    { wave: _, ...rollout }: Begun & Required<Pick<Begun, "from">>,
    replaced: AbortSignal,
  ): Promise<Turn> {
    const { from, to, stage: begin } = rollout;
    // A later stage may leave nobody behind, since the last one takes away what was there before.
    const concerned = concernedIn(rollout);
    for (let index = begin; index <= lastStage; index++) {
      const isLast = index === lastStage;
      try {
        const stage = await enter({ ...rollout, stage: index });
        const answered = (): Promise<void> => answeredBy(stage, index, concerned);
        const taken = answered();
        // Only before the callers have been told is it as safe to go back as to go on.
        if (index === 0 && (await unlessReplaced(taken, replaced, replacedMs)) === "replaced") {
          await goBack(from, to);
          return "replaced";
        }
        await taken;
        await complete(stage, answered);
      } catch (cause) {
        // Once the callers have been told, the new side is in force, whatever is left of the old one.
        if (isLast) inForce(from, to);
        // The first thing that went wrong is what is told.
        else
          await leadBack(rollout, index, concerned)
            .then(() => goBack(from, to))
            .catch(() => undefined);
        throw cause;
      }
    }
    return "done";
  }

  /** `run`, told of. */
  async function roll({ plan, ...rollout }: Begun & { plan?: Waves }, replaced: AbortSignal): Promise<Turn> {
    isToReturn = false;
    options.begun?.(rollout);
    if (plan !== undefined) options.planned?.(plan);
    try {
      const turn = await run(rollout, replaced);
      if (turn === "done" && current !== undefined) await finish(current);
      options.ended?.(turn);
      return turn;
    } catch (cause) {
      options.ended?.("failed", cause);
      isToReturn = cause instanceof WireError && cause.code === absent;
      lookForReturn();
      throw cause;
    } finally {
      progress = undefined;
    }
  }

  /** The next change to what is in force on the way to a build, with the waves that it comes in. */
  async function changeTo(
    build: Build,
    isReturn: boolean,
    mayForget: boolean,
  ): Promise<Begun & { plan?: Waves }> {
    if (current === undefined) return { to: build, stage: 0 };
    const next = (await options.nextBuild?.(current, build, mayForget)) ?? build;
    const change = {
      from: current,
      to: laidOutAfter(next, current),
      stage: 0,
      ...(next === build ? {} : { goal: build }),
    };
    if (isReturn) return { ...change, isReturn };
    if (staged === undefined || !hasOtherPolicies(change.from, change.to)) return change;
    const isOneMesh = isDeepStrictEqual(change.from.input.mesh, change.to.input.mesh);
    // Proxies know services by where they are, which would be another place in each of two meshes.
    const plan: Waves = isOneMesh
      ? waves(inForceOf(change.from, off), inForceOf(change.to, off), staged.sizes)
      : { kind: "atOnce", because: "rerouted" };
    if (plan.kind === "atOnce" || plan.waves.length < 2) return { ...change, plan };
    return { ...change, plan, wave: { waves: plan.waves, index: 0 } };
  }

  async function runFirst(to: Build, replaced: AbortSignal): Promise<Turn> {
    const stage = await enter({ to, stage: 0 });
    const taken = Promise.all(
      [...stage.snapshots.keys()].map((node) => acknowledged.firstBy(node, replaced)),
    );
    if ((await unlessReplaced(taken, replaced, replacedMs)) === "replaced") return "replaced";
    await complete(stage, () => Promise.all([...stage.snapshots.keys()].map(acknowledged.by)));
    current = to;
    return "done";
  }

  function inForce(before: Build, build: Build): void {
    current = build;
    leave(before.mesh, build.mesh);
  }

  /** Where some may lead calls to the new side, they lead them to the old one before that is all there is. */
  async function leadBack(
    { from, to }: Required<Pick<Begun, "from" | "to">>,
    index: number,
    concerned: ReadonlySet<string>,
  ): Promise<void> {
    if (index === 0) return;
    const stage = await oneByOne(async () => {
      shown = { from, to, stage: 0, followers: addresses.followers };
      const before = stageOf(shown);
      // Where it cannot be kept, the next process goes on instead of back.
      await switching(kept(shown)).catch(() => undefined);
      show(before);
      return before;
    });
    await answeredBy(stage, index, concerned);
    await sleep(settleMs);
  }

  /** What was in force goes on: the callers first, then the proxies. While callers do not answer the proxies run both. */
  async function goBack(to: Build, from: Build): Promise<void> {
    leave(from.mesh, to.mesh);
    await tell(finalStage(to, { off }));
    await oneByOne(async () => {
      shown = { from: to, to, stage: 0, followers: addresses.followers };
      const stage = stageOf(shown);
      show(stage);
      forget(stage);
      await entering(kept(shown), stage);
    });
  }

  /** The services whose proxies have not taken in time what they were told of last; one that is let go of, or has left, has nothing to take. */
  async function missing(stage: Stage): Promise<readonly string[]> {
    const answers = [...stage.snapshots.keys()].map(async (node) => {
      const { promise: gone, resolve } = Promise.withResolvers<undefined>();
      const told = (left: ReadonlySet<string>): void => {
        if (!left.has(node)) resolve(undefined);
      };
      forgetting.add(told);
      const outcome = presence.hasLeft(node)
        ? undefined
        : await Promise.race([ads.waitForAcks(node, switchTimeoutMs), gone]);
      forgetting.delete(told);
      return outcome === undefined || outcome.kind === "acked" ? [] : [node];
    });
    return (await Promise.all(answers)).flat();
  }

  /** Show the stage that is there, with the switches that are there; undefined when there is none. */
  function showAgain(back: readonly string[] = []): Stage | undefined {
    if (shown === undefined) return undefined;
    const stage = stageOf(shown, back);
    show(stage, back);
    return stage;
  }

  return {
    get current() {
      return current;
    },
    get off() {
      return off;
    },
    get wave() {
      return progress;
    },
    proxies,
    addresses,
    async switchOff(names) {
      const next = [...new Set(names)].sort();
      const back = off.filter((name) => !next.includes(name));
      // From now on also for whoever asks.
      off = next;
      let unkept: string | undefined;
      const stage = await oneByOne(async () => {
        if (shown === undefined) return undefined;
        const next = stageOf(shown, back);
        unkept = await keep();
        show(next, back);
        return next;
      });
      let late = stage === undefined ? [] : await missing(stage);
      // All workers have switched then.
      await sleep(settleMs);
      if (back.length > 0) {
        // What was open has been closed; the proxies go on as they would have begun.
        const final = await oneByOne(async () => showAgain());
        late = final === undefined ? [] : await missing(final);
      }
      return { late, ...(unkept === undefined ? {} : { unkept }) };
    },
    apply: (build, { isReturn = false } = {}) =>
      inTurn(async (replaced) => roll(await changeTo(build, isReturn, false), replaced)),
    resume: (rollout) =>
      inTurn(async (replaced) => {
        addresses.expect(rollout.followers);
        linger(rollout.former);
        for (const service of rollout.left) presence.forceLeave(service);
        const stages =
          rollout.from === undefined ? [finalStage(rollout.to)] : stagesOf(rollout.from, rollout.to);
        // The callers are where the last stage that was finished had sent them.
        const before = rollout.from === undefined ? undefined : finalStage(rollout.from);
        const told = rollout.stage === 0 ? before : stages[rollout.stage - 1];
        if (told !== undefined) addresses.publish(told.addresses);
        current = rollout.from;
        return roll(rollout, replaced);
      }),
    async forceLeave(services) {
      const unknown = services.filter((service) => !nodes.has(service));
      const connected = services.filter(presence.isConnected);
      if (unknown.length > 0 || connected.length > 0) return { unknown, connected };
      for (const service of services) presence.forceLeave(service);
      lookForReturn();
      const unkept = await oneByOne(keep);
      return { unknown, connected, ...(unkept === undefined ? {} : { unkept }) };
    },
    hasLeft: presence.hasLeft,
    streams: {
      connected(node) {
        const isBack = presence.hasLeft(node);
        presence.connected(node);
        lookForReturn();
        // A restart that took it for gone would go on without it while it runs. Where that cannot be kept, nothing else is begun either.
        if (isBack) void oneByOne(keep);
      },
      disconnected: presence.disconnected,
    },
  };
}

const typed = new WeakMap<ProxySnapshot, ReturnType<typeof byType>>();

/** What is shown again is the same object, which the xDS server sees at once. */
function byTypeOnce(snapshot: ProxySnapshot): ReturnType<typeof byType> {
  const known = typed.get(snapshot) ?? byType(snapshot);
  typed.set(snapshot, known);
  return known;
}

/** Whether they differ at most in what filters of the same names run, which leads nowhere. */
function leadsTheSame(a: ProxySnapshot, b: ProxySnapshot): boolean {
  return (
    (["listeners", "clusters", "endpoints", "routes"] as const).every((type) => a[type] === b[type]) &&
    isDeepStrictEqual([...a.extensions.keys()], [...b.extensions.keys()])
  );
}

/** Endpoints and rates are as they are, wherever that is tried first; what filters do is not known before they have done it. */
function hasOtherPolicies(from: Build, to: Build): boolean {
  return !isDeepStrictEqual(from.input.policies, to.input.policies);
}

/** A build with its chains where those of the one in force are, as far as they may stay. */
function laidOutAfter(build: Build, inForce: Build): Build {
  const chains = layOut(build, inForce);
  return isDeepStrictEqual(chains.map(layoutOf), build.chains.map(layoutOf)) ? build : { ...build, chains };
}

/** "replaced" when `work` has not ended a while after something newer came. */
async function unlessReplaced(
  work: Promise<unknown>,
  replaced: AbortSignal,
  patienceMs: number,
): Promise<Turn> {
  const impatient = whenAborted(replaced).then(() => sleep(patienceMs, "replaced" as const, { ref: false }));
  const turn = await Promise.race([work.then(() => "done" as const), impatient]);
  // Nobody waits for it any more.
  if (turn === "replaced") work.catch(() => undefined);
  return turn;
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
