import { describe, expect, test } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { type Build, build } from "../pipeline/build.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { layOut } from "../xds/lay-out.ts";
import { alsoSending, sendersBeside, sendersOf, union } from "./senders.ts";
import { finalStage, stagesOf } from "./stages.ts";
import { withSenders } from "./with-senders.ts";

const cache = createChainCache();

async function built(api: string, geo: string, policy: string): Promise<Build> {
  const text = `name: two
identity: address
services: { api: { entry: true }, geo: { entry: true }, rate: {}, store: { protocol: tcp } }
calls: { api: [rate, store], geo: [rate, store] }
endpoints: { api: [${api}], geo: [${geo}] }
`;
  const made = await build(
    { policies: [{ path: "p.cup", text: policy }], mesh: { path: "mesh.yaml", text } },
    { cache },
  );
  if (made.build === undefined) throw new Error(JSON.stringify(made.diagnostics));
  return made.build;
}

/** The build, in the places of the one before. */
function laidOutAfter(before: Build, next: Build): Build {
  return { ...next, chains: layOut(next, before) };
}

const at = (...hosts: readonly number[]): string =>
  hosts.map((host) => `{ address: 10.0.0.${host}, port: 80 }`).join(", ");
const ofApi = "policy p ( act (Request r) context ('api -> rate') ) { [Ingress] SetHeader(r, 'x', 'yes'); }";

/** What the proxy of a service is told of where `api` sends from, and of where it listens. */
function told(stage: ReturnType<typeof finalStage>): readonly [string | undefined, string | undefined] {
  const snapshot = stage.snapshots.get("rate");
  const texts = [...(snapshot?.extensions.values() ?? [])].map(({ bytes }) =>
    Buffer.from(bytes).toString("latin1"),
  );
  const peers = texts.flatMap((text) => /@peer\tapi\t([\d.,]+)/.exec(text)?.slice(1) ?? []);
  return [peers[0], stage.addresses["outside"]?.["api"]?.map(({ address }) => address).join()];
}

describe("services that move", () => {
  test("are known where they were and where they will be before anybody is led there, and by where they were after", async () => {
    const before = await built(at(1, 2), at(8), ofApi);
    const next = laidOutAfter(before, await built(at(2, 3), at(8), ofApi));
    expect(stagesOf(before, next).map(told)).toEqual([
      ["10.0.0.2,10.0.0.3,127.2.0.1,10.0.0.1", "10.0.0.1,10.0.0.2"],
      ["10.0.0.2,10.0.0.3,127.2.0.1,10.0.0.1", "10.0.0.2,10.0.0.3"],
      ["10.0.0.2,10.0.0.3,127.2.0.1,10.0.0.1", "10.0.0.2,10.0.0.3"],
    ]);
    expect(told(finalStage(next))).toEqual(["10.0.0.2,10.0.0.3,127.2.0.1", "10.0.0.2,10.0.0.3"]);
  });

  test("lose an address to whoever has it now", async () => {
    const before = await built(at(1, 2), at(8), ofApi);
    const next = laidOutAfter(before, await built(at(2), at(1), ofApi));
    expect(sendersBeside({ mesh: next.mesh, senders: sendersOf(before.mesh) })).toEqual(
      new Map([["geo", ["10.0.0.8"]]]),
    );
    expect(stagesOf(before, next).map((stage) => told(stage)[0])).toEqual([
      "10.0.0.2,127.2.0.1",
      "10.0.0.2,127.2.0.1",
      "10.0.0.2,127.2.0.1",
    ]);
  });

  test("are let through or refused at a store wherever they send from", async () => {
    const policy = "policy p ( act (Connection c) context ('store') ) { [Ingress] Allow(c, 'api'); }";
    const one = await built(at(1), at(8), policy);
    const [chain] = withSenders(one, new Map([["api", ["10.0.0.9"]]])).chains;
    expect(one.chains[0]?.refuses).toEqual({ except: true, list: ["10.0.0.1", "127.2.0.1"] });
    expect(chain?.refuses).toEqual({ except: true, list: ["10.0.0.1", "10.0.0.9", "127.2.0.1"] });
    expect(chain?.slots[0]?.configuration).toContain("@peer\tapi\t10.0.0.1,127.2.0.1,10.0.0.9\n");
  });
});

test("a union has each address once, and a plan what it had first", async () => {
  const [a, b] = [
    new Map([["api", ["2", "1"]]]),
    new Map([
      ["api", ["1"]],
      ["geo", ["3"]],
    ]),
  ];
  expect(union([a, b])).toEqual(
    new Map([
      ["api", ["1", "2"]],
      ["geo", ["3"]],
    ]),
  );
  const { mesh } = await built(at(1), at(8), ofApi);
  expect(alsoSending(addressPlan(mesh), a).sources("api")).toEqual(["10.0.0.1", "127.2.0.1", "2", "1"]);
});
