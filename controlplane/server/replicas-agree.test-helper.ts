import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect } from "vitest";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { type Back, back, type Draft, draft, type Runs, snapshotOf } from "./draft.test-helper.ts";
import type { DiscoveryMethod } from "./methods.ts";
import {
  createMemoryTransport,
  createSimulatedEnvoy,
  jsonContent,
  type MemoryCall,
  simulatedResource,
} from "./simulated-envoy.test-helper.ts";
import { createSimulatedSotw, namedContent, type SimulatedSotw } from "./simulated-sotw.test-helper.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { createXdsServer } from "./xds-server.ts";

/** Replicas of a node, of which some refuse what is bad: two Envoys and one that is silent of one, two of the state of the world of another. */
interface Fleet {
  readonly picky: readonly [boolean, boolean, boolean, boolean];
  readonly steps: readonly FleetStep[];
  readonly names: boolean;
}

type FleetStep =
  | { readonly kind: "change"; readonly to: Draft }
  | Back
  | { readonly kind: "deliver"; readonly who: number; readonly responses: number }
  | { readonly kind: "reconnect"; readonly who: number };

const who = fc.nat(3);
const fleet: fc.Arbitrary<Fleet> = fc.record({
  picky: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  names: fc.boolean(),
  steps: fc.array(
    fc.oneof(
      { weight: 1, arbitrary: back },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("change" as const), to: draft }) },
      {
        weight: 12,
        arbitrary: fc.record({
          ...{ kind: fc.constant("deliver" as const), who },
          responses: fc.integer({ min: 1, max: 6 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("reconnect" as const), who }) },
    ),
    { maxLength: 60, size: "max" },
  ),
});

const unansweredMax = 4;

interface Opened {
  readonly node: string;
  readonly call: MemoryCall;
  sent: readonly Uint8Array[];
}

/** What the two nodes are given. */
interface Both {
  readonly a: Snapshot;
  readonly b: Snapshot;
}

function bothOf(to: Draft): Both {
  return { a: snapshotOf(to), b: worldOf(to) };
}

/** With secrets, which are asked for as a collection. */
function worldOf(given: Draft): Snapshot {
  const secrets = given.versions.map((version, index) =>
    simulatedResource(typeUrl.secret, `eu/${index}`, `${version}`, {}),
  );
  return new Map([...snapshotOf(given), [typeUrl.secret, byName(secrets)]]);
}
const later = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Whoever of them refuses, is silent or ends: they come to the same, and are never sent what one has refused. Resolves with the number of refusals. */
export async function replicasAgree({ seed, numRuns }: Runs): Promise<number> {
  let [refusals, changes] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fleet, async ({ picky, names, steps }) => {
      const transport = createMemoryTransport();
      /** `NODE TYPE NAME VERSION` of what is known to be at fault. */
      const refused = new Set<string>();
      let given: Snapshot = new Map();
      const server = await createXdsServer({
        listen: { host: "", port: 0 },
        ...{ plaintext: true, transport: transport.start, limits: { unansweredMax } },
        onNack: ({ node, typeUrl: type, resources }) => {
          refusals++;
          for (const name of resources) {
            // Of what has been replaced meanwhile nothing is shown.
            const shown = server.status().find((each) => each.node === node)?.types;
            const version = shown?.get(type)?.get(name)?.nacked;
            if (version !== undefined) refused.add([node, type, name, version].join(" "));
          }
        },
      });
      const before: Both[] = [];
      const give = async (to: Both | undefined): Promise<void> => {
        if (to === undefined) return;
        const { pushes } = server.counts();
        before.push(to);
        changes++;
        given = to.a;
        server.setSnapshot("a", to.a);
        server.setSnapshot("b", to.b);
        // Changes that follow each other closely are put off, and what comes before them is not of them.
        while (server.counts().pushes < pushes + 2) await sleep(1);
      };
      /** Of every stream that was opened, and how much of what it was sent has been looked at. */
      const calls: Opened[] = [];
      const openFor = (node: string) => (method?: DiscoveryMethod) => {
        const call = transport.open(method);
        calls.push({ node, call, sent: [] });
        return call;
      };
      const envoys = [0, 1].map((index) =>
        createSimulatedEnvoy({
          ...{ node: "a", open: openFor("a"), names: () => names },
          read: (type, bytes) => ({ ...jsonContent(type, bytes), ...(picky[index] ? {} : { bad: false }) }),
        }),
      );
      const worlds = [2, 3].map((index) =>
        createSimulatedSotw({
          ...{ node: "b", open: openFor("b"), isPicky: picky[index] === true, names: () => names },
        }),
      );
      const silent = transport.open();
      const askSilently = (type: string, subscribe: string[]): void =>
        silent.say(
          toBinary(
            DeltaDiscoveryRequestSchema,
            create(DeltaDiscoveryRequestSchema, {
              ...{ node: { id: "a" }, typeUrl: type, resourceNamesSubscribe: subscribe },
            }),
          ),
        );
      askSilently(typeUrl.endpoints, ["cluster-0"]);
      /** What a client has and is to have, and would let go of with a response. */
      const lostOf = (world: SimulatedSotw, bytes: Uint8Array): readonly string[] => {
        const type = typeOf(bytes);
        const root = [typeUrl.cluster, typeUrl.listener].find((each) => each === type);
        // Of one that names nothing, what it has is found out by trying, which it may lose.
        if (root === undefined || (world.isStrange(root) && !names)) return [];
        const { waiting } = world.call();
        const said = waiting.slice(0, waiting.indexOf(bytes) + 1).filter((each) => typeOf(each) === type);
        const [own = [], ...others] = said.map(namesOf).toReversed();
        return [...world.held(root).keys()].filter(
          (name) =>
            resourcesOf(given, root).has(name) &&
            !own.includes(name) &&
            // What one before lets go of, which is on its way, is gone.
            others.every((names) => names.includes(name)),
        );
      };
      /** What has been sent since is nothing that was at fault before. */
      const look = (before: ReadonlySet<string>): void => {
        for (const each of calls) {
          const known = new Set(each.sent);
          const onWay = new Set(
            each.call.waiting
              .filter((bytes) => known.has(bytes))
              .flatMap((bytes) => contentsOf(each.node, bytes))
              .map((content) => content.join(" ")),
          );
          for (const bytes of each.call.waiting) {
            if (known.has(bytes)) continue;
            const world = worlds.find(({ call }) => call() === each.call);
            const contents = contentsOf(each.node, bytes);
            // It has it in this version or is about to, or is told of all lest it lose what it has.
            for (const [type, name, version] of contents)
              if (
                world === undefined ||
                (world.held(type).get(name) !== version &&
                  !onWay.has([type, name, version].join(" ")) &&
                  !world.isStrange(type))
              )
                expect(before).not.toContain([each.node, type, name, version].join(" "));
            if (world !== undefined) expect(lostOf(world, bytes)).toEqual([]);
          }
          each.sent = [...each.call.waiting];
        }
        expect(silent.waiting.length).toBeLessThanOrEqual(unansweredMax);
      };
      const turn = async (act: () => void | Promise<void>): Promise<void> => {
        const before = new Set(refused);
        await act();
        await later();
        look(before);
        for (const client of [...envoys, ...worlds]) expect(client.faults()).toEqual([]);
      };
      const clients = [...envoys, ...worlds];
      for (const step of steps) {
        if (step.kind === "change") await turn(() => give(bothOf(step.to)));
        else if (step.kind === "back") await turn(() => give(before.at(-2 - step.by)));
        else if (step.kind === "reconnect") await turn(() => clients[step.who]?.reconnect());
        else for (let each = 0; each < step.responses; each++) await turn(() => clients[step.who]?.deliver());
      }
      const last: Draft = {
        listeners: [{ generation: 1, clusters: [0, 1], filter: true }],
        versions: [1, 2, 0, 0],
      };
      await turn(() => give(bothOf(last)));
      for (let round = 0; round < 30; round++)
        for (const client of clients) await turn(() => client.deliver());
      // Nobody else says anything any more: that it ends is all that the others can go on by.
      silent.hangUp();
      const isDone = (): boolean => server.status().every(({ settled }) => settled);
      for (let round = 0; round < 200 && !isDone(); round++) {
        await sleep(round < 10 ? 0 : 1);
        for (const client of clients) await turn(() => client.deliver());
      }
      expect(server.status().map(({ node, settled }) => [node, settled])).toEqual([
        ["a", true],
        ["b", true],
      ]);
      for (const type of [typeUrl.cluster, typeUrl.listener, typeUrl.extension, typeUrl.route])
        for (const client of clients)
          expect([type, [...client.held(type)].sort()]).toEqual([
            type,
            [...resourcesOf(snapshotOf(last), type).values()].map(({ name, version }) => [name, version]),
          ]);
      // Nobody is told anything for ever.
      for (let round = 0; round < 5; round++)
        for (const client of clients) await turn(() => client.deliver());
      expect([
        ...envoys.map((envoy) => envoy.waiting()),
        ...worlds.map((world) => world.call().waiting.length),
      ]).toEqual([0, 0, 0, 0]);
      await server.close();
    }),
    { seed, numRuns },
  );
  console.log(`seed ${seed}: ${changes} changes, ${refusals} refusals`);
  return refusals;
}
function typeOf(bytes: Uint8Array): string {
  return fromBinary(DiscoveryResponseSchema, bytes).typeUrl;
}

function namesOf(bytes: Uint8Array): readonly string[] {
  return contentsOf("b", bytes).map(([, name]) => name);
}

/** What a response holds. */
function contentsOf(
  node: string,
  bytes: Uint8Array,
): readonly (readonly [type: TypeUrl, name: string, version: string])[] {
  if (node === "a")
    return [fromBinary(DeltaDiscoveryResponseSchema, bytes)].flatMap(({ typeUrl: type, resources }) =>
      resources.map(({ name, version }) => [type as TypeUrl, name, version] as const),
    );
  const { typeUrl: type, resources } = fromBinary(DiscoveryResponseSchema, bytes);
  return resources.map(({ value }) => {
    const { name, version } = namedContent(type as TypeUrl, value);
    return [type as TypeUrl, name, version] as const;
  });
}
