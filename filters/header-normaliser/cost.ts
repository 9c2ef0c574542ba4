import type { CostSetting } from "../../tools/policy-cost.ts";

const usual = [
  [":authority", "shop.example"],
  ["user-agent", "curl/8.5.0"],
  ["accept", "*/*"],
  ["x-tenant-id", "acme"],
] as const;

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a request as it should be", exchange: { headers: usual } },
    {
      name: "one with a header to be stripped",
      exchange: { headers: [...usual, ["x-internal-user", "root"]] },
    },
    {
      name: "one with a second tenant",
      exchange: { headers: [...usual, ["x-tenant-id", "other"]] },
    },
    {
      name: "one with all that is wrong",
      exchange: {
        headers: [
          ...usual,
          ["x-internal-user", "root"],
          ["x-original-url", "/admin"],
          ["x_tenant_id", "other"],
          ["x-tenant-id", " ACME "],
          ["x-note", " a"],
        ],
      },
    },
  ],
};
