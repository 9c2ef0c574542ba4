import type { CostSetting } from "../../tools/policy-cost.ts";

const headers = [
  [":method", "GET"],
  [":path", "/"],
  [":authority", "shop"],
] as const;
const properties = { "source.address": "10.0.0.1:4242" };

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a request that may go on", exchange: { headers, properties } },
    {
      name: "one with a token and a cookie",
      exchange: {
        headers: [...headers, ["authorization", "Bearer abc"], ["cookie", "session=a"]],
        properties,
      },
    },
  ],
  clusters: { "ext-authz": { headers: [["x-auth-user", "ann"]] } },
};
