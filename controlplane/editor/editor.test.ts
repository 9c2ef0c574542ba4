import { describe, expect, test } from "vitest";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { complete } from "./complete.ts";
import { definition } from "./definition.ts";
import { diagnose } from "./diagnose.ts";
import { hover } from "./hover.ts";
import { quickFixes } from "./quick-fixes.ts";
import { renamable, rename } from "./rename.ts";
import type { MeshFile } from "./workspace.ts";

const meshSource: Source = {
  path: "mesh.yaml",
  text: `name: shop
services:
  frontend: { entry: true }
  search: { protocol: grpc, versions: { v1: { replicas: 2 }, v2: {} } }
  rate:
calls:
  frontend: [search]
  search: [{ to: rate, rate: 120 }]
`,
};
const mesh: MeshFile = { source: meshSource, ...fromYaml(meshSource) };

/** A document with a cursor in it, which is written `‸`. */
function at(text: string, path = "a.cup"): { readonly source: Source; readonly offset: number } {
  const offset = text.indexOf("‸");
  expect(offset, "the cursor").toBeGreaterThan(-1);
  return { source: { path, text: text.replace("‸", "") }, offset };
}

/** A cursor among the statements of a policy that has one of everything. */
function inBody(body: string): ReturnType<typeof at> {
  return at(`policy p (
    act (Request request) using (Counter counter) using (worker Timer timer)
    param (int limit = 10, duration window = 60s)
    context ('frontend -> search')
) {
    ${body}
}
`);
}

function labels({ source, offset }: ReturnType<typeof at>): readonly string[] {
  return complete(source, offset, { mesh }).map(({ label }) => label);
}

function textAt(
  { text }: Source,
  span: { readonly start: number; readonly end: number } | undefined,
): string {
  return span === undefined ? "" : text.slice(span.start, span.end);
}

describe("hover", () => {
  const said = ({ source, offset }: ReturnType<typeof at>): string =>
    hover(source, offset, { mesh })?.text ?? "";

  test("an action has its declaration and its documentation", () => {
    const text = said(inBody('Set‸Header(request, "a", "b");'));
    expect(text).toContain("SetHeader(Request, const header name, string value)");
    expect(text).toContain("Replace all values of a header by one.");
    expect(said(inBody("counter.Re‸set();"))).toContain("Set it to 0.");
    expect(said(inBody("Reset(tim‸er);"))).toContain("A moment");
    expect(said(inBody("Re‸set(timer);"))).toContain("Start again from now.");
    expect(said(inBody('if (request.GetHeader("a").Mat‸ches("b")) {}'))).toContain(
      "Matches(string, const regex pattern): bool",
    );
  });

  test("what a response's action leaves unsaid is said as for requests", () => {
    const { source, offset } = at(
      "policy p (act (Response r) context ('frontend -> search')) { Remove‸Header(r, 'a'); }",
    );
    expect(hover(source, offset)?.text).toContain("Remove a header with all its values.");
  });

  test("names have their kinds and types", () => {
    expect(said(inBody("if (counter.GetCount() > li‸mit) return;"))).toContain("param int limit");
    expect(said(inBody('let agent = request.GetHeader("a"); if (ag‸ent == "b") return;'))).toContain(
      "let string agent",
    );
    expect(said(inBody("coun‸ter.Increment();"))).toContain("using Counter counter");
  });

  test("services and versions, in contexts and as arguments", () => {
    const { source, offset } = at("policy p (act (Request r) context ('frontend -> sea‸rch@v1')) {}");
    expect(said({ source, offset })).toContain("grpc, port 8080, 3 replicas");
    expect(said({ source, offset })).toContain("Called by `frontend`.");
    expect(said({ source, offset: offset + 5 })).toContain("2 replicas");
    expect(said(inBody('RouteToVersion(request, "search", "v‸1");'))).toContain("search@v1");
    expect(
      said(at('import { Request } from "proxy-wasm-as";\nexport const context = "fron‸tend";', "f.ts")),
    ).toContain("takes requests from outside");
  });

  test("clauses, acts and words", () => {
    expect(said(at("policy p (ac‸t (Request r)) {}"))).toContain("What the policy handles");
    expect(said(at("policy p (act (Req‸uest r)) {}"))).toContain("An HTTP request");
    expect(said(at("policy p (act (Request r) mode (aud‸it)) {}"))).toContain("evaluate and count");
    expect(said(inBody("[Ing‸ress] counter.Reset();"))).toContain("callee's proxy");
    expect(said(inBody("// SetHea‸der"))).toBe("");
  });
});

describe("complete", () => {
  test("services and their versions in a context, closed or not", () => {
    expect(labels(at("policy p (act (Request r) context ('frontend -> s‸"))).toEqual([
      "frontend",
      "search",
      "rate",
    ]);
    expect(labels(at("policy p (act (Request r) context ('[‸, rate]')) {}"))).toContain("search");
    expect(labels(at("policy p (act (Request r) context (‸)) {}"))).toContain("search");
    expect(labels(at("policy p (act (Request r) context ('search@‸')) {}"))).toEqual(["v1", "v2"]);
    expect(labels(at('export const context = "‸"; import "proxy-wasm-as"', "f.ts"))).toContain("search");
  });

  test("services and versions as arguments, quoted where they are not yet", () => {
    expect(labels(inBody('RouteToVersion(request, "‸'))).toEqual(["frontend", "search", "rate"]);
    expect(labels(inBody('RouteToVersion(request, "search", "‸");'))).toEqual(["v1", "v2"]);
    const { source, offset } = inBody("request.RouteToVersion(‸");
    expect(complete(source, offset, { mesh }).map(({ text }) => text)).toContain('"search"');
    expect(labels(inBody('SetHeader(request, "‸", "b");'))).toEqual([]);
  });

  test("what a receiver has, after a dot", () => {
    expect(labels(inBody("counter.‸"))).toEqual(["Increment", "Reset", "GetCount", "IsGreaterThan"]);
    expect(labels(inBody("timer.Is‸"))).toContain("IsTimeSince");
    expect(labels(inBody("request.‸"))).toContain("SetHeader");
    expect(labels(inBody('if (request.GetHeader("a").‸'))).toContain("Matches");
    expect(labels(inBody("let a = request.GetPath(); if (a.‸) {}"))).toContain("StartsWith");
    expect(labels(inBody("if (limit.‸"))).toEqual(["ToString"]);
  });

  test("actions where a statement begins, values within one", () => {
    const start = labels(inBody("‸"));
    expect(start).toEqual(
      expect.arrayContaining(["SetHeader", "Deny", "Increment", "if", "let", "[Ingress]"]),
    );
    expect(start).not.toContain("GetHeader");
    const value = labels(inBody("let a = 1; if (‸"));
    expect(value).toEqual(expect.arrayContaining(["a", "limit", "GetHeader", "GetCount", "true"]));
    expect(value).not.toContain("SetHeader");
    expect(labels(inBody("{ let a = 1; } if (‸"))).not.toContain("a");
    expect(labels(inBody("// ‸"))).toEqual([]);
    expect(labels(inBody("let ‸"))).toEqual([]);
  });

  test("a snippet has places for what must be given", () => {
    const { source, offset } = inBody("Set‸");
    const found = complete(source, offset).find(({ label }) => label === "SetHeader");
    expect(found?.snippet).toBe(["SetHeader(request, ", '"$', '{1:name}", $', "{2:value})"].join(""));
    expect(textAt(source, found?.span)).toBe("Set");
  });

  test("clauses, acts, kinds of state, types and modes", () => {
    expect(labels(at("policy p (\n  act (Request r)\n  ‸\n) {}"))).toEqual(
      expect.arrayContaining(["context", "using", "priority"]),
    );
    expect(labels(at("policy p (\n  act (Request r)\n  ‸\n) {}"))).not.toContain("act");
    expect(labels(at("policy p (act (‸"))).toContain("RPCRequest");
    expect(labels(at("policy p (act (Request r) using (‸) context ('a')) {}"))).toContain("TokenBucket");
    expect(labels(at("policy p (act (Request r) using (worker ‸)) {}"))).toContain("Timer");
    expect(labels(at("policy p (act (Request r) param (int a = 1, ‸)) {}"))).toContain("duration");
    expect(labels(at("policy p (act (Request r) mode (‸)) {}"))).toEqual(["enforce", "audit", "off"]);
    expect(labels(at("po‸"))).toContain("policy");
  });

  test("words that an action wants", () => {
    expect(labels(inBody('Log(request, "a", ‸'))).toContain("warn");
    expect(labels(at("policy p (act (Response r) context ('a -> b')) { if (r.IsRequestStatus(‸"))).toEqual([
      "FAILED",
      "SUCCEEDED",
    ]);
  });
});

describe("definition", () => {
  const found = ({ source, offset }: ReturnType<typeof at>): string => {
    const place = definition(source, offset, { mesh });
    const document = place?.path === "mesh.yaml" ? meshSource : source;
    const line = document.text.slice(0, place?.span.start).split("\n").length;
    return place === undefined ? "" : `${place.path}:${line} ${textAt(document, place.span)}`;
  };

  test("names are in the policy, services in the mesh file", () => {
    expect(found(inBody("coun‸ter.Reset();"))).toBe("a.cup:2 counter");
    expect(found(inBody("if (counter.GetCount() > li‸mit) return;"))).toBe("a.cup:3 limit");
    expect(found(inBody("Deny(requ‸est);"))).toBe("a.cup:2 request");
    expect(found(inBody("let a = 1; if (true) { let b = 2; } counter.Increment(‸a);"))).toBe("a.cup:6 a");
    expect(found(inBody("if (true) { let b = 2; } counter.Increment(‸b);"))).toBe("");
    expect(found(inBody('RouteToVersion(request, "sea‸rch", "v1");'))).toBe("mesh.yaml:4 search");
    expect(found(at("policy p (act (Request r) context ('front‸end.*')) {}"))).toBe("mesh.yaml:3 frontend");
    expect(found(inBody("Den‸y(request);"))).toBe("");
  });
});

describe("rename", () => {
  /** The documents with the new name in them. */
  function renamed(
    { source, offset }: ReturnType<typeof at>,
    to: string,
    policies: readonly Source[] = [],
  ): readonly string[] | string {
    const result = rename(source, offset, to, { mesh, policies });
    if ("problem" in result) return result.problem;
    return [source, ...policies, meshSource].map(({ path, text }) =>
      result.edits
        .filter((edit) => edit.path === path)
        .toSorted((a, b) => b.span.start - a.span.start)
        .reduce((now, { span, text: by }) => now.slice(0, span.start) + by + now.slice(span.end), text),
    );
  }

  test("a name of a policy, wherever it means the same", () => {
    const cursor = inBody("counter.Increment(li‸mit); if (counter.GetCount() > limit) { Deny(request) }");
    expect(renamable(cursor.source, cursor.offset, { mesh })?.name).toBe("limit");
    const [text = ""] = renamed(cursor, "most");
    expect(text).toContain("param (int most = 10");
    expect(text).toContain("counter.Increment(most); if (counter.GetCount() > most)");
    expect(text).not.toContain("limit");
    expect(diagnose({ path: "a.cup", text }).filter(({ severity }) => severity === "error")).toEqual([]);
    const [other = ""] = renamed(inBody("{ let a = 1; F(a); } let ‸a = 2; F(a); F(r.a());"), "b");
    expect(other).toContain("{ let a = 1; F(a); } let b = 2; F(b); F(r.a());");
  });

  test("a service, in every policy and in the mesh file", () => {
    const more: readonly Source[] = [
      { path: "b.cup", text: "policy b (act (Request r) context ('frontend -> search -> rate')) {}" },
      {
        path: "c.ts",
        text: 'import { Request } from "proxy-wasm-as";\nexport const context = ". -> search";',
      },
    ];
    const [a = "", b = "", c = "", file = ""] = renamed(
      inBody('RouteToVersion(request, "sear‸ch", "v1");'),
      "finder",
      more,
    );
    expect(a).toContain("context ('frontend -> finder')");
    expect(a).toContain('RouteToVersion(request, "finder", "v1")');
    expect(b).toContain("'frontend -> finder -> rate'");
    expect(c).toContain('". -> finder"');
    expect(file).toContain("  finder: { protocol: grpc");
    expect(file).toContain("frontend: [finder]");
    expect(file).not.toContain("search");
    const inMesh = { source: meshSource, offset: meshSource.text.indexOf("to: rate") + 5 };
    expect(renamed(inMesh, "prices", more)).toEqual([
      expect.stringContaining("{ to: prices, rate: 120 }"),
      expect.stringContaining("search -> prices"),
      ...[expect.anything(), expect.stringContaining("  prices:\n")],
    ]);
  });

  test("not to what is taken, or is no name", () => {
    expect(renamed(inBody("coun‸ter.Reset();"), "timer")).toBe("there is a `timer` already");
    expect(renamed(inBody("coun‸ter.Reset();"), "if")).toContain("is not a name");
    expect(renamed(inBody("coun‸ter.Reset();"), "a b")).toContain("is not a name");
    expect(renamed(at("policy p (act (Request r) context ('sea‸rch')) {}"), "rate")).toContain("already");
    expect(renamed(inBody("De‸ny(request);"), "x")).toContain("no name here");
  });
});

describe("quick fixes", () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ["an action", "SetHeadr(request, 'a', 'b');", "SetHeader"],
    ["a service", "RouteToVersion(request, 'serch', 'v1');", "search"],
    ["a version", "RouteToVersion(request, 'search', 'v11');", "v1"],
    ["a receiver", "SetHeader(reqest, 'a', 'b');", "request"],
    ["a name", "if (counter.GetCount() > limt) return;", "limit"],
    ["a heading", "[Ingres] counter.Reset();", "Ingress"],
    ["an operator", "if (GetHeader(request, 'a') = 'b') Deny(request);", "=="],
    ["a word", "Log(request, 'a', wrn);", "warn"],
  ];
  test.each(wrong)("%s", (_, body, text) => {
    const { source } = inBody(`${body}‸`);
    const fixes = quickFixes(diagnose(source, { mesh }), { start: 0, end: source.text.length });
    expect(fixes.map(({ title }) => title)).toContain(`change to \`${text}\``);
    const [fix] = fixes;
    if (fix === undefined) throw new Error("there is a fix");
    const { span } = fix.edit;
    const mended = source.text.slice(0, span.start) + fix.edit.text + source.text.slice(span.end);
    const left = diagnose({ ...source, text: mended }, { mesh });
    expect(left.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("in clauses, contexts, filter code and mesh files", () => {
    const fixed = (path: string, text: string, on = mesh): readonly string[] =>
      quickFixes(diagnose({ path, text }, { mesh: on }), { start: 0, end: text.length }).map(
        ({ edit }) => `${text.slice(edit.span.start, edit.span.end)} -> ${edit.text}`,
      );
    expect(fixed("a.cup", "policy p (act (Reqest r) contxt ('a')) {}")).toEqual([
      "Reqest -> Request",
      "contxt -> context",
    ]);
    expect(
      fixed("a.cup", "policy p (act (Request r) context ('frontend -> serch@v1')) { Deny(r); }"),
    ).toEqual(["serch -> search"]);
    expect(fixed("a.cup", "policy p (act (Request r) context ('search@v9')) { Deny(r); }")).toContain(
      "v9 -> v1",
    );
    expect(
      fixed(
        "f.ts",
        'import { Request } from "proxy-wasm-as";\nexport const context = "serch";\nexport function onRequest(r: Request): void {}',
      ),
    ).toEqual(["serch -> search"]);
    const text = meshSource.text.replace("protocol: grpc", "protocol: grpx");
    expect(fixed("mesh.yaml", text, { source: { path: "mesh.yaml", text } })).toEqual(["grpx -> grpc"]);
    expect(quickFixes(diagnose({ path: "a.cup", text: "polcy" }), { start: 7, end: 9 })).toEqual([]);
  });
});

describe("diagnose", () => {
  test("policies, filter code, interfaces and the mesh file, each in its way", () => {
    const codes = (path: string, text: string) => diagnose({ path, text }, { mesh }).map(({ code }) => code);
    expect(codes("a.cup", "policy p (act (Request r) context ('nosuch')) { Deny(r); }")).toEqual(["CTX0201"]);
    expect(codes("f.ts", 'import { Request } from "proxy-wasm-as";')).toContain("FLT0201");
    expect(codes("other.ts", "const a = 1;")).toEqual([]);
    expect(codes("a.cui", "act {")).toContain("CUI0101");
    expect(codes("mesh.yaml", "name: a\nservces: {}")).toContain("MSH0102");
  });
});

describe("interfaces", () => {
  const about = (text: string): string | undefined => {
    const { source, offset } = at(text, "a.cui");
    return hover(source, offset)?.text;
  };
  test.each([
    ["co‸st: 3", "`cost: 3`"],
    ["cost: { c‸pu: 2mCPU }", "`cpu: 2mCPU`"],
    ["cost { cpu: 2mCPU, ‸memory: 1GiB }", "`memory: 60MiB`"],
    ["act Request {\n  action Deny(self) co‸st 1us,\n}", "`cost 1.2us`"],
    ["act Request {}\n---\ndata‸plane b", "`dataplane light`"],
  ])("what %s says", (text, said) => {
    expect(about(text)).toContain(said);
  });
  test.each(["dataplane co‸st", "act Request {\n  action co‸st(self),\n}", "cost: { m‸CPU: 1 }"])(
    "a name says nothing: %s",
    (text) => {
      expect(about(text)).toBeUndefined();
    },
  );
  test("what can be written where", () => {
    const there = (text: string): readonly string[] => labels(at(text, "a.cui"));
    expect(there("dataplane a\nc‸")).toEqual(["dataplane", "cost", "import", "act", "state", "type"]);
    expect(there("cost: { ‸")).toEqual(["cpu", "memory", "request"]);
    expect(there("cost: { cpu: 2mCPU }\n‸")).toContain("dataplane");
    expect(there("act Request {\n  ‸\n}")).toEqual(["action", "cost"]);
    expect(there("act Request {\n  action Deny(self, ‸)\n}")).toEqual([]);
    expect(there("// a‸")).toEqual([]);
  });
});
