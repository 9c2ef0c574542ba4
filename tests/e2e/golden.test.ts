import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { callHeader } from "../../envoy/emulator/forwarded-headers.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { readCase } from "../read-case.ts";
import { type Arrival, parseTraffic, showArrival, showOutcome, type Traffic } from "../traffic.ts";
import { type RunningMesh, startMesh } from "./start-mesh.ts";

const folders = readdirSync(join(import.meta.dirname, "../policies"));
/** A request that may go to any version is sent so often that each version should get one. */
const turns = 12;
const cache = createChainCache();

test.each(folders.filter((folder) => !folder.startsWith("error-")))(
  "golden %s in real Envoys",
  async (folder) => {
    const { input, path } = readCase(folder);
    const { build: built } = await build(input, { cache });
    if (built === undefined) throw new Error(`${folder} does not build`);
    await using mesh = await startMesh(built);
    for (const request of parseTraffic(readFileSync(path("traffic.txt"), "utf8"))) {
      const line = `line ${request.line}: ${request.text}`;
      const reached = new Set<string | undefined>();
      const versions = [...(built.mesh.services.get(request.to)?.versions.keys() ?? [])];
      for (let turn = 0; turn < (versions.length === 0 ? 1 : turns); turn++) {
        const arrival = await send(mesh, request);
        expect(showArrival(arrival, request.outcome), line).toBe(showOutcome(request.outcome));
        if (arrival.kind === "reached") reached.add(arrival.version);
      }
      if (versions.length > 0 && request.outcome.kind === "reaches" && request.outcome.version === undefined)
        expect(reached, line).toEqual(new Set(versions));
    }
  },
);

/** From outside into an entry, or by a service, which is asked to make just this call with these headers. */
async function send({ mesh, addresses, outside }: RunningMesh, request: Traffic): Promise<Arrival> {
  // The emulated services make GETs only, and connections to stores.
  expect(["GET", "TCP"]).toContain(request.method);
  const { from, to, path } = request;
  const headers: Record<string, string[]> = {};
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value];
  }
  const asked = mesh.services.get(from ?? to);
  if (asked === undefined) throw new Error(`the mesh has no service ${from ?? to}`);
  const target = from === null ? outside(to) : { via: "direct" as const, ...addresses.service(from) };
  if (target === undefined) throw new Error(`nobody outside may call ${to}`);
  const client = connections(asked.protocol, target, "127.0.0.1");
  try {
    const reply = await client.send({
      authority: asked.name,
      path: request.method === "TCP" ? "/" : path,
      headers: from === null ? headers : { ...headers, [callHeader]: [to] },
    });
    if (from === null) {
      const { status, body } = reply;
      return status === 200 ? arrivalOf(JSON.parse(body), false) : { kind: "answer", status, body };
    }
    const tree: CallTree = JSON.parse(reply.body);
    const [call] = tree.calls ?? [];
    if (call === undefined) throw new Error(`${from} did not call ${to}: ${reply.body}`);
    return arrivalOf(call, request.method === "TCP");
  } finally {
    await client.retire();
  }
}

/** Only a service tells which headers it saw; all else is a proxy's answer. A store answers a line, or nobody does. */
function arrivalOf(call: CallTree, isStore: boolean): Arrival {
  const { service, version, status, headers, body = "" } = call;
  if (isStore) return status === 200 ? { kind: "reached", service, headers: [] } : { kind: "closed" };
  if (headers === undefined) return { kind: "answer", status, body };
  return {
    kind: "reached",
    service,
    ...(version === undefined ? {} : { version }),
    headers: Object.entries(headers).flatMap(([name, values]) =>
      // Node shows the bytes of a header as latin1.
      values.map((value) => [name, Buffer.from(value, "latin1").toString("utf8")] as const),
    ),
  };
}
