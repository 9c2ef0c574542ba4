import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkPolicies } from "../controlplane/language/check-policies.ts";
import { standardInterface } from "../controlplane/language/standard.ts";
import { readCase } from "./read-case.ts";

const policies = join(import.meta.dirname, "policies");

test("every action of the standard interface is in a golden case with traffic", () => {
  const used = new Set<string>();
  for (const folder of readdirSync(policies)) {
    const traffic = join(policies, folder, "traffic.txt");
    if (!existsSync(traffic) || readFileSync(traffic, "utf8").trim() === "") continue;
    for (const policy of checkPolicies(readCase(folder).input.policies).policies) {
      // An action of a response is another one than that of a request.
      const phase = policy.act.replace(/^RPC/, "");
      for (const action of policy.actions) used.add(action.includes(".") ? action : `${phase}.${action}`);
    }
  }
  const declared = [...standardInterface.receivers.values()].flatMap(({ name, actions }) =>
    [...actions.keys()].map((action) => `${name}.${action}`),
  );
  expect(declared.filter((action) => !used.has(action))).toEqual([]);
});
