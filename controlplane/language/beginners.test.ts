import { expect, test } from "vitest";
import { checkCopper } from "./check.ts";

/** What people write who know other languages: one mistake each, so one message each, with what to type. */
test.each([
  [
    'if r.GetMethod() == "GET" { Deny(r); }',
    "expected `(`, found `r`",
    "a condition stands in parentheses: write `if (…) { … }`",
  ],
  ['SetHeader(r "x-a", "1");', "expected `,` or `)`, found `x-a`", "write `,` between two arguments"],
  [
    'let x: string = "a"; SetHeader(r, "x", x);',
    "expected `=`, found `:`",
    "the value says the type: write `let x = …;`",
  ],
  ['var x = "a"; SetHeader(r, "x", x);', "Copper has no `var`", "did you mean `let`?"],
  ['const x = "a"; SetHeader(r, "x", x);', "Copper has no `const`", "did you mean `let`?"],
  [
    'if (r.GetHeader("a") == null) { Deny(r); }',
    "unknown name `null`",
    'ask `HasHeader(request, "name")` whether it is there, or say with `??` what to take when it is not',
  ],
  ['if (not r.HasHeader("a")) { Deny(r); }', "expected `!`, found `not`", "did you mean `!`?"],
  ["SetTimeout(r, 5 s);", "expected `,` or `)`, found `s`", "write the unit right behind the number: `5s`"],
  ["SetHeader(r, `x-a`, '1');", "a string does not stand in ```", "write `\"` or `'` around it"],
  ["SetHeader(r, “x-a”, '1');", "a string does not stand in `“`", "write `\"` or `'` around it"],
  ["# It's closed.\n Deny(r);", "a comment does not begin with `#`", "write `//` before it"],
  [
    "Deny(r, status: 403);",
    "expected `,` or `)`, found `:`",
    "arguments have no names: they are told apart by their order",
  ],
  [
    'SetHeader(r, "x", r.HasHeader("y") ? "a" : "b");',
    "expected `,` or `)`, found `?`",
    "a choice between two values is two statements, in an `if` and its `else`",
  ],
  [
    "function f() { Deny(r); } Deny(r);",
    "Copper has no `function`",
    "every policy comes to an end by itself: say it with `if`, or write filter code",
  ],
])("%s", (statements, message, help) => {
  const text = `policy p ( act (Request r) context (a -> b) ) { ${statements} }`;
  const { diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics.map((each) => [each.message, each.help])).toEqual([[message, help]]);
});

test.each([
  [
    "policy p { act (Request r) context (a -> b) Deny(r); }",
    "clauses stand in parentheses: write `policy NAME ( clauses ) { statements }`",
  ],
  [
    "policy my policy ( act (Request r) context (a -> b) ) { Deny(r); }",
    "a name is one word: write `my-policy`",
  ],
])("%s", (text, help) => {
  expect(checkCopper({ path: "p.cup", text }).diagnostics.map((each) => each.help)).toEqual([help]);
});

test.each([
  ["using (Counter)", "Increment(counter);", "`using` takes a kind of state and a name for it"],
  ["param (int most)", "if (1 > most) { Deny(r); }", "`param` takes a type, a name and a default"],
])("%s", (clause, statements, message) => {
  const text = `policy p ( act (Request r) context (a -> b) ${clause} ) { [Ingress] ${statements} }`;
  expect(checkCopper({ path: "p.cup", text }).diagnostics.map((each) => each.message)).toEqual([message]);
});

test.each([
  ["a => b", "expected a service, `.`, `[` or `(`, found `=`", "a call is written `->`"],
  [
    "a -> b$",
    "expected a service, `.`, `[` or `(`, found `$`",
    "a context always ends at its end: leave the `$` out",
  ],
])("%s", (context, message, help) => {
  const text = `policy p ( act (Request r) context ('${context}') ) { Deny(r); }`;
  const { diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics.map((each) => [each.message, each.help])).toEqual([[message, help]]);
});
