import { describe, expect, test } from "vitest";
import { format } from "./format.ts";
import { standard } from "./standard.ts";

const laidOut = (text: string, path = "a.cup") => {
  const { text: result, diagnostics } = format({ path, text });
  expect(diagnostics).toEqual([]);
  expect(format({ path, text: result }).text).toBe(result);
  return result;
};
const statements = (text: string) =>
  laidOut(`policy p () { ${text} }`)
    .replace(/^policy p \(\) \{\n/, "")
    .replace(/\}\n$/, "")
    .replace(/^ {2}/gm, "");

describe("Copper", () => {
  test("numbers with an exponent stay whole", () => {
    expect(statements("let a=2.5e-7*-1E+3-1e3;")).toBe("let a = 2.5e-7 * -1E+3 - 1e3;\n");
  });
  test("a file of old spellings", () => {
    expect(
      laidOut(`import interface.cui
policy hot_path( act(RPCRequest request)
    using (Counter counter) using (worker Timer timer), context( frontend .* [rate,geo] )
      param (int limit=1000,duration window=60s, int low=-5) priority(-10)) {
    [Ingress] counter.Increment()
; let n=counter.GetCount()*-2;


    if (IsTimeSince(timer,60)) { if (n>=limit) Deny(request)
      ; else if(!request.HasHeader("x")||n==0) return; else {} Reset(counter) }
}
policy b() {Deny(r)}
-----
policy c (act (Request r)) { }`),
    ).toBe(`import "interface.cui";

policy hot_path (
  act (RPCRequest request)
  using (Counter counter)
  using (worker Timer timer)
  context (frontend .* [rate,geo])
  param (int limit = 1000, duration window = 60s, int low = -5)
  priority (-10)
) {
  [Ingress]
  counter.Increment();
  let n = counter.GetCount() * -2;

  if (IsTimeSince(timer, 60)) {
    if (n >= limit) {
      Deny(request);
    } else if (!request.HasHeader("x") || n == 0) {
      return;
    } else {}
    Reset(counter);
  }
}

policy b () {
  Deny(r);
}
---
policy c (
  act (Request r)
) {}
`);
  });

  test("what cannot be read is left alone: a bare path does not reach into a string", () => {
    const text = 'import policy"s\\n" ';
    const { diagnostics, text: laid } = format({ path: "a.cup", text });
    expect(diagnostics.map(({ code }) => code)).toEqual(["CUP0103"]);
    expect(laid).toBe(text);
  });

  test("comments around a separator that goes stay two", () => {
    const laidOut = (text: string) => format({ path: "a.cui", text }).text;
    expect(laidOut("// a\n; // b\n")).toBe("// a\n// b\n");
    expect(laidOut("act X {}\n// a\n; // b\n")).toBe("act X {}\n// a\n// b\n");
  });

  test("comments stay where they are", () => {
    const text = `// The file.

// The import.
import "a.cui"; // from there
import "b.cui";

/* The policy,
   in two lines. */
policy p ( // its clauses
  // What it is for.
  act (Request r)
  context (a -> b) // where
  // Nothing more.
) { // its statements
  // First.
  f(/* in */ r); // behind

  // Apart.
  if (x) { // when
    // Nothing.
  } else {
    g();
  }
  h(
    a, // one
    // two
    b
  );
  // At the end.
}
---
// Another one.
policy q () {
  // Empty.
}

// The end.
`;
    expect(laidOut(text)).toBe(text);
  });

  test("comments in the middle of things go to the end of the line", () => {
    expect(statements("let // a\n x = 1; f(r) // b\n; if /* c */ (a) // d\n g(); // e\n")).toBe(
      "let x = 1; // a\nf(r); // b\nif /* c */ (a) { // d\n  g(); // e\n}\n",
    );
    expect(statements("let // a\n x // b\n = 1;")).toBe("let x = 1; // a\n// b\n");
  });

  test("long lines break where operators bind least, and between arguments", () => {
    const long = "aValueWithARatherLongName";
    expect(statements(`let x = ${long} + ${long} * ${long} + ${long} + 1;`)).toBe(
      `let x =\n  ${long} +\n    ${long} * ${long} +\n    ${long} +\n    1;\n`,
    );
    expect(statements(`if (${long} == "a" && ${long} == "b" || !(${long} < 5 || ${long} > 6)) f();`)).toBe(
      `if (\n  ${long} == "a" && ${long} == "b" ||\n  !(${long} < 5 || ${long} > 6)\n) {\n  f();\n}\n`,
    );
    expect(statements(`SetHeader(request, "${long}", ${long} + ${long} + ${long}.ToLower());`)).toBe(
      `SetHeader(\n  request,\n  "${long}",\n  ${long} + ${long} + ${long}.ToLower()\n);\n`,
    );
  });

  test("a file that is not UTF-8 is left alone: its bytes would be lost", () => {
    const source = { path: "a.cup", text: "// caf\uFFFD\npolicy p ( ) { }" };
    const { text, diagnostics } = format(source);
    expect([text, diagnostics.map(({ code }) => code)]).toEqual([source.text, ["SRC0101"]]);
  });

  test("of very many mistakes the first ones are said", () => {
    const { diagnostics } = format({ path: "a.cup", text: "@ $ ".repeat(100) });
    expect(diagnostics.map(({ code }) => code).at(-1)).toBe("SRC0102");
    expect(diagnostics).toHaveLength(21);
  });

  test("a file with a mistake is left alone", () => {
    const source = { path: "a.cup", text: "policy p () { f( }" };
    const { text, diagnostics } = format(source);
    expect([text, diagnostics.map(({ code }) => code)]).toEqual([source.text, ["CUP0103"]]);
  });

  test("line ends of Windows, a byte order mark and empty files", () => {
    expect(laidOut("\uFEFF// a\r\npolicy p () {\r\n}\r\n")).toBe("// a\npolicy p () {}\n");
    expect(laidOut("")).toBe("");
    expect(laidOut("\n// only this")).toBe("// only this\n");
  });

  test("what nests as deep as may be", () => {
    for (const [before, inside, after] of [
      ["let x = ", "(", "1", ")"],
      ["let x = ", "f(", "1", ")"],
      ["let x = ", "-", "1", ""],
      ["let x = 1", " + 1", "", ""],
      ["let x = a", ".f()", "", ""],
      ["", "if (a) { ", "f()", "}"],
      ["", "if (a) {} else ", "f()", ""],
    ].map(([start, open = "", middle, close = ""]) => [
      start,
      open.repeat(190) + middle,
      close.repeat(190),
    ])) {
      laidOut(`policy p () { ${before}${inside}${after}; }`);
    }
  });
});

describe("interfaces", () => {
  test("a comment before an old arrow stands where it stands before the colon", () => {
    const text =
      "act Request { [Egress /* a */] action GetHeader(self, const header) /* b */ -> string /* c */ ?, }";
    expect(laidOut(text, "a.cui")).toBe(
      "act Request {\n  [Egress /* a */] action GetHeader(self, const header) /* b */: string /* c */?,\n}\n",
    );
  });

  test("an old file", () => {
    expect(
      laidOut(
        `import "common.cui"
cost:10
act RPCRequest:Request { /// About it.
action SetHeader(self,string name,string value); [Egress]
action RouteToVersion(self, string, string,) -> string?
// last
}
---
dataplane small state Counter{}`,
        "a.cui",
      ),
    ).toBe(`import "common.cui";
cost: 10

act RPCRequest: Request { /// About it.
  action SetHeader(self, string name, string value),
  [Egress] action RouteToVersion(self, string, string): string?,
  // last
}
---
dataplane small

state Counter {}
`);
  });
  test("costs in units", () => {
    expect(
      laidOut(
        `dataplane a cost{cpu:20 mCPU; memory : 45MiB,/* all */ request:40us}
act Request{action SetHeader(self,const header,string)cost 1.2 us; action GetHeader(self,const header):string? /* x */ cost 900ns}
---
cost: { // of a proxy
cpu: 1mCPU, // idle
// at rest
memory: 1GiB
}
---
cost {}`,
        "a.cui",
      ),
    ).toBe(`dataplane a
cost: { cpu: 20mCPU, memory: 45MiB, /* all */ request: 40us }

act Request {
  action SetHeader(self, const header, string) cost 1.2us,
  action GetHeader(self, const header): string? /* x */ cost 900ns,
}
---
cost: { // of a proxy
  cpu: 1mCPU, // idle
  // at rest
  memory: 1GiB
}
---
cost: {}
`);
  });
  test("the standard interface keeps its words and its comments", () => {
    const words = (text: string) => text.replace(/\s+/g, "");
    expect(words(laidOut(standard.text, standard.path))).toBe(words(standard.text));
  });
});
