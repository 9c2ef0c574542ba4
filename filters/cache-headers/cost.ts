import type { CostSetting } from "../../tools/policy-cost.ts";

const headers = [
  [":method", "GET"],
  [":path", "/static/app.js"],
] as const;

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a file", exchange: { headers, response: { headers: [["content-type", "text/javascript"]] } } },
    {
      name: "one whose service says itself",
      exchange: { headers, response: { headers: [["cache-control", "no-cache"]] } },
    },
    { name: "what is written", exchange: { headers: [[":method", "POST"]] } },
  ],
};
