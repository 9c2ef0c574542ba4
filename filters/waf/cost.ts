import type { CostSetting } from "../../tools/policy-cost.ts";

const headers = [
  [":method", "POST"],
  [":path", "/search?q=shoes"],
  ["user-agent", "Mozilla/5.0"],
] as const;

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  options: { allowOnHeadersStopIteration: true },
  cases: [
    { name: "a request without a body", exchange: { headers } },
    { name: "one with 8 KiB", exchange: { headers, body: "x=".padEnd(8192, "y") } },
    { name: "one that is denied", exchange: { headers: [[":path", "/?file=../../etc/passwd"]] } },
  ],
};
