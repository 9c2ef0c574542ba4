import type { CostSetting } from "../../tools/policy-cost.ts";

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "somebody who wants the version", exchange: { headers: [["cookie", "canary=always"]] } },
    { name: "one of the others who is not chosen", exchange: { headers: [["cookie", "session=a"]] } },
    { name: "a request without cookies", exchange: {} },
  ],
};
