import { expect, test } from "vitest";
import { typeUrl } from "../xds/type-url.ts";
import { configDiff } from "./config-diff.ts";

const draining = {
  name: "old",
  draining_state: {
    listener: {
      filter_chains: [
        {
          filters: [
            {
              name: "http",
              typed_config: {
                rds: { route_config_name: "old" },
                http_filters: [{ name: "wire/old/0", config_discovery: {} }, { name: "router" }],
              },
            },
          ],
        },
      ],
    },
  },
};

const dump = (...listeners: readonly object[]): unknown => ({
  configs: [
    { dynamic_listeners: listeners },
    {
      dynamic_route_configs: ["old", "older"].map((name) => ({ version_info: "1", route_config: { name } })),
    },
    {
      ecds_filters: ["wire/old/0", "router"].map((name) => ({ version_info: "1", ecds_filter: { name } })),
    },
  ],
});

test("what only drains is not left over, and what it still uses is not; all else that nobody wants is", () => {
  const left = (type: string, name: string) => ({ type, name, what: "left over", has: "1" });
  const others = [left(typeUrl.extension, "router"), left(typeUrl.route, "older")];
  expect(configDiff([], dump(draining))).toEqual(others);
  const serving = { ...draining, active_state: { version_info: "1" } };
  expect(configDiff([], dump(serving))).toHaveLength(5);
});

test("what is wanted is looked at, also where something that drains uses it", () => {
  const wanted = [{ type: typeUrl.route, name: "old", version: "2" }];
  expect(configDiff(wanted, dump(draining))).toContainEqual({
    ...{ type: typeUrl.route, name: "old" },
    ...{ what: "other", wanted: "2", has: "1" },
  });
});
