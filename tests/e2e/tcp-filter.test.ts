import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { startMesh } from "./start-mesh.ts";

const mesh = `name: store
identity: address
services:
  api: { entry: true }
  db: { protocol: tcp }
calls:
  api: [db]
`;

/** Filter code for what connections carry: it counts, rewrites both directions, waits for the end of a line, and closes. */
const guard = `import { Connection, Counter, Flow, Peer, PerStream } from "proxy-wasm-as";
export const context = "api -> db";
export const side = "ingress";
class Lines { count: i32 = 0; }
const lines = new PerStream<Lines>();
const closed = new Counter("guard.closed");
export function onConnection(connection: Connection): void { lines.of(connection).count = 0; }
export function onData(connection: Connection, _size: u32, last: bool): Flow {
  const text = connection.data.text();
  if (text === null) return Flow.Continue;
  if (!text.endsWith("\\n") && !last) return Flow.Pause;
  if (text.startsWith("FLUSH")) { connection.close(); return Flow.Pause; }
  lines.of(connection).count += text.split("\\n").length - 1;
  return Flow.Continue;
}
export function onUpstreamData(connection: Connection): Flow {
  connection.upstreamData.prepend(lines.of(connection).count.toString() + " ");
  return Flow.Continue;
}
export function onClose(connection: Connection, peer: Peer): void { closed.increment(); }
`;

test.each(["enforce", "audit"])(
  "filter code reads, holds, changes and ends what a connection carries: %s",
  async (mode) => {
    const { build: made, diagnostics } = await build({
      policies: [{ path: "guard.ts", text: `${guard}export const mode = "${mode}";\n` }],
      mesh: { path: "mesh.yaml", text: mesh },
    });
    expect(diagnostics).toEqual([]);
    if (made === undefined) throw new Error("the filter does not build");
    await using running = await startMesh(made);
    const place = running.target("api", "db");
    const open = async () => {
      const socket = connect({
        host: place?.address ?? "",
        port: place?.port ?? 0,
        localAddress: running.addresses.instances("api")[0]?.address ?? "",
      });
      let got = "";
      let ended = false;
      socket.on("data", (chunk) => {
        got += chunk;
      });
      socket.on("close", () => {
        ended = true;
      });
      await once(socket, "connect");
      return { socket, got: () => got, ended: () => ended };
    };
    const isEnforced = mode === "enforce";
    const first = await open();
    first.socket.write("pi");
    first.socket.write("ng\n");
    await expect.poll(first.got).toBe(isEnforced ? "1 OK db\n" : "OK db\n");
    first.socket.write("a\nb\n");
    await expect.poll(first.got).toMatch(isEnforced ? /^1 OK db\n3 OK db\n(3 )?OK db\n$/ : /^(OK db\n){3}$/);
    const other = await open();
    other.socket.write("FLUSH\n");
    if (isEnforced) await expect.poll(other.ended).toBe(true);
    else await expect.poll(other.got).toBe("OK db\n");
    expect(other.got()).toBe(isEnforced ? "" : "OK db\n");
    expect(first.ended()).toBe(false);
    first.socket.destroy();
    other.socket.destroy();
    const counted = async (name: string): Promise<number> => {
      const reply = await fetch(`http://${running.addresses.proxy("db")}:9901/stats?filter=${name}`);
      return Number(/: (\d+)/.exec(await reply.text())?.[1] ?? 0);
    };
    await expect.poll(() => counted("guard.closed")).toBe(isEnforced ? 2 : 0);
    // Both: one would have got changed data, the other its end.
    expect(await counted("wire.audit.guard")).toBe(isEnforced ? 0 : 2);
  },
);
