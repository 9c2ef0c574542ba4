import type { CostSetting } from "../../tools/policy-cost.ts";

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a request without secrets", exchange: {} },
    { name: "one with harmless cookies", exchange: { headers: [["cookie", "theme=dark; lang=de"]] } },
    { name: "one with a bearer", exchange: { headers: [["authorization", "Bearer abc"]] } },
    {
      name: "one with a bearer and cookies",
      exchange: {
        headers: [
          ["authorization", "Bearer abc"],
          ["cookie", "theme=dark; session=1; lang=de"],
        ],
      },
    },
  ],
};
