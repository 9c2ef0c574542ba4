import { expect, test } from "vitest";
import { checkCopper } from "../language/check.ts";
import { actionsOf } from "../language/lookup.ts";
import { standardInterface } from "../language/standard.ts";
import { actionBodies, policyText } from "./action-bodies.ts";
import { buildModuleOf } from "./build-rows.ts";

test("every action of the standard interface has a body, and nothing else", () => {
  const all = ["Request", "Response", "Counter", "Timer", "TokenBucket", "ConcurrencyLimit", "string", "int"];
  const { receivers } = standardInterface;
  // Those that are left out have no actions beside those of the ones they extend, or that extend them.
  const others = [...receivers.keys()].filter((name) => !all.includes(name));
  expect(others).toEqual(["Connection", "RPCRequest", "RPCResponse"]);
  const offered = all.flatMap((name) =>
    actionsOf(standardInterface, name).map((action) => `${name}.${action}`),
  );
  expect([...actionBodies.keys()].sort()).toEqual(
    offered.filter((name) => name !== "Request.CountBytes").sort(),
  );
});

test.each([...actionBodies])("%s is what its body does", async (name, body) => {
  const { policies, diagnostics } = checkCopper({ path: "measured.cup", text: policyText(body) });
  expect(diagnostics).toEqual([]);
  const [policy] = policies;
  const used =
    policy?.actions.map((action) => (action.includes(".") ? action : `${policy.act}.${action}`)) ?? [];
  expect(used).toContain(name);
  expect(new Set(used)).toEqual(
    new Set([
      name,
      ...(body.upon === undefined ? [] : [body.upon]),
      ...(body.body.includes("x-never") ? [`${body.act}.SetHeader`] : []),
    ]),
  );
  const { bytes } = await buildModuleOf(body);
  expect(WebAssembly.validate(Uint8Array.from(bytes))).toBe(true);
});
