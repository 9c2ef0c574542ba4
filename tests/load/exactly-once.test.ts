import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../e2e/load.ts";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

let wire: Wire;

beforeAll(async () => {
  wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    // Neighbours keep both proxies in use, so that only the one policy moves.
    from: ["tests/e2e/policies/count", "tests/e2e/policies/mark", "filters/hot-path"],
  });
});

afterAll(async () => {
  await wire?.stop();
});

test("a policy that moves between caller and callee under load acts once on every request", async () => {
  const file = join(wire.policies, "tests/e2e/policies/count/policy.ts");
  const text = await readFile(file, "utf8");
  const counts = new Map<string, number>();
  const load = startLoad(wire, {
    rate: 100,
    answered(answer) {
      for (const visit of ["rate", "geo"].flatMap((service) => visitsOf(answer.tree, service))) {
        const seen = (visit.headers?.["count"] ?? [`status ${visit.status}`]).join();
        counts.set(seen, (counts.get(seen) ?? 0) + 1);
      }
      if (answer.tree === undefined) counts.set(answer.body, 1);
    },
  });
  for (let move = 0; move < 16; move++) {
    const side = move % 2 === 0 ? "egress" : "ingress";
    const from = wire.log().length;
    await writeFile(file, text.replace('"ingress"', `"${side}"`));
    await wire.untilLog(/in force:/, { from });
    const { placement } = await wire.status();
    const sides = placement?.proxies.flatMap(({ policies }) =>
      policies.filter(({ policy }) => policy === "count").map((placed) => placed.side),
    );
    expect(new Set(sides)).toEqual(new Set([side]));
    await sleep(200);
  }
  const sent = await load.stop();
  expect([...counts.keys()]).toEqual(["x"]);
  expect(counts.get("x")).toBe(2 * sent);
});
