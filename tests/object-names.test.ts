import { expect, test } from "vitest";
import { manifestOf } from "../controlplane/cli/compile.ts";
import { build } from "../controlplane/pipeline/build.ts";
import { addressMap } from "../controlplane/xds/address-map.ts";
import { addressPlan } from "../controlplane/xds/address-plan.ts";
import { targetsOf } from "../envoy/emulator/address-map.ts";
import { headerValues } from "../envoy/emulator/forwarded-headers.ts";

const mesh = {
  path: "mesh.yaml",
  text: "name: m\nservices:\n  constructor: { entry: true }\n  name: {}\n  search: { entry: true }\ncalls:\n  constructor: [name]\n",
};
const policy = {
  path: "a.cup",
  text: "policy a ( act (Request r) context ('constructor -> name') ) { [Egress] SetHeader(r, 'a', 'b'); }",
};

test("a service may be called what every object has", async () => {
  const { build: built, diagnostics } = await build({ policies: [policy], mesh });
  expect(diagnostics).toEqual([]);
  if (built === undefined) throw new Error("it does not build");
  expect(Object.keys(manifestOf(built).proxies)).toEqual(["constructor"]);
  const map = addressMap(built.mesh, addressPlan(built.mesh), built.chains);
  expect(Object.keys(map).sort()).toEqual(["constructor", "outside"]);
  expect(Object.hasOwn(Object, "search")).toBe(false);
  expect(targetsOf(map, { service: "constructor" }, "name")).toMatchObject([{ via: "proxy" }]);
});

test("what no map says is not found in its prototype", () => {
  expect(targetsOf({}, { service: "constructor" }, "name")).toEqual([]);
  expect(targetsOf({ search: {} }, { service: "search" }, "constructor")).toEqual([]);
});

test("a header may be called what every object has", () => {
  expect(Object.entries(headerValues(["constructor", "a", "__proto__", "b", "Constructor", "c"]))).toEqual([
    ["constructor", ["a", "c"]],
    ["__proto__", ["b"]],
  ]);
});
