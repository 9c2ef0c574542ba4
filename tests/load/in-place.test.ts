import { rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWire, type Wire } from "../e2e/start-wire.ts";

let wire: Wire;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["tests/e2e/policies/mark"],
  });
});

afterAll(async () => {
  agent.destroy();
  await wire?.stop();
});

/** Longer than Envoy drains the connections of a listener that has gone. */
const drainMs = 7_000;

function copper(name: string, action: string): string {
  return `policy ${name} ( act (Request r) context ('frontend') ) { [Ingress] ${action} }\n`;
}

test("policies come and go on a connection that stays open", async () => {
  const inForce = async (change: Promise<void>): Promise<void> => {
    const from = wire.log().length;
    await change;
    await wire.untilLog(/in force:/, { from });
  };
  const edit = (file: string, text: string): Promise<void> =>
    inForce(writeFile(join(wire.policies, file), text));
  await edit("one.cup", copper("one", "SetHeader(r, 'x-one', 'yes');"));
  const { address, port } = wire.target("outside", "frontend");
  const ask = (): Promise<{ readonly status: number; readonly connection: string; readonly body: string }> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: address, port, agent, path: "/" }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        const connection = String(sent.socket?.localPort);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, connection, body }));
      });
      sent.on("error", reject);
      sent.end();
    });

  const first = await ask();
  // Into the filter that is there; then one that refuses, in a filter of its own before it.
  await edit("two.cup", copper("two", "SetHeader(r, 'x-two', 'yes');"));
  const second = await ask();
  await edit("three.cup", copper("three", "if (HasHeader(r, 'x-one')) { Deny(r, 418); }"));
  const third = await ask();
  await sleep(drainMs);
  await inForce(rm(join(wire.policies, "three.cup")));
  const fourth = await ask();
  const answers = [first, second, third, fourth];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 418, 200]);
  expect(answers.map(({ body }) => body.includes('"x-two"'))).toEqual([false, true, false, true]);
  expect(new Set(answers.map(({ connection }) => connection)).size).toBe(1);
  const { port: after } = wire.target("outside", "frontend");
  expect(after).toBe(port);
});
