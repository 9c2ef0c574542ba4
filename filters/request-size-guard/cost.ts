import type { CostSetting } from "../../tools/policy-cost.ts";

const megabyte = "x".repeat(1_048_576);

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    { name: "a request without a body", exchange: {} },
    {
      name: "one of 1 KiB that says so",
      exchange: { headers: [["content-length", "1024"]], body: "x".repeat(1024) },
    },
    {
      name: "one of 1 MiB in 64 chunks",
      exchange: { body: Array.from({ length: 64 }, () => "x".repeat(16_384)) },
    },
    {
      name: "one that says it is too large",
      exchange: { headers: [["content-length", "1048577"]], body: megabyte },
    },
    { name: "one that turns out to be", exchange: { body: [megabyte, "x"] } },
  ],
};
