import fc from "fast-check";
import { expect } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { type Build, build } from "../pipeline/build.ts";
import { createMemoryTransport } from "../server/simulated-envoy.test-helper.ts";
import { createXdsServer } from "../server/xds-server.ts";
import {
  allEndpoints,
  type ChangingEndpoints,
  changingContexts,
  changingMesh,
} from "./changing-mesh.test-helper.ts";
import { createControlPlane } from "./control-plane.ts";
import type { WaveProgress } from "./rollout.ts";
import { createSimulatedMesh, proxyContent } from "./simulated-mesh.test-helper.ts";
import type { Verdict } from "./watch-health.ts";

// Whatever changes, in whatever order proxies and callers hear of it, whatever they refuse and whenever they reconnect: a request meets each
// policy that was there before and is there after exactly once, one that comes or goes at most once, and it never fails. So does a call that a
// service makes for what it has in hand, wherever it has run.

const calls: readonly (readonly [string | null, string])[] = [
  [null, "web"],
  ["web", "api"],
  ["web", "rate"],
  ["api", "rate"],
  ["api", "geo"],
];
/** One policy of a draft: by number, so that a failure shrinks. */
interface Draft {
  readonly name: number;
  readonly context: number;
  readonly side: "" | "[Ingress]" | "[Egress]";
  readonly action: "set" | "set otherwise" | "deny" | "refused";
}

const draftsOfPolicies: fc.Arbitrary<readonly Draft[]> = fc.uniqueArray(
  fc.record({
    name: fc.nat(3),
    context: fc.nat(changingContexts.length - 1),
    side: fc.constantFrom("", "[Ingress]", "[Egress]"),
    action: fc.oneof(
      { weight: 6, arbitrary: fc.constant("set" as const) },
      { weight: 3, arbitrary: fc.constant("deny" as const) },
      { weight: 1, arbitrary: fc.constant("refused" as const) },
    ),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 4 },
);

/** Policies that only come, go and change their text, always on the same proxies: what waves are for. */
const inPlace: fc.Arbitrary<readonly Draft[]> = fc
  .record({
    actions: fc.array(
      fc.oneof(
        { weight: 15, arbitrary: fc.constantFrom("set" as const, "set otherwise" as const) },
        { weight: 1, arbitrary: fc.constantFrom("deny" as const, "refused" as const) },
      ),
      { minLength: 4, maxLength: 4 },
    ),
    isLastThere: fc.boolean(),
  })
  .map(({ actions, isLastThere }) =>
    [1, 4, 3, 5]
      .map((context, name): Draft => ({ name, context, side: "[Ingress]", action: actions[name] ?? "set" }))
      .slice(0, isLastThere ? 4 : 3),
  );

const endpoints = fc.record<ChangingEndpoints>({
  api: fc.shuffledSubarray([...allEndpoints.api], { minLength: 1 }),
  geo: fc.shuffledSubarray([...allEndpoints.geo], { minLength: 1 }),
});
const drafts = fc.record({ policies: draftsOfPolicies, endpoints });
/** In one mesh, since a change of endpoints is not staged. */
const draftsInPlace = fc.record({ policies: inPlace, endpoints: fc.constant(allEndpoints) });

/** Of which two differ at one or two proxies, so that the others may be away. */
const draftsOfOne: typeof drafts = fc.record({
  policies: fc
    .record({ which: fc.nat(2), action: fc.constantFrom("set otherwise" as const, "refused" as const) })
    .map(({ which, action }) =>
      [1, 4, 5].map(
        (context, name): Draft => ({
          ...{ name, context, side: "[Ingress]" },
          action: name === which ? action : "set",
        }),
      ),
    ),
  endpoints: fc.oneof(
    { weight: 3, arbitrary: fc.constant(allEndpoints) },
    { weight: 1, arbitrary: endpoints },
  ),
});

type Drafted = typeof drafts extends fc.Arbitrary<infer Value> ? Value : never;

/** Proxies refuse the module of a policy whose name says so: nothing else of it is left in what they are sent. */
const refused = "refused";

function copper({ name, context, side, action }: Draft): string {
  const body =
    action === "deny"
      ? "if (HasHeader(r, 'x-bad')) { Deny(r); }"
      : `SetHeader(r, 'x-${name}', '${action === "set" ? "yes" : "no"}');`;
  const called = action === refused ? `${refused}_${name}` : `p${name}`;
  return `policy ${called} ( act (Request r) context ('${changingContexts[context]}') ) { ${side} ${body} }`;
}

const { mesh: everywhere } = fromYaml({ path: "mesh.yaml", text: changingMesh(allEndpoints) });

const cache = createChainCache();
const known = new Map<string, Build>();

/** Undefined where it cannot be enforced, as at the egress of what is outside. */
async function built({ policies, endpoints: places }: Drafted): Promise<Build | undefined> {
  const text = policies.map(copper).join("\n");
  const mesh = { path: "mesh.yaml", text: changingMesh(places) };
  const key = `${mesh.text}${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const { build: made } = await build({ policies: [{ path: "p.cup", text }], mesh }, { cache });
  if (made !== undefined) known.set(key, made);
  return made;
}

type Step =
  | { readonly kind: "change"; readonly to: number }
  /** Of the policies of a draft, by bits. */
  | { readonly kind: "switch"; readonly off: number }
  | { readonly kind: "deliver"; readonly proxy: number; readonly responses: number }
  | { readonly kind: "reconnect"; readonly proxy: number }
  | { readonly kind: "leave"; readonly proxy: number }
  | { readonly kind: "move"; readonly which: number }
  | { readonly kind: "process"; readonly which: number };

const step = (builds: number, leaving: number): fc.Arbitrary<Step> =>
  fc.oneof(
    ...(leaving === 0
      ? []
      : [
          {
            weight: leaving,
            arbitrary: fc.record({ kind: fc.constant("leave" as const), proxy: fc.nat(3) }),
          },
        ]),
    {
      // A change that is to be in force while somebody is away has to have its time.
      weight: leaving === 0 ? 5 : 2,
      arbitrary: fc.record({ kind: fc.constant("change" as const), to: fc.nat(builds - 1) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("switch" as const), off: fc.nat(15) }) },
    {
      weight: 16,
      arbitrary: fc.record({
        kind: fc.constant("deliver" as const),
        proxy: fc.nat(3),
        responses: fc.integer({ min: 1, max: 8 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("reconnect" as const),
        proxy: fc.nat(3),
      }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("move" as const), which: fc.nat(4) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("process" as const), which: fc.nat(3) }) },
  );

export interface Extent {
  readonly seed: number;
  readonly numRuns: number;
  readonly path: string | undefined;
}

const later = (): Promise<void> => new Promise((done) => setImmediate(done));

function asObject(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** How often a build enforces each policy on a call. */
function enforcedBy({ placement }: Build, from: string | null, to: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { policy, calls: placed } of placement.proxies.flatMap(({ policies }) => policies))
    if (placed.some(([a, b]) => a === from && b === to)) counts.set(policy, (counts.get(policy) ?? 0) + 1);
  return counts;
}

/** With proxies that stay away: how long they are waited for. */
const patience = fc.record({
  stageTimeoutMs: fc.constantFrom(100, 10_000),
  impatientMs: fc.constantFrom(0, 2_000),
});

/** How large waves are, and how long each is looked at. */
const verdicts = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }),
  turns: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
});

/** Resolves with how many changes there were, of staged ones how many waves of several were judged, or how many were in force while some proxy was away; rejects with the first request that met what it should not. `path` repeats one failure. */
export async function requestsMeetPoliciesOnce({
  seed,
  numRuns,
  path,
  staged = false,
  leaving = false,
}: Extent & {
  /** Proxies stay away for a while, and go on with what they had. */
  readonly leaving?: boolean;
  /** Changes come in waves, of which some are found not to be healthy. */
  readonly staged?: boolean;
}): Promise<number> {
  const made = 120;
  const pool = (
    await Promise.all(
      fc
        .sample(
          staged
            ? fc.oneof({ weight: 1, arbitrary: drafts }, { weight: 19, arbitrary: draftsInPlace })
            : leaving
              ? fc.oneof({ weight: 1, arbitrary: drafts }, { weight: 3, arbitrary: draftsOfOne })
              : drafts,
          { seed, numRuns: made },
        )
        .map(built),
    )
  ).filter((each) => each !== undefined);
  if (everywhere === undefined) throw new Error("the mesh cannot be read");
  const taken = pool.filter(({ input }) => !input.policies.some(({ text }) => text.includes(refused)));
  let [changes, checks, wavesJudged, whileAway] = [0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(step(pool.length, leaving ? 1 : 0), { maxLength: leaving ? 240 : 120, size: "max" }),
      verdicts,
      patience,
      async (steps, chosen, patient) => {
        const transport = createMemoryTransport();
        const ads = await createXdsServer({
          listen: { host: "", port: 0 },
          plaintext: true,
          transport: transport.start,
          onConnected: (node) => controlPlane.streams.connected(node),
          onDisconnected: (node) => controlPlane.streams.disconnected(node),
        });
        const controlPlane = createControlPlane({
          ads,
          entering: async () => {},
          switching: async () => {},
          waiting: () => {},
          // What is in hand takes as long as it likes.
          pauses: { settleMs: 0, replacedMs: 0, lingerMs: 1e9, ...(leaving ? patient : {}) },
          ...(staged
            ? {
                staged: {
                  sizes: chosen.sizes.map((count) => ({ kind: "count", count })),
                  watch: async () => ({
                    judged: () => judged(chosen.turns[judgements++ % chosen.turns.length] ?? 0),
                  }),
                },
                judged: ({ of }: WaveProgress) => {
                  if (of > 1) wavesJudged++;
                },
              }
            : {}),
        });
        let judgements = 0;
        /** After so many turns; an odd number is a bad one. */
        const judged = async (turns: number): Promise<Verdict> => {
          for (let turn = 0; turn < turns; turn++) await later();
          return { health: new Map(), ...(turns % 2 === 1 && !isEnding ? { reason: "not healthy" } : {}) };
        };
        let isEnding = false;
        const sim = createSimulatedMesh({
          ...{ mesh: everywhere, controlPlane, open: transport.open },
          read: proxyContent((configuration) => configuration.includes(refused)),
        });
        /** What may be in force here and there. */
        let possible: Build[] = [];
        let running = 0;
        const apply = (next: Build): void => {
          changes++;
          running++;
          possible.push(next);
          const mine = possible.length;
          void controlPlane
            .apply(next)
            .then((turn) => {
              // What came before is nowhere any more.
              if (turn !== "done") return;
              if (sim.away() > 0) whileAway++;
              possible = possible.slice(Math.max(0, possible.lastIndexOf(next, mine)));
            })
            .catch((error: unknown) => {
              if (!(error instanceof WireError)) throw error;
            })
            .finally(() => running--);
        };
        /** What may be switched off here and there. */
        let switches: (readonly string[])[] = [[]];
        const switchOff = (bits: number): void => {
          const next = [0, 1, 2, 3]
            .filter((bit) => (bits >> bit) % 2 === 1)
            .flatMap((bit) => [`p${bit}`, `${refused}_${bit}`]);
          running++;
          switches.push(next);
          void controlPlane
            .switchOff(next)
            .then(({ late }) => {
              // What came before is nowhere any more.
              if (late.length === 0) switches = switches.slice(Math.max(0, switches.indexOf(next)));
            })
            .finally(() => running--);
        };
        const check = (): void => {
          checks++;
          for (const proxy of sim.proxies.values()) expect(proxy.faults()).toEqual([]);
          if (controlPlane.current === undefined) return;
          for (const [from, to] of calls) {
            const enforced = possible.map((each) => enforcedBy(each, from, to));
            for (const outcome of sim.outcomes(from, to)) {
              if (outcome.kind === "failed") throw new Error(`${from} -> ${to}: ${outcome.why}`);
              for (const policy of new Set([
                ...enforced.flatMap((each) => [...each.keys()]),
                ...outcome.policies,
              ])) {
                const allowed = enforced.map((each) => each.get(policy) ?? 0);
                if (switches.some((off) => off.includes(policy))) allowed.push(0);
                if (switches.every((off) => off.includes(policy))) allowed.splice(0, allowed.length, 0);
                const got = outcome.policies.filter((each) => each === policy).length;
                if (!allowed.includes(got))
                  throw new Error(
                    `${from} -> ${to}: ${policy} acts ${got} times, and not ${allowed.join(" or ")}`,
                  );
              }
            }
          }
        };
        const deliver = async (proxy: number): Promise<void> => {
          const busy = [...sim.proxies.values()].filter((each) => each.waiting() > 0);
          if (busy.length === 0) return;
          busy[proxy % busy.length]?.deliver();
          check();
          await later();
          check();
        };
        const one = (list: readonly string[], which: number): string | undefined =>
          list[which % (list.length || 1)];
        const moveOne = (which: number): void => {
          const caller = one(sim.waitingCallers(), which);
          if (caller !== undefined) sim.move(caller);
        };
        const processOne = (which: number): void => {
          const service = one(sim.waitingProxies(), which);
          if (service !== undefined) sim.startOrStop(service);
        };
        const quiet = async (): Promise<void> => {
          // Longer than any pause of the server, and less than what a proxy has time for.
          const untilMs = performance.now() + 15_000;
          for (let turn = 0; performance.now() < untilMs; turn++) {
            moveOne(0);
            processOne(0);
            await deliver(turn);
            await later();
            const isBusy = [...sim.proxies.values()].some((proxy) => proxy.waiting() > 0);
            if (running === 0 && !isBusy && sim.waitingCallers().length + sim.waitingProxies().length === 0)
              return;
          }
          const left = ads.status().filter(({ settled }) => !settled);
          throw new Error(`it never comes to rest: ${JSON.stringify({ running, left }, asObject)}`);
        };
        for (const each of steps) {
          if (each.kind === "change") {
            const next = pool[each.to];
            if (next !== undefined) apply(next);
          } else if (each.kind === "switch") switchOff(each.off);
          else if (each.kind === "deliver")
            for (let turn = 0; turn < each.responses; turn++) await deliver(each.proxy);
          else if (each.kind === "reconnect") [...sim.proxies.values()][each.proxy]?.reconnect();
          else if (each.kind === "leave") [...sim.proxies.values()][each.proxy]?.leave();
          else if (each.kind === "move") moveOne(each.which);
          else if (each.kind === "process") processOne(each.which);
          else each satisfies never;
          check();
          await later();
          check();
        }
        // In the end what all proxies take is in force, and nothing else.
        isEnding = true;
        const good = taken[steps.length % taken.length];
        if (good === undefined) throw new Error("no build is good");
        for (const proxy of sim.proxies.values()) proxy.reconnect();
        switchOff(0);
        apply(good);
        await quiet();
        // With so little patience it may take a few times.
        for (let again = 0; leaving && again < 20 && controlPlane.current?.input !== good.input; again++) {
          apply(good);
          await quiet();
        }
        expect(controlPlane.current?.input).toEqual(good.input);
        expect(possible.map(({ input }) => input)).toEqual([good.input]);
        check();
        sim.stop();
        await ads.close();
      },
    ),
    { seed, numRuns, ...(path === undefined ? {} : { path, endOnFailure: true }) },
  );
  console.log(
    `seed ${seed}: ${changes} changes, ${checks} checks of ${calls.length} calls, ${pool.length} builds${staged ? `, ${wavesJudged} waves judged` : ""}${leaving ? `, ${whileAway} in force while a proxy was away` : ""}`,
  );
  if (leaving) return whileAway;
  return staged ? wavesJudged : changes;
}
