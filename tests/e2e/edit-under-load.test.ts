import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startLoad } from "./load.ts";
import { random } from "./random.ts";
import { startWire, type Wire } from "./start-wire.ts";

const seconds = 60;
const rate = 50;

/** One form of the policy that the edits change. */
interface Form {
  readonly value: string;
  /** The services that it marks; each called by `search` or `frontend` alone, so that any side can do it. */
  readonly marked: readonly string[];
  readonly side: "[Ingress]" | "[Egress]" | "";
}

const first = ["rate", "geo"] as const;
const contexts: readonly (readonly string[])[] = [first, ["rate"], ["geo"], ["profile", "geo"], ["user"]];
const sides = ["[Ingress]", "[Egress]", ""] as const;

function policy({ value, marked, side }: Form): string {
  return `policy hot-path (
    act (RPCRequest request)
    context ('frontend.*[${marked.join(", ")}]')
) {
    ${side}
    SetHeader(request, 'critical', '${value}');
}
`;
}

/** What a call must look like where the form is in force. */
function expected(form: Form, service: string): string {
  return form.marked.includes(service) ? form.value : "";
}

function callsIn(tree: CallTree): readonly CallTree[] {
  return [tree, ...(tree.calls ?? []).flatMap(callsIn)];
}

describe("policies edited under load", () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire({
      mesh: "examples/meshes/hotel-reservation.yaml",
      from: ["filters/hot-path", "tests/e2e/policies/mark"],
    });
  });
  afterAll(async () => {
    await wire?.stop();
  });

  test(
    `no request of ${rate} a second fails for ${seconds} s, each call shows the old or the new policy`,
    async () => {
      const seed = Number(process.env["WIRE_SEED"] ?? Date.now() % 1_000_000);
      process.stderr.write(`edit-under-load: seed ${seed}\n`);
      const draw = random(seed);
      const file = join(wire.policies, "filters/hot-path/policy.cup");

      let old: Form = { value: "true", marked: first, side: "[Ingress]" };
      let now: Form = old;
      let firstNew: (() => void) | undefined;
      const wrong: string[] = [];
      const load = startLoad(wire, {
        rate,
        answered(answer, startedMs) {
          if (answer.tree === undefined) {
            wrong.push(`${answer.status}: ${answer.body}`);
            return;
          }
          const calls = callsIn(answer.tree);
          for (const call of calls) {
            if (call.status !== 200) wrong.push(`${call.service}: status ${call.status} ${call.body}`);
            // A neighbour that shares a proxy and a module with the edited one whenever that is at egress, and never changes.
            const marked = (call.headers?.["marked"] ?? []).join();
            if (marked !== (["rate", "geo"].includes(call.service) ? "yes" : "")) {
              wrong.push(`${call.service} is marked "${marked}"`);
            }
            const seen = (call.headers?.["critical"] ?? []).join();
            if (
              seen !== expected(now, call.service) &&
              (startedMs > inForceMs || seen !== expected(old, call.service))
            ) {
              wrong.push(
                `${call.service} saw "${seen}": neither ${JSON.stringify(old)} nor ${JSON.stringify(now)}`,
              );
            }
          }
          const isNew = calls.every(
            (call) => (call.headers?.["critical"] ?? []).join() === expected(now, call.service),
          );
          if (isNew) firstNew?.();
        },
      });

      const latencies: { readonly kind: string; readonly ms: number }[] = [];
      let inForceMs = performance.now();
      const end = performance.now() + seconds * 1000;
      for (let edit = 1; performance.now() < end; edit++) {
        const kind = draw.pick(["value", "context", "side"]);
        const next: Form = {
          value: kind === "value" ? `v${edit}` : now.value,
          marked:
            kind === "context" ? draw.pick(contexts.filter((marked) => marked !== now.marked)) : now.marked,
          side: kind === "side" ? draw.pick(sides.filter((side) => side !== now.side)) : now.side,
        };
        old = now;
        now = next;
        inForceMs = Number.POSITIVE_INFINITY;
        const from = wire.log().length;
        const start = performance.now();
        const shown = new Promise<number>((resolve) => {
          firstNew = () => resolve(performance.now() - start);
        });
        await writeFile(file, policy(next));
        const ms = await shown;
        firstNew = undefined;
        // A change of side shows the same at every moment, so it says nothing of how long it took.
        if (kind !== "side") latencies.push({ kind, ms });
        await wire.untilLog(/in force:/, { from });
        inForceMs = performance.now();
        await sleep(draw.below(600));
      }
      const sent = await load.stop();
      const sorted = latencies.map(({ ms }) => ms).sort((a, b) => a - b);
      const of = (kind: string): string => {
        const ms = latencies
          .filter((each) => each.kind === kind)
          .map((each) => each.ms)
          .sort((a, b) => a - b);
        return `${kind} ${median(ms)} ms (${ms.length})`;
      };
      process.stderr.write(
        `edit-under-load: ${sent} requests, ${latencies.length} visible edits; median from save to the first new answer ` +
          `${median(sorted)} ms, ${of("value")}, ${of("context")}\n`,
      );
      expect(wrong).toEqual([]);
      expect(sent).toBeGreaterThan(seconds * rate * 0.9);
      expect(latencies.length).toBeGreaterThan(20);
    },
    (seconds + 60) * 1000,
  );
});

function median(sorted: readonly number[]): number {
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}
