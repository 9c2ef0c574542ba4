import type { CostSetting } from "../../tools/policy-cost.ts";

const payload = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString("base64url");

/** What `npm run gen:costs` measures. */
export const cost: CostSetting = {
  cases: [
    {
      name: "a request with the claim",
      exchange: { headers: [["x-wire-claims", payload({ sub: "ada", groups: ["staff"] })]] },
    },
    { name: "one without it", exchange: { headers: [["x-wire-claims", payload({ sub: "ada" })]] } },
    { name: "one without a token", exchange: {} },
  ],
};
