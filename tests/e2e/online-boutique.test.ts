import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { addressPlan } from "../../controlplane/xds/address-plan.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startWire, visitsOf, type Wire } from "./start-wire.ts";

async function readMesh(): Promise<{ readonly path: string; readonly text: string }> {
  const path = join(import.meta.dirname, "../../examples/meshes/online-boutique.yaml");
  return { path, text: await readFile(path, "utf8") };
}

/** The visits of `to` by caller: which of them a policy touched. */
function byCaller(tree: CallTree | undefined, to: string): ReadonlyMap<string, readonly CallTree[]> {
  const found = new Map<string, CallTree[]>();
  const walk = (node: CallTree): void => {
    for (const call of node.calls ?? []) {
      if (call.service === to) found.set(node.service, [...(found.get(node.service) ?? []), call]);
      walk(call);
    }
  };
  if (tree !== undefined) walk(tree);
  return found;
}

/** What each caller's call of `to` came with in a header, or what it was answered. */
function seen(
  tree: CallTree | undefined,
  to: string,
  read: (visit: CallTree) => unknown,
): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries([...byCaller(tree, to)].map(([caller, visits]) => [caller, visits.map(read)]));
}

describe("online-boutique: services with several callers, and a policy for one of them", () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire({
      mesh: "examples/meshes/online-boutique.yaml",
      from: ["examples/online-boutique"],
    });
  }, 90_000);
  afterAll(async () => {
    await wire?.stop();
  });

  test("three of eleven services get a proxy", async () => {
    const { placement } = await wire.status();
    expect(placement?.proxies.map(({ service }) => service).sort()).toEqual([
      "cartservice",
      "frontend",
      "productcatalogservice",
    ]);
  });

  test("either side: the cart is marked for checkout and not for the frontend", async () => {
    const { tree } = await wire.ask();
    expect(seen(tree, "cartservice", (visit) => visit.headers?.["x-order"])).toEqual({
      checkoutservice: [["final"]],
      frontend: [undefined],
    });
  });

  test("ingress: the catalog tells the recommendations from its other two callers", async () => {
    const { tree } = await wire.ask();
    // The frontend also reaches the catalog through checkout, whose calls are its own.
    expect(seen(tree, "productcatalogservice", (visit) => visit.headers?.["x-detail"])).toEqual({
      recommendationservice: [["short"]],
      frontend: [undefined],
      checkoutservice: [undefined],
    });
  });

  test("ingress: the catalog goes by the address that calls, and not by what a header claims", async () => {
    const { path, text } = await readMesh();
    const { mesh } = fromYaml({ path, text });
    if (mesh === undefined) throw new Error(`${path} cannot be read`);
    const plan = addressPlan(mesh);
    const place = wire.target("recommendationservice", "productcatalogservice");
    const detail = async (localAddress: string, claimed: string) => {
      const sent = get({
        ...{ host: place.address, port: place.port, localAddress, agent: false },
        headers: { "x-forwarded-for": claimed, "x-real-ip": claimed },
      });
      const [response] = await once(sent, "response");
      const tree: CallTree = JSON.parse(await textOf(response));
      return tree.headers?.["x-detail"];
    };
    const recommendation = plan.service("recommendationservice").address;
    const frontend = plan.service("frontend").address;
    expect(await detail(recommendation, frontend)).toEqual(["short"]);
    expect(await detail(frontend, recommendation)).toBeUndefined();
  });

  test("egress: a bot gets no quote, and its order is shipped all the same", async () => {
    const status = (visit: CallTree) => visit.status;
    const bot = await wire.ask({ "user-agent": "bot" });
    expect(bot.status).toBe(200);
    expect(seen(bot.tree, "shippingservice", status)).toEqual({ frontend: [403], checkoutservice: [200] });
    const person = await wire.ask({ "user-agent": "person" });
    expect(seen(person.tree, "shippingservice", status)).toEqual({ frontend: [200], checkoutservice: [200] });
  });

  test("no policy's header is seen anywhere else", async () => {
    const { tree } = await wire.ask();
    const marked = new Set<string>();
    const walk = (node: CallTree): void => {
      for (const call of node.calls ?? []) {
        for (const name of ["x-order", "x-detail"])
          if (call.headers?.[name] !== undefined) marked.add(`${node.service} -> ${call.service}`);
        walk(call);
      }
    };
    if (tree !== undefined) walk(tree);
    expect([...marked].sort()).toEqual([
      "checkoutservice -> cartservice",
      "recommendationservice -> productcatalogservice",
    ]);
  });
});

describe("bookinfo: one of three versions", () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire({ mesh: "examples/meshes/bookinfo.yaml", from: ["examples/bookinfo"] });
  }, 90_000);
  afterAll(async () => {
    await wire?.stop();
  });

  test("canary requests go to v2, the others to all three", async () => {
    for (let turn = 0; turn < 4; turn++) {
      const { tree } = await wire.ask({ "x-canary": "true" });
      expect(visitsOf(tree, "reviews").map(({ version }) => version)).toEqual(["v2"]);
    }
    const versions = new Set<string | undefined>();
    for (let turn = 0; turn < 12; turn++) {
      for (const { version } of visitsOf((await wire.ask()).tree, "reviews")) versions.add(version);
    }
    expect(versions).toEqual(new Set(["v1", "v2", "v3"]));
  });

  test("a client cannot pick a version itself", async () => {
    const versions = new Set<string | undefined>();
    for (let turn = 0; turn < 12; turn++) {
      const { tree } = await wire.ask({ "x-wire-version": "v2" });
      for (const { version } of visitsOf(tree, "reviews")) versions.add(version);
    }
    expect(versions.size).toBe(3);
  });
});
