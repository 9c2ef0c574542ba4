import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { admin } from "../../envoy/admin.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { answerHeader, callHeader, sendHeader } from "../../envoy/emulator/forwarded-headers.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { treeOf } from "../../envoy/emulator/tree-of.ts";
import { readCase } from "../read-case.ts";
import { asExpected, logName, parseStats, sumOf } from "../stats.ts";
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
    let log = "";
    const onLog = (_service: string, chunk: string): void => {
      log += chunk;
    };
    await using mesh = await startMesh(built, { onLog });
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
    if (!existsSync(path("stats.txt"))) return;
    const expected = parseStats(readFileSync(path("stats.txt"), "utf8"));
    const services = built.placement.proxies.map(({ service }) => service);
    const names = [...expected.keys()].filter((name) => !name.startsWith("log "));
    const stats = async (): Promise<ReadonlyMap<string, number>> =>
      sumOf([...(await statsOf(mesh, services, names)), ...linesIn(log)]);
    await expect.poll(async () => asExpected(await stats(), expected)).toEqual(expected);
  },
);

/** What policies have written to the logs of their proxies. */
function linesIn(log: string): readonly (readonly [string, number])[] {
  return [...log.matchAll(/\[(\w+)\]\[wasm\] .*?\bwasm log [^:\n]*: (.*)$/gm)].map(
    ([, level = "", message = ""]) => [logName(level, message), 1] as const,
  );
}

/** What the proxies show of these together; histograms as how many values they have. */
async function statsOf(
  { addresses }: RunningMesh,
  services: readonly string[],
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const shown = await Promise.all(
    services.map(async (service) => {
      const path = "/stats/prometheus?filter=wire";
      return (await admin({ address: addresses.proxy(service), port: 9901, path })).body;
    }),
  );
  const rows = shown.flatMap((text) => text.split("\n"));
  // Prometheus has no dots and no hyphens in names.
  return sumOf(
    names.flatMap((name) =>
      [0, ...rows.flatMap((row) => countIn(row, name.replace(/[^A-Za-z0-9]/g, "_")))].map(
        (count) => [name, count] as const,
      ),
    ),
  );
}

function countIn(row: string, name: string): readonly number[] {
  const [, found = "", count = ""] = /^(?:\w*?_)?(wire_\w+?)(?:_count)?\{[^}]*\} (\d+)$/.exec(row) ?? [];
  return found === name ? [Number(count)] : [];
}

/** From outside into an entry, or by a service, which is asked to make just this call with these headers. */
async function send({ mesh, addresses, outside }: RunningMesh, request: Traffic): Promise<Arrival> {
  const { from, to, path, method, body, answer } = request;
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
    const asking = answer === undefined ? {} : { [answerHeader]: [toBase64(answer)] };
    const isTcp = method === "TCP";
    const sent = isTcp ? {} : { method, body };
    const reply = await client.send({
      authority: asked.name,
      path: isTcp ? "/" : path,
      ...(from === null
        ? { headers: { ...headers, ...asking }, ...sent }
        : { headers: { ...headers, ...asking, [callHeader]: [to], [sendHeader]: [toBase64(sent)] } }),
    });
    if (from === null) {
      const { status, headers: received } = reply;
      return arrivalOf({ ...treeOf(to, asked.protocol, reply), got: { status, headers: received } }, false);
    }
    const tree: CallTree = JSON.parse(reply.body);
    const [call] = tree.calls ?? [];
    if (call === undefined) throw new Error(`${from} did not call ${to}: ${reply.body}`);
    return arrivalOf(call, request.method === "TCP");
  } finally {
    await client.retire();
  }
}

function toBase64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64");
}

/** Only a service tells which headers it saw; all else is a proxy's answer. A store answers a line, or nobody does. */
function arrivalOf(call: CallTree, isStore: boolean): Arrival {
  const { service, version, status, headers, body = "", got } = call;
  const seen = got === undefined ? {} : { got };
  if (isStore) return status === 200 ? { kind: "reached", service, headers: [] } : { kind: "closed" };
  if (headers === undefined) return { kind: "answer", status, body, ...seen };
  return {
    kind: "reached",
    service,
    ...(version === undefined ? {} : { version }),
    ...seen,
    headers: Object.entries(headers).flatMap(([name, values]) =>
      // Node shows the bytes of a header as latin1.
      values.map((value) => [name, Buffer.from(value, "latin1").toString("utf8")] as const),
    ),
  };
}
