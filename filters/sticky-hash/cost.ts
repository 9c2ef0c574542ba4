import type { CostSetting } from "../../tools/policy-cost.ts";

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a client that has a key", exchange: { headers: [["cookie", "wire-sticky=abc"]] } },
    { name: "one that gets one", exchange: { headers: [["cookie", "theme=dark"]] } },
  ],
};
