import { expect, test } from "vitest";
import { declaredDataplanes } from "./check-imports.ts";
import { checkPolicies } from "./check-policies.ts";
import { importPath } from "./import-path.ts";

const policy = (imports: string, body: string, act = "Request"): string =>
  `${imports}\npolicy p (act (${act} r) context ('a')) { ${body} }`;

function check(files: Readonly<Record<string, string>>) {
  return checkPolicies(Object.entries(files).map(([path, text]) => ({ path, text })));
}

/** Code, place and message of what is said. */
function said(files: Readonly<Record<string, string>>): readonly string[] {
  return check(files).diagnostics.map(({ code, source, message }) => `${code} ${source.path}: ${message}`);
}

test("an import is looked up from the folder of the file", () => {
  expect(importPath("a.cup", "b.cui")).toBe("b.cui");
  expect(importPath("x/y/a.cup", "../b.cui")).toBe("x/b.cui");
  expect(importPath("./x/a.cup", "./b.cui")).toBe("x/b.cui");
  expect(importPath("../a.cup", "../b.cui")).toBe("../../b.cui");
  expect(importPath("/a.cup", "b.cui")).toBe("/b.cui");
  expect(importPath("x/a.cup", "/b.cui")).toBe("/b.cui");
});

test("a policy may use what it imports, with what that imports and extends", () => {
  const files = {
    "common.cui": "act Request { action GetHeader(self, string name): string }",
    "sub/mesh.cui": 'import "../common.cui"; act RPCRequest: Request { action Deny(self) }',
  };
  const imports = 'import "sub/mesh.cui";';
  const uses = 'if (GetHeader(r, "x") == "y") { Deny(r); }';
  expect(said({ ...files, "p.cup": policy(imports, uses, "RPCRequest") })).toEqual([]);
  expect(said({ ...files, "p.cup": policy(imports, "Deny(r);") })).toEqual([
    "CUP0203 p.cup: `sub/mesh.cui` does not offer `Deny` for act `Request`",
  ]);
  expect(said({ ...files, "p.cup": policy(imports, 'SetHeader(r, "x", "y");', "RPCRequest") })).toEqual([
    "CUP0203 p.cup: `sub/mesh.cui` does not offer `SetHeader` for act `RPCRequest`",
  ]);
});

test("an act that is not declared has what the more general ones offer, and values what the language has", () => {
  const files = { "i.cui": "act Request { action GetHeader(self, string): string }" };
  const body = 'if (GetHeader(r, "x").StartsWith("y")) { return; }';
  expect(said({ ...files, "p.cup": policy('import "i.cui";', body, "RPCRequest") })).toEqual([]);
});

test("a side that the interface says counts", () => {
  const files = { "i.cui": "act Request { [Egress] action SetHeader(self, string, string) }" };
  const body = '[Ingress] SetHeader(r, "x", "y");';
  expect(said({ ...files, "p.cup": policy('import "i.cui";', body) })).toEqual([
    "CUP0210 p.cup: `SetHeader` cannot be done at ingress",
  ]);
});

test("a state must be declared too", () => {
  const files = { "i.cui": "act Request { action Deny(self) }" };
  const text =
    'import "i.cui"; policy p (act (Request r) using (Counter c) context ("a")) { [Ingress] c.Increment(); }';
  expect(said({ ...files, "p.cup": text })).toEqual([
    "CUP0223 p.cup: `i.cui` does not offer the state `Counter`",
  ]);
});

test("what is not there is taken for the standard interface, which has no file", () => {
  const body = 'SetHeader(r, "x", "y");';
  expect(said({ "p.cup": policy('import "standard.cui";', body) })).toEqual([]);
  expect(said({ "p.cup": policy("import istio_proxy.cui", body) })).toEqual([
    "CUI0201 p.cup: there is no `istio_proxy.cui` here: the standard interface is taken",
  ]);
});

test("a circle is said once", () => {
  const files = { "a.cui": "import b.cui", "b.cui": "import c.cui", "c.cui": "import a.cui" };
  expect(said(files)).toEqual(["CUI0202 c.cui: `a.cui` imports itself: a.cui → b.cui → c.cui → a.cui"]);
});

test("declarations that nothing carries out are said", () => {
  const text = `act Request {
    action Fly(self), action SetHeader(self, string name), action Count(self, string, string),
    action GetHeader(self, string): int, [Ingress] action SetTimeout(self, int)
}
act Pigeon {}
state Window {}`;
  expect(said({ "i.cui": text })).toEqual([
    "CUI0203 i.cui: nothing carries out `Fly` for act `Request`",
    "CUI0203 i.cui: `SetHeader` takes other parameters",
    "CUI0203 i.cui: `Count` takes other parameters",
    "CUI0203 i.cui: `GetHeader` yields a value of type `string`",
    "CUI0203 i.cui: `SetTimeout` is carried out at egress only",
    "CUI0203 i.cui: nothing carries out the act `Pigeon`",
    "CUI0203 i.cui: nothing carries out the state `Window`",
  ]);
});

test("data planes are those that say a name or a cost, or are several", () => {
  const cheap = "act Request { [Egress] action Deny(self) }";
  const files = {
    "common.cui": cheap,
    "istio.cui": "cost: 3 import common.cui",
    "two.cui": `dataplane full cost: 2 import "standard.cui"\n---\ndataplane none`,
  };
  expect(said(files)).toEqual([]);
  const dataplanes = declaredDataplanes(Object.entries(files).map(([path, text]) => ({ path, text })));
  expect(dataplanes.map(({ name, cost }) => [name, cost])).toEqual([
    ["istio", 3],
    ["full", 2],
    ["none", undefined],
  ]);
  expect(dataplanes[0]?.actions.filter((action) => action.startsWith("R"))).toEqual([
    "Request.Deny",
    "RPCRequest.Deny",
  ]);
  expect(dataplanes[0]?.sides).toEqual({ "Request.Deny": "egress", "RPCRequest.Deny": "egress" });
  expect(said({ "two.cui": `${cheap}\n---\ndataplane x\n---\ndataplane x` })).toEqual([
    "CUI0204 two.cui: this data plane has no name",
    "CUI0103 two.cui: data plane `x` is declared twice",
  ]);
});
