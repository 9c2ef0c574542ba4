import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { listen } from "./listen.ts";

const address = "127.90.8.1";
/** As the kernel writes it. */
const place = "01085A7F:1F90";
const synSent = "02";

test("a thousand connections at once are let in by a service that is busy with something else", async () => {
  const service = { service: "frontend", address, port: 8080, protocol: "http", calls: [] } as const;
  const tree = { service: "frontend", status: 200 };
  const close = await listen(service, async () => ({ tree }));
  const sockets = Array.from({ length: 1_000 }, () => connect(service.port, address));
  await new Promise<void>((begun) => process.nextTick(begun));
  // Nobody accepts one until this turn is over, so those that the kernel has not let in by then would wait on.
  const deadline = performance.now() + 10_000;
  while (waiting() > 0 && performance.now() < deadline);
  expect(waiting()).toBe(0);
  for (const socket of sockets) socket.destroy();
  await close();
});

function waiting(): number {
  const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  return rows.filter((row) => {
    const [, , remote, state] = row.trim().split(/\s+/);
    return remote === place && state === synSent;
  }).length;
}
