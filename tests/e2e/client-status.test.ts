import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configDiff, type Wanted } from "../../controlplane/cli/config-diff.ts";
import {
  type CsdsCaller,
  type CsdsResource,
  csdsClient,
} from "../../controlplane/server/csds-client.test-helper.ts";
import { placesOf } from "../../controlplane/xds/decode.ts";
import { ListenerSchema } from "../../controlplane/xds/generated/envoy/config/listener/v3/listener_pb.ts";
import { typeUrl } from "../../controlplane/xds/type-url.ts";
import { startWire, type Wire } from "./start-wire.ts";

let wire: Wire;
let operator: CsdsCaller;

beforeAll(async () => {
  wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["tests/e2e/policies/mark", "tests/e2e/policies/count"],
  });
  operator = csdsClient(wire.xdsPort);
});
afterAll(async () => {
  operator?.close();
  await wire?.stop();
});

function wantedOf({ type_url: type, name, version_info: version, xds_config: any }: CsdsResource): Wanted {
  if (type !== typeUrl.endpoints) return { type, name, version };
  const bytes = any?.value ?? Buffer.alloc(0);
  return { type, name, version, places: placesOf({ typeUrl: type, name, version, bytes }) };
}

test("an operator's tool is told what each proxy runs, and its Envoy says the same", async () => {
  const clients = await operator.fetch();
  const { proxies } = await wire.status();
  expect(clients.map(({ node }) => node?.id).sort()).toEqual(proxies.map(({ service }) => service).sort());
  for (const { node, generic_xds_configs: resources } of clients) {
    expect(resources.length).toBeGreaterThan(0);
    expect(new Set(resources.map(({ config_status: state }) => state))).toEqual(new Set(["SYNCED"]));
    const { admin } = (await (await fetch(`${wire.http}/nodes/${node?.id}`)).json()) as {
      readonly admin: string;
    };
    const dump: unknown = await (await fetch(`${admin}/config_dump?include_eds`)).json();
    expect(configDiff(resources.map(wantedOf), dump)).toEqual([]);
  }
});

test("the contents are those that the proxy was sent", async () => {
  const [client] = await operator.fetch({ node_matchers: [{ node_id: { exact: "search" } }] });
  const listeners = client?.generic_xds_configs.filter(({ type_url: type }) => type === typeUrl.listener);
  expect(listeners?.length).toBeGreaterThan(0);
  for (const { name, xds_config: any } of listeners ?? [])
    expect(fromBinary(ListenerSchema, any?.value ?? new Uint8Array()).name).toBe(name);
});
