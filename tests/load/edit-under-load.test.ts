import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../controlplane/mesh/random.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startLoad } from "../e2e/load.ts";
import { startWire, type Wire } from "../e2e/start-wire.ts";
import { seedOr } from "../seed.ts";

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
const kinds = ["value", "context", "side"] as const;
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
      const seed = seedOr();
      process.stderr.write(`edit-under-load: seed ${seed}\n`);
      const draw = random(seed);
      const file = join(wire.policies, "filters/hot-path/policy.cup");

      /** What a call may show: the form in force and those on their way. */
      let allowed: readonly Form[] = [{ value: "true", marked: first, side: "[Ingress]" }];
      let allowedSinceMs = 0;
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
            // A request that began before the last change was in force may show what was there then.
            const seen = (call.headers?.["critical"] ?? []).join();
            if (
              startedMs > allowedSinceMs &&
              !allowed.some((form) => seen === expected(form, call.service))
            ) {
              wrong.push(`${call.service} saw "${seen}": none of ${JSON.stringify(allowed)}`);
            }
          }
          const newest = allowed.at(-1);
          if (newest === undefined) return;
          const isNew = calls.every(
            (call) => (call.headers?.["critical"] ?? []).join() === expected(newest, call.service),
          );
          if (isNew) firstNew?.();
        },
      });

      const edits: { readonly kind: string; readonly ms: number }[] = [];
      let now = allowed[0] ?? { value: "true", marked: first, side: "[Ingress]" };
      // Never back to what is in force or on its way: it would be taken for in force before what lies between has come and gone.
      const save = async (kind: (typeof kinds)[number], count: number): Promise<void> => {
        const isNew = (part: Partial<Form>): boolean =>
          !allowed.some((form) => form.marked === part.marked || form.side === part.side);
        const next: Form = {
          value: kind === "value" ? `v${count}` : now.value,
          marked: kind === "context" ? draw.pick(contexts.filter((marked) => isNew({ marked }))) : now.marked,
          side: kind === "side" ? draw.pick(sides.filter((side) => isNew({ side }))) : now.side,
        };
        allowed = [...allowed, next];
        now = next;
        await writeFile(file, policy(next));
      };
      const proxies = new Set<string>();
      let [appeared, gone] = [0, 0];
      const end = performance.now() + seconds * 1000;
      for (let edit = 1; performance.now() < end; edit++) {
        const kind = draw.pick(kinds);
        // Now and then somebody saves twice in a row: the first may come into force for a moment, or never.
        if (draw.below(4) === 0) {
          await save(draw.pick(kinds), edit + 1000);
          await sleep(draw.below(250));
        }
        const start = performance.now();
        const shown = new Promise<number>((resolve) => {
          firstNew = () => resolve(performance.now() - start);
        });
        await save(kind, edit);
        const ms = await shown;
        firstNew = undefined;
        // A change of side shows the same at every moment, so it says nothing of how long it took.
        if (kind !== "side") edits.push({ kind, ms });

        const services = await untilInForce(wire, now);
        for (const service of services) if (!proxies.has(service)) appeared++;
        for (const service of proxies) if (!services.has(service)) gone++;
        proxies.clear();
        for (const service of services) proxies.add(service);
        allowed = [now];
        allowedSinceMs = performance.now();
        await sleep(draw.below(600));
      }
      const sent = await load.stop();
      const sorted = edits.map(({ ms }) => ms).sort((a, b) => a - b);
      const of = (kind: string): string => {
        const ms = edits
          .filter((each) => each.kind === kind)
          .map((each) => each.ms)
          .sort((a, b) => a - b);
        return `${kind} ${median(ms)} ms (${ms.length})`;
      };
      process.stderr.write(
        `edit-under-load: ${sent} requests, ${edits.length} visible edits, ${appeared} proxies came and ${gone} went; median from save to the first new answer ` +
          `${median(sorted)} ms, ${of("value")}, ${of("context")}\n`,
      );
      expect(wrong).toEqual([]);
      expect(sent).toBeGreaterThan(seconds * rate * 0.9);
      expect(edits.length).toBeGreaterThan(10);
      expect(appeared).toBeGreaterThan(5);
      expect(gone).toBeGreaterThan(5);
    },
    (seconds + 60) * 1000,
  );
});

const callerOf: Readonly<Record<string, string>> = {
  rate: "search",
  geo: "search",
  profile: "frontend",
  user: "frontend",
};

/** Whether the edited policy is placed as its form asks: at the callees, at their callers, or for each callee at either. */
function isPlaced(form: Form, services: ReadonlySet<string>): boolean {
  const places = form.marked.map((callee) => {
    const caller = callerOf[callee] ?? "";
    return form.side === "[Ingress]" ? [callee] : form.side === "[Egress]" ? [caller] : [callee, caller];
  });
  return (
    places.every((each) => each.some((service) => services.has(service))) &&
    [...services].every((service) => places.some((each) => each.includes(service)))
  );
}

/** Resolves with the services that have a proxy, when the form is in force and nothing is on its way. */
async function untilInForce(wire: Wire, form: Form): Promise<ReadonlySet<string>> {
  for (let tries = 0; tries < 500; tries++) {
    const { settled, placement } = await wire.status();
    const proxies = placement?.proxies ?? [];
    const edited = proxies.filter(({ policies }) => policies.some(({ policy }) => policy === "hot-path"));
    if (settled && isPlaced(form, new Set(edited.map(({ service }) => service)))) {
      return new Set(proxies.map(({ service }) => service));
    }
    await sleep(20);
  }
  throw new Error(`${JSON.stringify(form)} is not in force:\n${wire.log()}`);
}

function median(sorted: readonly number[]): number {
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}
