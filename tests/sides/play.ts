import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { admin } from "../../envoy/admin.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { type RunningMesh, startMesh } from "../e2e/start-mesh.ts";
import { caller, inputOf, type Pair } from "./pair.ts";
import { placementOf, type Sides } from "./placements-of.ts";

const cache = createChainCache();

/** Of an administrator, signed as the mesh file wants it. */
const token =
  "Bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJzdWIiOiJhbm4iLCJyb2xlIjoiYWRtaW4iLCJsZXZlbCI6Mywib3JnIjp7InVuaXRzIjpbIm9wcyJdfX0.-e8EYvDzVZ60w-O5BmzUosbNIKtO1P0MQBwqzb1TXwadUX4Oiycrna24Vhg2P8vRZPDpxtgyuKPTdz3PgpFMlw";

/** Says which request it is, and what the service answers. */
const [askedFor, answers] = ["x-asked", "x-answer"] as const;

interface Asked {
  readonly name: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string[]>>;
  readonly body?: readonly string[];
}

/** One after the other, to each service. */
const requests: readonly Asked[] = [
  { name: "plain", headers: {} },
  { name: "no", headers: { "x-no": ["0"], authorization: [token] } },
  { name: "slow", headers: { "x-slow": ["1"], authorization: [token] } },
  { name: "fails", headers: { [answers]: ["503"] } },
  {
    name: "all",
    headers: { [answers]: ["503"], "x-slow": ["1"], "x-no": ["0"], authorization: [token] },
  },
  {
    name: "posts",
    method: "POST",
    headers: { "content-type": ["application/json"], authorization: [token] },
    body: ['{"user":', '"secret"}'],
  },
];

/** What differs from request to request, or says that there was a proxy. */
const passing: readonly string[] = [
  ...["connection", "date", "keep-alive", "server", "transfer-encoding"],
  ...["x-envoy-expected-rq-timeout-ms", "x-envoy-internal", "x-envoy-upstream-service-time"],
  ...["x-forwarded-proto", "x-request-id", askedFor],
];

/**
 * What becomes of the requests under each pair, in lines: what came back, what arrived, what was counted, logged and tagged. Real Envoys do what
 * they are given, each pair with a callee of its own.
 */
export async function play(
  pairs: ReadonlyMap<string, { readonly pair: Pair; readonly sides: Sides }>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const input = inputOf(new Map([...pairs].map(([to, { pair }]) => [to, pair])));
  const { build: built, diagnostics } = await build(input, { cache, placement: placementOf(pairs) });
  if (built === undefined) throw new Error(JSON.stringify(diagnostics));
  const called = [...pairs.keys()];
  let log = "";
  const onLog = (_service: string, chunk: string): void => {
    log += chunk;
  };
  const arrived = new Map(called.map((to) => [to, [] as string[]]));
  let answered: ReadonlyMap<string, readonly string[]>;
  let counted: readonly string[];
  {
    await using mesh = await startMesh(built, { without: called, onLog });
    await using services = new AsyncDisposableStack();
    for (const to of called)
      for (const { address, port, version = "" } of mesh.addresses.instances(to)) {
        const server = recorder((line) => arrived.get(to)?.push(`${version} ${line}`));
        server.listen(port, address);
        await once(server, "listening");
        services.defer(() => closed(server));
      }
    answered = new Map(await Promise.all(called.map(async (to) => [to, await ask(mesh, to)] as const)));
    // Copies that nobody waits for.
    await sleep(300);
    const proxies = built.placement.proxies.map(({ service }) => mesh.addresses.proxy(service));
    counted = (await Promise.all(proxies.map(countersOf))).flat();
  }
  // By now the proxies have written all of their logs. Before the message stands a module's name, which may have policies of other pairs in it.
  const messages = [...log.matchAll(/wasm log [^:\n]*: (\w+)/g)].map(([, message = ""]) => message);
  return new Map(
    called.map((to) => {
      const own = (words: readonly string[]): readonly string[] => words.filter((word) => word.includes(to));
      const lines = [
        ...(answered.get(to) ?? []),
        ...(arrived.get(to) ?? []).toSorted().map((line) => `arrived: ${line}`),
        `counted: ${sum(own(counted))}`,
        `logged: ${own(messages).length}`,
        `tagged: ${own(log.match(/"tier":"\w+"/g) ?? [])
          .toSorted()
          .join(" ")}`,
      ];
      return [
        to,
        lines.map((line) =>
          line
            .replaceAll(to, "TO")
            .replaceAll(token, "TOKEN")
            .replaceAll(/wire-deadline=\d+/g, "wire-deadline"),
        ),
      ];
    }),
  );
}

async function ask(mesh: RunningMesh, to: string): Promise<readonly string[]> {
  const target = mesh.target(caller, to);
  if (target === undefined) throw new Error(`no address is known for ${to}`);
  const client = connections("http", target, mesh.addresses.service(caller).address);
  const lines: string[] = [];
  for (const { name, headers, ...asked } of requests) {
    const sent = { authority: to, path: "/x?y=1", headers: { ...headers, [askedFor]: [name] }, ...asked };
    const line = await client.send(sent).then(
      ({ status, headers, body }) => `${status} ${headersText(headers)} ${body}`,
      (error: unknown) => String(error),
    );
    lines.push(`${name}: ${line}`);
  }
  await client.retire();
  return lines;
}

/** A service that tells what arrives. */
function recorder(tell: (line: string) => void): Server {
  return createServer((request, response) => {
    const { method, url, headers, rawHeaders } = request;
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const pairs = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""] as const] : [],
      );
      tell(`${headers[askedFor]} ${method} ${url} ${headersText(pairs)} ${body}`);
      response.writeHead(Number(headers[answers] ?? 200), { "content-type": "text/plain" });
      response.end(`to ${headers.host}`);
    });
  });
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/** `wire.NAME: 3`, one for each counter of a proxy. */
async function countersOf(address: string): Promise<readonly string[]> {
  const { body } = await admin({ address, port: 9901, path: "/stats?filter=^wire|wasmcustom&usedonly" });
  return body.match(/wire\.\w+: \d+/g) ?? [];
}

function sum(counters: readonly string[]): string {
  const sums = new Map<string, number>();
  for (const counter of counters) {
    const [name = "", count] = counter.split(": ");
    sums.set(name, (sums.get(name) ?? 0) + Number(count));
  }
  return [...sums]
    .toSorted()
    .map((entry) => entry.join(": "))
    .join(", ");
}

function headersText(headers: Iterable<readonly [string, string]>): string {
  return [...headers]
    .map(([name, value]) => `${name.toLowerCase()}=${value}`)
    .filter((text) => !passing.includes(text.split("=")[0] ?? ""))
    .toSorted()
    .join(" ");
}
