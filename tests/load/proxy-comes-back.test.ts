import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../e2e/load.ts";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

let wire: Wire;

beforeAll(async () => {
  wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["filters/hot-path"],
  });
});

afterAll(async () => {
  await wire?.stop();
});

function marking(...services: readonly string[]): string {
  return `policy hot-path (
    act (RPCRequest request)
    context ('frontend.*[${services.join(", ")}]')
) {
    [Ingress]
    SetHeader(request, 'critical', 'true');
}
`;
}

test("a proxy that is wanted again while its connections end is led to once there is a new one", async () => {
  const file = join(wire.policies, "filters/hot-path/policy.cup");
  const save = async (text: string): Promise<void> => {
    const from = wire.log().length;
    await writeFile(file, text);
    await wire.untilLog(/in force:/, { from });
  };
  await save(marking("rate", "geo"));
  const wrong: string[] = [];
  const load = startLoad(wire, {
    rate: 50,
    answered(answer) {
      for (const visit of visitsOf(answer.tree, "rate"))
        if (visit.status !== 200) wrong.push(`${visit.status} ${visit.body}`);
      if (answer.tree === undefined) wrong.push(answer.body);
    },
  });
  for (let round = 0; round < 3; round++) {
    // Whoever says nothing has the proxy wait until its time is over.
    const { address, port } = wire.target("search", "rate");
    const idle = connect({ host: address, port }).on("error", () => {});
    await once(idle, "connect");
    await save(marking("geo"));
    // It connects once more, and would take all that is meant for the next one.
    await sleep(600);
    await save(marking("rate", "geo"));
    await sleep(2_500);
    idle.destroy();
  }
  expect(await load.stop()).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});
