import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import {
  createMemoryTransport,
  createSimulatedEnvoy,
  jsonContent,
  simulatedResource,
} from "./simulated-envoy.test-helper.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { createXdsServer } from "./xds-server.ts";

// Whatever is changed, whatever the proxy refuses and whenever it reconnects: no request meets a route that leads nowhere, or a filter that
// is not there.

/** What a snapshot is made of: by number, so that a failure shrinks. */
interface Draft {
  /** For each listener that there is: which of its generations, and which clusters its routes lead to. */
  readonly listeners: readonly {
    readonly generation: number;
    readonly clusters: readonly number[];
    readonly filter: boolean;
  }[];
  /** Versions of clusters and endpoints. */
  readonly versions: readonly number[];
  /** Something that the proxy refuses. */
  readonly bad?: "cluster" | "endpoints" | "listener" | "extension" | "route";
}

const clustersMax = 4;
const draft: fc.Arbitrary<Draft> = fc.record(
  {
    listeners: fc.array(
      fc.record({
        generation: fc.nat(2),
        clusters: fc.uniqueArray(fc.nat(clustersMax - 1), { maxLength: 3 }),
        filter: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    versions: fc.array(fc.nat(2), { minLength: clustersMax, maxLength: clustersMax }),
    bad: fc.constantFrom(
      "cluster" as const,
      "endpoints" as const,
      "listener" as const,
      "extension" as const,
      "route" as const,
    ),
  },
  { requiredKeys: ["listeners", "versions"] },
);

/** As Wire makes them: what refers to something is named for it, so that nothing changes its meaning in place. */
function snapshotOf({ listeners, versions, bad }: Draft): Snapshot {
  const used = [...new Set(listeners.flatMap(({ clusters }) => clusters))];
  const marked = (type: Draft["bad"], version: string) => (bad === type ? `${version}-bad` : version);
  const isBad = (type: Draft["bad"]) => (bad === type ? { bad: true } : {});
  const named = listeners.map((listener, index) => {
    const filters = listener.filter ? [`filter-${index}`] : [];
    const clusters = listener.clusters.map((cluster) => `cluster-${cluster}`);
    const name = `listener-${index}/${listener.generation}${listener.filter ? "f" : ""}`;
    return { name, filters, clusters };
  });
  return new Map([
    [
      typeUrl.cluster,
      byName(
        used.map((cluster) =>
          simulatedResource(
            typeUrl.cluster,
            `cluster-${cluster}`,
            marked("cluster", `${versions[cluster]}`),
            isBad("cluster"),
          ),
        ),
      ),
    ],
    [
      typeUrl.endpoints,
      byName(
        used.map((cluster) =>
          simulatedResource(
            typeUrl.endpoints,
            `cluster-${cluster}`,
            marked("endpoints", `${versions[cluster]}`),
            isBad("endpoints"),
          ),
        ),
      ),
    ],
    [
      typeUrl.listener,
      byName(
        named.map(({ name, filters }) =>
          simulatedResource(typeUrl.listener, name, marked("listener", "1"), {
            routes: name,
            filters,
            ...isBad("listener"),
          }),
        ),
      ),
    ],
    [
      typeUrl.extension,
      byName(
        named.flatMap(({ filters }) =>
          filters.map((filter) =>
            simulatedResource(
              typeUrl.extension,
              filter,
              marked("extension", `${versions[0]}`),
              isBad("extension"),
            ),
          ),
        ),
      ),
    ],
    [
      typeUrl.route,
      byName(
        named.map(({ name, filters, clusters }) =>
          simulatedResource(typeUrl.route, name, marked("route", clusters.join()), {
            clusters,
            filters,
            ...isBad("route"),
          }),
        ),
      ),
    ],
  ]);
}

type Step =
  | { readonly kind: "change"; readonly to: Draft }
  | { readonly kind: "deliver"; readonly responses: number }
  | { readonly kind: "reconnect" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("change" as const), to: draft }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      responses: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reconnect" as const) }) },
);

const later = (): Promise<void> => new Promise((done) => setImmediate(done));

test("a simulated Envoy meets no route to nowhere over 20,000 changes", { timeout: 300_000 }, async () => {
  const seed = Number(process.env["WIRE_SEED"] ?? 1);
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.boolean(), async (steps, names) => {
      const transport = createMemoryTransport();
      const server = await createXdsServer({
        listen: { host: "", port: 0 },
        plaintext: true,
        transport: transport.start,
      });
      const envoy = createSimulatedEnvoy({
        ...{ node: "a", open: transport.open, read: jsonContent, names: () => names },
      });
      const deliver = async (): Promise<void> => {
        envoy.deliver();
        expect(envoy.faults()).toEqual([]);
        await later();
      };
      for (const each of steps) {
        if (each.kind === "change") {
          changes++;
          server.setSnapshot("a", snapshotOf(each.to));
          await later();
        } else if (each.kind === "reconnect") envoy.reconnect();
        else for (let turn = 0; turn < each.responses && envoy.waiting() > 0; turn++) await deliver();
        expect(envoy.faults()).toEqual([]);
      }
      // In the end it has what it should, whatever was refused before.
      const last = snapshotOf({
        listeners: [{ generation: 1, clusters: [0, 1], filter: true }],
        versions: [1, 2, 0, 0],
      });
      server.setSnapshot("a", last);
      for (let turn = 0; turn < 200 && server.status()[0]?.settled !== true; turn++) {
        if (envoy.waiting() > 0) await deliver();
        else await sleep(1);
      }
      for (const type of [
        typeUrl.cluster,
        typeUrl.endpoints,
        typeUrl.listener,
        typeUrl.extension,
        typeUrl.route,
      ])
        expect([type, [...envoy.held(type)].sort()]).toEqual([
          type,
          [...resourcesOf(last, type).values()].map(({ name, version }) => [name, version]),
        ]);
      expect(server.status()[0]?.settled).toBe(true);
      await server.close();
    }),
    { seed, numRuns: 2_500 },
  );
  console.log(`seed ${seed}: ${changes} changes`);
  expect(changes).toBeGreaterThanOrEqual(20_000);
});
