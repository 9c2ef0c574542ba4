import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLoad } from "../e2e/load.ts";
import { startWire, visitsOf, type Wire, type WireStatus } from "../e2e/start-wire.ts";

const examples = [
  "filters/hot-path",
  "filters/no-scrapers",
  "filters/canary-rate",
  "tests/e2e/policies/mark",
];
const services = ["geo", "rate", "search"];

/** How often each proxy has taken a resource since it started, by its own counters. */
async function updates(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const [index, admin] of ["127.2.0.3", "127.2.0.5", "127.2.0.9"].entries()) {
    const response = await fetch(
      `http://${admin}:9901/stats?filter=update_success|config_reload$|update_rejected`,
    );
    for (const line of (await response.text()).trim().split("\n")) {
      const [name = "", value = ""] = line.split(": ");
      counts[`${services[index]} ${name}`] = Number(value);
    }
  }
  return counts;
}

/** What each proxy is known to hold. */
function versionsOf({ proxies }: WireStatus): readonly string[] {
  return proxies
    .flatMap(({ service, resources }) => resources.map(({ name, acked }) => `${service} ${name} ${acked}`))
    .sort();
}

describe("a control plane that is killed", () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire({ mesh: "examples/meshes/hotel-reservation.yaml", from: examples });
  });
  afterAll(async () => {
    await wire?.stop();
  });

  test("costs no request, comes back with the same state, and re-sends nothing", async () => {
    const failed: string[] = [];
    const load = startLoad(wire, {
      rate: 50,
      answered(answer) {
        if (answer.status !== 200) failed.push(`${answer.status}: ${answer.body}`);
        for (const visit of ["rate", "geo"].flatMap((service) => visitsOf(answer.tree, service))) {
          if (visit.headers?.["critical"]?.join() !== "true")
            failed.push(`${visit.service} without the policy`);
        }
      },
    });
    await sleep(1_000);
    const before = await wire.status();
    const taken = await updates();
    const from = wire.log().length;
    process.kill(before.pid, "SIGKILL");
    await wire.untilLog(/control plane ended/, { from });
    await wire.untilLog(/in force:/, { from });
    await sleep(1_000);
    const after = await wire.status();
    const sent = await load.stop();

    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(100);
    expect(after.placement).toEqual(before.placement);
    expect(versionsOf(before).length).toBeGreaterThan(10);
    expect(Object.keys(taken).length).toBeGreaterThan(10);
    expect(versionsOf(after)).toEqual(versionsOf(before));
    expect(await updates()).toEqual(taken);
  });

  test.each(["new side on", "callers told", "old side off"])(
    "in the middle of a move (%s), a call is never without its policy, and the move is finished",
    async (stage) => {
      const file = join(wire.policies, "tests/e2e/policies/mark/policy.cup");
      const text = await readFile(file, "utf8");
      const [before, after] = text.includes("[Egress]")
        ? ["[Egress]", "[Ingress]"]
        : ["[Ingress]", "[Egress]"];
      const wrong: string[] = [];
      const load = startLoad(wire, {
        rate: 50,
        answered(answer) {
          if (answer.status !== 200) wrong.push(`${answer.status}: ${answer.body}`);
          for (const service of ["rate", "geo"]) {
            const visits = visitsOf(answer.tree, service);
            if (visits.length === 0) wrong.push(`no visit of ${service}`);
            for (const visit of visits) {
              if (visit.headers?.["marked"]?.join() !== "yes")
                wrong.push(`${service}: ${visit.status} ${visit.body}`);
            }
          }
        },
      });
      await sleep(300);
      const from = wire.log().length;
      await writeFile(file, text.replace(before ?? "", after ?? ""));
      await wire.untilLog(new RegExp(`rollout: ${stage}`), { from });
      process.kill((await wire.status()).pid, "SIGKILL");
      await wire.untilLog(/control plane ended/, { from });
      await wire.untilLog(/in force:/, {
        from: from + wire.log().slice(from).indexOf("control plane ended"),
      });
      await sleep(1_000);
      await load.stop();
      expect(wrong).toEqual([]);
      const { placement } = await wire.status();
      const sides = placement?.proxies.flatMap(({ policies }) =>
        policies.filter(({ policy }) => policy === "mark").map(({ side }) => side),
      );
      expect(new Set(sides)).toEqual(new Set([after === "[Ingress]" ? "ingress" : "egress"]));
    },
  );

  test("takes edits again afterwards", async () => {
    const file = join(wire.policies, "filters/hot-path/policy.cup");
    const from = wire.log().length;
    await writeFile(file, (await readFile(file, "utf8")).replaceAll("'true'", "'again'"));
    await wire.untilLog(/in force:/, { from });
    expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual(["again"]);
  });
});
