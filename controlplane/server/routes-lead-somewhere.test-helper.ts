import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { typeUrl } from "../xds/type-url.ts";
import { type Back, back, type Draft, draft, type Runs, snapshotOf } from "./draft.test-helper.ts";
import { createMemoryTransport, createSimulatedEnvoy, jsonContent } from "./simulated-envoy.test-helper.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { createXdsServer } from "./xds-server.ts";

type Step =
  | { readonly kind: "change"; readonly to: Draft }
  | Back
  | { readonly kind: "deliver"; readonly responses: number }
  | { readonly kind: "reconnect" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: back },
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

/**
 * Whatever is changed, whatever a simulated Envoy refuses and whenever it reconnects: no request meets a route that leads nowhere, or a filter
 * that is not there. Resolves with the number of changes.
 */
export async function routesLeadSomewhere({ seed, numRuns }: Runs): Promise<number> {
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
      const before: Snapshot[] = [];
      for (const each of steps) {
        if (each.kind === "change" || each.kind === "back") {
          const to = each.kind === "change" ? snapshotOf(each.to) : before.at(-2 - each.by);
          if (to === undefined) continue;
          before.push(to);
          changes++;
          server.setSnapshot("a", to);
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
    { seed, numRuns },
  );
  console.log(`seed ${seed}: ${changes} changes`);
  return changes;
}
