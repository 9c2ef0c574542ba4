import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadReporter } from "../../controlplane/server/load-reporter.test-helper.ts";
import { folderWith, hotel, runWire } from "./run-wire.ts";
import { ports, serving } from "./serving.ts";

const policy =
  "policy a ( act (Request r) context ('frontend -> search') ) { [Egress] SetHeader(r, 'a', 'b'); }\n";

test("`wire rates` shows what proxies count, and writes it into a mesh file", async () => {
  using folder = folderWith({ "a.cup": policy, "mesh.yaml": readFileSync(hotel, "utf8") });
  const mesh = join(folder.path, "mesh.yaml");
  await using wire = await serving(folder.path, ["--mesh", mesh, "--load-interval", "2"]);
  const before = await runWire(["rates", "--url", wire.http]);
  expect(before.stdout).toMatch(/^no proxy has reported within the last 60 s\nnot known: \d+ calls /);

  const proxy = loadReporter(Number(wire.xds.split(":").at(-1)));
  using _ = { [Symbol.dispose]: proxy.close };
  proxy.say({ node: { id: "frontend" } });
  const { clusters, seconds } = await proxy.next();
  expect(seconds).toBe(2);
  const clusterName = clusters.find((name) => name.startsWith("search")) ?? "";
  expect(clusterName).not.toBe("");
  proxy.say({
    clusterStats: [
      {
        clusterName,
        upstreamLocalityStats: [{ totalIssuedRequests: 25n }],
        loadReportInterval: { seconds: 2n },
      },
    ],
  });
  await expect
    // Each time is a process of its own.
    .poll(async () => (await runWire(["rates", "--url", wire.http])).stdout, { timeout: 20_000 })
    .toMatch(
      /^call +a second {2}mesh file {2}over +how\nfrontend -> search {2}12\.5 +\d+ +2 s +counted by the caller's proxy\n/,
    );
  const { calls } = JSON.parse((await runWire(["rates", "--url", wire.http, "--json"])).stdout);
  expect(calls).toEqual([
    {
      ...{ from: "frontend", to: "search", rate: 12.5, declared: expect.any(Number) },
      ...{ basis: "counted", seconds: 2, total: 25 },
    },
  ]);

  const write = () => runWire(["rates", "--url", wire.http, "--write", mesh]);
  expect(await write()).toMatchObject({
    code: 0,
    stdout: `${mesh}: 1 rate written of 1 call whose rates are known\n`,
  });
  const changed = readFileSync(mesh, "utf8");
  expect(changed).toMatch(/to: search, rate: 12\.5/);
  expect((await write()).stdout).toContain(": 0 rates written of 1 call");
  expect(readFileSync(mesh, "utf8")).toBe(changed);
});

test("a mesh file that is none, and a control plane that asks for no reports", async () => {
  using folder = folderWith({ "a.cup": policy, "mesh.yaml": "calls: {\n" });
  await using wire = await serving(folder.path, ["--load-interval", "0"]);
  const off = await runWire(["rates", "--url", wire.http]);
  expect(off).toMatchObject({
    code: 3,
    stderr:
      "wire: [rates] the proxies are not asked for their load: start the control plane with --load-interval\n",
  });
  await using other = await serving(folder.path);
  const bad = await runWire(["rates", "--url", other.http, "--write", join(folder.path, "mesh.yaml")]);
  expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining("error[MSH0101]") });
});

test("operators are named by what their certificates say, so that there have to be some", async () => {
  using folder = folderWith({ "a.cup": policy });
  const run = await runWire([
    ...["serve", folder.path, "--mesh", hotel, ...ports, "--xds-operator", "spiffe://mesh/operator"],
  ]);
  expect(run).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--xds-operator is of certificates: give --xds-cert, --xds-key"),
  });
});
