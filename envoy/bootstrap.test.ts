import { describe, expect, test } from "vitest";
import { bootstrap } from "./bootstrap.ts";

const options = {
  nodeId: "rate-1",
  cluster: "rate",
  adminAddress: "127.0.1.9",
  xdsAddress: "127.0.0.1",
  xdsPort: 18000,
};

describe("bootstrap", () => {
  test("names the node and asks for everything over delta ADS", () => {
    expect(bootstrap(options)).toMatchObject({
      node: { id: "rate-1", cluster: "rate" },
      admin: { address: { socket_address: { address: "127.0.1.9", port_value: 9901 } } },
      dynamic_resources: {
        ads_config: {
          api_type: "DELTA_GRPC",
          transport_api_version: "V3",
          grpc_services: [{ envoy_grpc: { cluster_name: "wire-xds" } }],
        },
        lds_config: { ads: {}, resource_api_version: "V3" },
        cds_config: { ads: {}, resource_api_version: "V3" },
      },
      static_resources: { clusters: [{ name: "wire-xds" }] },
    });
  });

  test("reports load to the control plane only when it is told to", () => {
    expect(bootstrap(options)).not.toHaveProperty("cluster_manager");
    expect(bootstrap({ ...options, loadReports: true })).toMatchObject({
      cluster_manager: {
        load_stats_config: {
          ...{ api_type: "GRPC", transport_api_version: "V3" },
          grpc_services: [{ envoy_grpc: { cluster_name: "wire-xds" } }],
        },
      },
    });
  });

  test("binds connections to the control plane only when it is told to", () => {
    expect(JSON.stringify(bootstrap(options))).not.toContain("upstream_bind_config");
    expect(bootstrap({ ...options, bindAddress: "127.0.1.9" })).toMatchObject({
      static_resources: {
        clusters: [
          {
            upstream_bind_config: {
              source_address: { socket_address: { address: "127.0.1.9", port_value: 0 } },
            },
          },
        ],
      },
    });
  });
});
