import type { CostSetting } from "../../tools/policy-cost.ts";

const exchange = { properties: { "source.address": "10.0.0.1:4242" } };

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a request with a token left", exchange },
    { name: "one that is refused", exchange, times: 21 },
  ],
};
