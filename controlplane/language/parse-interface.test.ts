import { describe, expect, test } from "vitest";
import { codes } from "./codes.ts";
import { parseInterface } from "./parse-interface.ts";
import { renderDiagnostic } from "./render.ts";
import { standard, standardInterface } from "./standard.ts";

const read = (text: string) => parseInterface({ path: "a.cui", text });
const withoutSpans = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === "span" || key === "place"
        ? undefined
        : inner instanceof Map
          ? Object.fromEntries(inner)
          : inner,
    ),
  );

describe("the standard interface", () => {
  test("has nothing wrong in it", () => {
    expect(parseInterface(standard).diagnostics).toEqual([]);
    expect(parseInterface(standard).interfaces).toHaveLength(1);
    expect(standardInterface).toMatchObject({ dataplane: "envoy", cost: 1, imports: [] });
  });
  test("every `action` of its text is there", () => {
    const actions = [...standardInterface.receivers.values()].flatMap((receiver) => [...receiver.actions]);
    expect(actions).toHaveLength(standard.text.match(/\baction /g)?.length ?? 0);
  });
  test("keeps types, sides, defaults and documentation", () => {
    const request = standardInterface.receivers.get("Request");
    expect(request).toMatchObject({ kind: "act", extends: "Connection" });
    expect(withoutSpans(request?.actions.get("Mirror"))).toEqual({
      name: "Mirror",
      side: "egress",
      parameters: [
        { name: "service", type: "service", isConstant: true },
        { name: "version", type: "version", isConstant: true },
        { name: "percent", type: "float", isConstant: false, default: 100 },
      ],
      documentation:
        "Send a copy of the request to this version of the service as well; what it answers is dropped.",
    });
    expect(withoutSpans(request?.actions.get("HasHeader"))).toMatchObject({
      parameters: [{ type: "header" }, { type: "string", default: "none" }],
      result: { type: "bool", isOptional: false },
    });
    expect(request?.actions.get("GetHeader")?.result).toEqual({ type: "string", isOptional: true });
    expect(standardInterface.receivers.get("Connection")?.actions.get("Allow")?.documentation).toMatch(
      /^Admit what .*\nsome and none .*`Allow`\.$/s,
    );
  });
});

describe("old files", () => {
  test("parameters without names, bare imports, commas at the end, a cost, several data planes", () => {
    const { interfaces, imports, diagnostics } = read(
      'import "common.cui";\nact RPCRequest: Request {\n    action SetHeader(self, string name, string value),\n    [Egress] action RouteToVersion(self, string, string),\n}\ncost: 10\n---\nimport base/common.cui\ndataplane small-proxy;\nact Request { action Deny(self) }\n---\n',
    );
    expect(diagnostics).toEqual([]);
    expect(imports.map(({ path }) => path)).toEqual(["common.cui", "base/common.cui"]);
    expect(withoutSpans(interfaces)).toEqual([
      {
        cost: 10,
        imports: ["common.cui"],
        receivers: {
          RPCRequest: {
            kind: "act",
            name: "RPCRequest",
            extends: "Request",
            documentation: "",
            actions: {
              SetHeader: {
                name: "SetHeader",
                documentation: "",
                parameters: [
                  { name: "name", type: "string", isConstant: false },
                  { name: "value", type: "string", isConstant: false },
                ],
              },
              RouteToVersion: {
                name: "RouteToVersion",
                documentation: "",
                side: "egress",
                parameters: [
                  { type: "string", isConstant: false },
                  { type: "string", isConstant: false },
                ],
              },
            },
          },
        },
      },
      {
        dataplane: "small-proxy",
        imports: ["base/common.cui"],
        receivers: {
          Request: {
            kind: "act",
            name: "Request",
            documentation: "",
            actions: { Deny: { name: "Deny", parameters: [], documentation: "" } },
          },
        },
      },
    ]);
  });
  test("amounts, with their units close or apart, and costs of actions", () => {
    const { interfaces, diagnostics } = read(
      "cost: { cpu: 0.12CPU, memory: 45 MiB, request: 40 us, }\nact A {\n  action B(self) cost 1.5us,\n  action C(self): string? cost 900 ns\n  action D(self) cost 2\n  action E(self)\n}\n---\ncost: {}\n---\ncost { memory: 1GiB }",
    );
    expect(diagnostics).toEqual([]);
    expect(interfaces.map(({ cost }) => cost)).toEqual([
      { cpuMilli: 120, memoryMib: 45, requestNs: 40_000 },
      {},
      { memoryMib: 1024 },
    ]);
    const actions = [...(interfaces[0]?.receivers.get("A")?.actions.values() ?? [])];
    expect(actions.map(({ name, cost }) => [name, cost])).toEqual([
      ["B", { cpuNs: 1500 }],
      ["C", { cpuNs: 900 }],
      ["D", 2],
      ["E", undefined],
    ]);
  });
  test("a cost on a line of its own is the data plane's, though a brace is missing before", () => {
    const { interfaces } = read("act A {\n  action B(self)\ncost 10\n");
    expect(interfaces.map(({ cost }) => cost)).toEqual([10]);
  });
  test("a comment behind something is no documentation of the next thing", () => {
    const { interfaces } = read(
      "/// About A.\n/// More.\nact A { /// not B\n  /// B.\n  action B(self), /// still B\n  action C(self),\n  /// D.\n  // but\n  action D(self)\n}\n",
    );
    const act = interfaces[0]?.receivers.get("A");
    expect([
      act?.documentation,
      ...[...(act?.actions.values() ?? [])].map(({ documentation }) => documentation),
    ]).toEqual(["About A.\nMore.", "B.", "", ""]);
  });
  test("an empty file has no data plane", () => {
    expect(read("// nothing\n---\n").interfaces).toEqual([]);
  });
});

describe("mistakes", () => {
  const wrong: readonly (readonly [string, string, readonly string[]])[] = [
    ["a misspelt declaration", "atc Request {\n  action Deny(self)\n}\n", ["CUI0101 1:1"]],
    ["no name", "act {\n}\nstate Counter {}\n", ["CUI0101 1:5"]],
    ["no brace", "act Request\n  action Deny(self)\nstate Counter {}\n", ["CUI0101 2:3"]],
    ["no closing brace", "act Request {\n  action Deny(self)\nstate Counter {}\n", ["CUI0101 3:1"]],
    ["the file ends", "act Request {\n  action Deny(self)\n", ["CUI0101 2:19"]],
    ["one brace too many", "act Request {\n}\n}\nstate Counter {}\n", ["CUI0101 3:1"]],
    ["a misspelt action", "act Request {\n  acton Deny(self)\n}\n", ["CUI0101 2:3"]],
    ["a misspelt heading", "act Request {\n  [Egres] action Deny(self)\n}\n", ["CUI0101 2:4"]],
    ["no self", "act Request {\n  action Deny(int status)\n}\n", ["CUI0101 2:15"]],
    ["no comma", "act Request {\n  action Deny(self, int status string body)\n}\n", ["CUI0101 2:32"]],
    [
      "an unknown type",
      "act Request {\n  action Deny(self, itn status): bol,\n  action A(self): bol\n}\ntype str {}\n",
      ["CUI0102 2:21", "CUI0102 3:19", "CUI0102 5:6"],
    ],
    ["a kind without const", "act Request {\n  action A(self, header name)\n}\n", ["CUI0102 2:18"]],
    ["a constant of a type", "act Request {\n  action A(self, const int n)\n}\n", ["CUI0102 2:24"]],
    ["a number that may be absent", "act Request {\n  action A(self): int?\n}\n", ["CUI0102 2:19"]],
    [
      "everything twice",
      "dataplane a\ndataplane b\ncost: 1\ncost: 2\nact A {\n  action B(self, int c, int c)\n  action B(self)\n}\nact A {}\n",
      ["CUI0103 2:11", "CUI0103 4:1", "CUI0103 6:29", "CUI0103 7:10", "CUI0103 9:5"],
    ],
    [
      "defaults that do not fit",
      'act A {\n  action B(self, int a = "1", bool b = 1, duration c = 5, const status d = 1.5, float e = 5s, string f = 1)\n}\n',
      ["CUI0104 2:26", "CUI0104 2:40", "CUI0104 2:56", "CUI0104 2:76", "CUI0104 2:91", "CUI0104 2:106"],
    ],
    [
      "a parameter that must be given, too late",
      "act A {\n  action B(self, int a = 1, int b)\n}\n",
      ["CUI0105 2:29"],
    ],
    ["a cost below zero", "cost: -1\nact A {}\n", ["CUI0106 1:7"]],
    ["a cost with a unit", "cost: 5ms\nact A {}\n", ["CUI0106 1:7"]],
    ["a cost with a unit of a proxy, bare", "cost: 5 mCPU\nact A {}\n", ["CUI0106 1:7"]],
    ["an amount without a unit", "cost: { cpu: 5 }\nact A {}\n", ["CUI0106 1:14"]],
    ["memory in units of CPU", "cost: { memory: 5mCPU, cpu: 1MiB }\n", ["CUI0106 1:17", "CUI0106 1:29"]],
    ["amounts below zero", "cost: { cpu: -5mCPU, memory: 1MiB }\n", ["CUI0106 1:14"]],
    ["an amount that is given twice", "cost: { cpu: 5mCPU, cpu: 6mCPU }\n", ["CUI0103 1:21"]],
    ["something else that a proxy may take", "cost: { disk: 5GiB }\nact A {}\n", ["CUI0101 1:9"]],
    ["amounts without their end", "cost: { cpu: 5mCPU\nact A {}\n", ["CUI0101 2:1"]],
    ["a cost of an action that is memory", "act A { action B(self) cost 5MiB, }\n", ["CUI0106 1:29"]],
    ["a cost of an action below zero", "act A { action B(self) cost -5us, }\n", ["CUI0106 1:29"]],
    ["an action with a word as its cost", "act A { action B(self) cost high, }\n", ["CUI0101 1:29"]],
    ["no cost", "cost: high\nact A {}\n", ["CUI0101 1:7"]],
    [
      "parents",
      "act A: B {}\nact B: A {}\nact C: D {}\nstate E: A {}\nact F: F {}\n",
      ["CUI0107 1:8", "CUI0107 3:8", "CUI0107 4:10", "CUI0107 5:8"],
    ],
    ["a string that does not end", 'import "a.cui;\nact A {}\n', ["CUP0102 1:8"]],
    ["an import of nothing", "import\nact A { action B(self) }\n", ["CUI0101 2:1"]],
  ];
  test.each(wrong)("%s", (_, text, places) => {
    const { diagnostics } = read(text);
    expect(
      diagnostics.map((diagnostic) =>
        renderDiagnostic(diagnostic, { color: false }).replace(
          /^\w+\[(\w+)\][^\n]*\n *┌─ a\.cui:(\S+)\n.*$/s,
          "$1 $2",
        ),
      ),
    ).toEqual(places);
  });
  test("every code of interfaces is above", () => {
    const shown = new Set(wrong.flatMap(([, , places]) => places.map((place) => place.split(" ")[0])));
    expect(Object.keys(codes).filter((code) => code.startsWith("CUI01") && !shown.has(code))).toEqual([]);
  });
  test("what can be read is read", () => {
    const { interfaces } = read("act A {\n  acton B(self)\n  action C(self)\n}\nact D {\n");
    expect(
      [...(interfaces[0]?.receivers.values() ?? [])].map(({ name, actions }) => [name, ...actions.keys()]),
    ).toEqual([["A", "C"], ["D"]]);
  });
  test("says what to write", () => {
    const text = "act Request {\n  [Egres] action Deny(self)\n}\n";
    expect(read(text).diagnostics.map((d) => renderDiagnostic(d, { color: false }))).toEqual([
      `error[CUI0101]: expected \`Egress\` or \`Ingress\`, found \`Egres\`
  ┌─ a.cui:2:4
  │
2 │   [Egres] action Deny(self)
  │    ^^^^^
  │
  = help: did you mean \`Egress\`?`,
    ]);
  });
});
