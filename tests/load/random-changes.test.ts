import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../controlplane/mesh/random.ts";
import {
  allEndpoints,
  type ChangingEndpoints,
  changingContexts,
  changingMesh,
} from "../../controlplane/rollout/changing-mesh.test-helper.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startLoad } from "../e2e/load.ts";
import { startWire, type Wire } from "../e2e/start-wire.ts";
import { seedOr } from "../seed.ts";

// Whatever policies come, go, change and move between proxies, and wherever services are, while requests are made: no request fails, and each call
// meets each policy that stays exactly once, one that comes or goes at most once. Every policy adds a header, so that each time that it acts is counted.

const changes = 200;
const rate = 50;
const names = ["p0", "p1", "p2", "p3"];
const sides = ["", "[Ingress]", "[Egress]"];

interface Form {
  readonly context: string;
  readonly side: string;
  readonly value: number;
  readonly refuses: boolean;
}

/** The policies that there are, by name. */
type State = ReadonlyMap<string, Form>;

/** Where a context is about one call, as here, its last two services are that call. */
function callsOf({ context, side }: Form): readonly string[] {
  const [last = "", before] = context.split(" -> ").toReversed();
  const all = (part: string): readonly string[] => part.replace(/[[\]]/g, "").split(", ");
  // What stands under [Egress] does not apply to a request from outside.
  if (before === undefined) return side === "[Egress]" ? [] : all(last).map((to) => `outside -> ${to}`);
  return all(before).flatMap((from) => all(last).map((to) => `${from} -> ${to}`));
}

function copper(name: string, { context, side, value, refuses }: Form): string {
  const refusal = refuses ? "if (HasHeader(r, 'never')) { Deny(r); } " : "";
  return `policy ${name} ( act (Request r) context ('${context}') ) { ${side} ${refusal}AddHeader(r, '${name}', '${value}'); }\n`;
}

function isChanging(service: string): service is keyof ChangingEndpoints {
  return service in allEndpoints;
}

interface Call {
  readonly name: string;
  readonly visit: CallTree;
}

function callsIn(visit: CallTree, from = "outside"): readonly Call[] {
  const below = (visit.calls ?? []).flatMap((each) => callsIn(each, visit.service));
  return [{ name: `${from} -> ${visit.service}`, visit }, ...below];
}

let wire: Wire;
let own: string;
let meshFile: string;

beforeAll(async () => {
  own = await mkdtemp(join(tmpdir(), "wire-changes-"));
  meshFile = join(own, "mesh.yaml");
  // Where all of them are, there are services that run.
  await writeFile(meshFile, changingMesh(allEndpoints));
  wire = await startWire({ mesh: meshFile, from: ["tests/load/policies/random"] });
});

afterAll(async () => {
  await wire?.stop();
  await rm(own, { recursive: true, force: true });
});

test(`each policy acts exactly once over ${changes} random changes under load`, {
  timeout: 600_000,
}, async () => {
  const seed = seedOr();
  process.stderr.write(`random-changes: seed ${seed}\n`);
  const draw = random(seed);
  const folder = join(wire.policies, "tests/load/policies/random");
  const first: Form = { context: "web -> rate", side: "", value: 0, refuses: false };
  /** What may be in force, the newest last, and since when what was there before them is not. */
  let possible: readonly State[] = [new Map([["p0", first]])];
  let sinceMs = 0;
  /** The same of where services are. */
  let places: readonly ChangingEndpoints[] = [allEndpoints];
  const wrong: string[] = [];
  let [requests, checked] = [0, 0];
  const load = startLoad(wire, {
    rate,
    answered({ tree, status, body }, startedMs) {
      requests++;
      if (tree === undefined) return void wrong.push(`${status}: ${body}`);
      // One that began before the last change was in force may show what was there then.
      const isOfNow = startedMs > sinceMs;
      for (const { name: call, visit } of callsIn(tree)) {
        if (visit.status !== 200) wrong.push(`${call}: status ${visit.status} ${visit.body}`);
        const { service, address = "" } = visit;
        if (isOfNow && isChanging(service) && !places.some((all) => all[service].includes(address)))
          wrong.push(`${call}: reached ${address}, where ${service} is no more`);
        for (const policy of names) {
          const acted = (visit.headers?.[policy] ?? []).flatMap((each) => each.split(",")).length;
          const allowed = possible.map((state) => {
            const form = state.get(policy);
            return Number(form !== undefined && callsOf(form).includes(call));
          });
          checked++;
          if (isOfNow && !allowed.includes(acted))
            wrong.push(
              `${call}: ${policy} acted ${acted} times, and not ${[...new Set(allowed)].join(" or ")}`,
            );
        }
      }
    },
  });

  const any = (value: number): Form => ({
    ...{ context: draw.pick(changingContexts), side: draw.pick(sides), value },
    refuses: draw.below(4) === 0,
  });
  const proxies = new Set<string>();
  let [moves, elsewhere] = [0, 0];
  for (let change = 1; change <= changes && wrong.length === 0; change++) {
    if (draw.below(5) === 0) {
      const from = wire.log().length;
      const service = draw.pick(["api", "geo"] as const);
      const some = allEndpoints[service].filter(() => draw.below(2) === 0);
      const before = places.at(-1) ?? allEndpoints;
      const next = { ...before, [service]: some.length === 0 ? [draw.pick(allEndpoints[service])] : some };
      if (isDeepStrictEqual(next, before)) continue;
      places = [places.at(-1) ?? next, next];
      await writeFile(meshFile, changingMesh(next));
      await wire.untilLog(/in force:/, { from });
      await untilInForce(possible.at(-1) ?? new Map());
      [places, sinceMs] = [[next], performance.now()];
      elsewhere++;
      continue;
    }
    const now = possible.at(-1) ?? new Map<string, Form>();
    const next = new Map(now);
    // Mostly one file at a time; now and then two, which may be seen one after the other.
    const edited = [draw.pick(names), ...(draw.below(4) === 0 ? [draw.pick(names)] : [])];
    const from = wire.log().length;
    for (const name of new Set(edited)) {
      const file = join(folder, `${name}.cup`);
      if (next.has(name) && next.size > 1 && draw.below(4) === 0) {
        next.delete(name);
        possible = [...possible, new Map(next)];
        await rm(file);
      } else {
        const form = any(change);
        next.set(name, form);
        possible = [...possible, new Map(next)];
        await writeFile(file, copper(name, form));
      }
    }
    await wire.untilLog(/in force:/, { from });
    await untilInForce(next);
    // What began before is not judged by what comes now.
    [possible, sinceMs] = [[next], performance.now()];
    const { placement } = await wire.status();
    const services = (placement?.proxies ?? []).map(({ service }) => service);
    if (services.some((service) => !proxies.has(service)) || proxies.size !== services.length) moves++;
    proxies.clear();
    for (const service of services) proxies.add(service);
    await sleep(draw.below(150));
  }
  const sent = await load.stop();
  process.stderr.write(
    `random-changes: ${requests} requests, ${checked} calls and policies, ${changes} changes, ${moves} of which changed which services have a proxy, and ${elsewhere} where services are\n`,
  );
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(requests).toBe(sent);
  expect(moves).toBeGreaterThan(changes / 10);
  expect(elsewhere).toBeGreaterThan(changes / 20);
});

/** Resolves when the control plane has nothing on its way, and what is in force is of these policies. */
async function untilInForce(state: State): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { settled, placement } = await wire.status();
    const placed = placement?.proxies
      .flatMap(({ policies }) => policies)
      .flatMap(({ policy, calls }) =>
        calls.map(([from, to]) => `${policy} on ${from ?? "outside"} -> ${to}`),
      );
    const expected = [...state].flatMap(([name, form]) => callsOf(form).map((call) => `${name} on ${call}`));
    if (settled && placed?.toSorted().join() === expected.sort().join()) return;
    if (performance.now() > deadline)
      throw new Error(`never in force: ${[...state.keys()].join()}\n${wire.log()}`);
    await sleep(20);
  }
}
