import { expect, test } from "vitest";
import { buildFilter } from "./build-filter.ts";
import { elsewhereOf } from "./help-for-names.ts";
import { publicMembers } from "./public-members.ts";

test.each([
  ['const a = request.headers.get("x") ?? "y";', "??", "has no `??`"],
  ['const a = request.headers.get("x")?.length;', "?.", "has no `?.`"],
  ["const { headers } = request;", "const", "takes nothing apart"],
  ["let n = 0; const f = (): void => { n = 1; }; f();", "n = 1", "pass it what it needs"],
  ["for (const x of [1, 2]) {}", "for", "count instead"],
  ["try {} catch (e) {}", "try", "ask for these"],
  ["async function g(): void {}", "async", "comes to a callback"],
  ["outer: for (let i = 0; i < 3; i++) { break outer; }", ":", "has no labels"],
  ['const xs = ["a"].map((x) => x + "b");', "(x)", "list.map<string>("],
  ['const xs = ["a"].map(x => x + "b");', "(x", "list.map<string>("],
  ["const f = (x) => 1;", "(x", "say of what type each parameter is"],
  ['request.headers.set("x", 5);', "5", "by `toString()`"],
  [
    'request.fetch("http://auth/check", (): void => {});',
    '"http',
    'as in `{ cluster: "auth", path: "/check" }`',
  ],
  ["const d = new Date();", "new", "the time is `now()`"],
  ['const n = Number("5");', "Number", "i32.parse(text)"],
  ["const s = String(5);", "String", "n.toString()"],
  ['const o = JSON.parse("{}");', "JSON", "there is no `JSON`"],
  ['request.headers.delete("x");', "delete", "that is `remove(name)`"],
  ['request.headers.append("x", "y");', "append", "that is `add(name, value)`"],
  ["const m = request.method;", "method", 'request.headers.get(":method")'],
  ["const p = request.path;", "path", 'request.headers.get(":path")'],
  ['const h = request.headers["x"];', "request", 'headers.get("name")'],
  ['request.headers.getAl("x");', "getAl", "did you mean `getAll`?"],
  ["const p = properties.request.heders;", "heders", "did you mean `headers`?"],
  ["return Flow.Stop;", "Stop", "that is `Flow.Pause`"],
  ["return Flow.Resume;", "Resume", "there are `Continue`, `Pause`"],
  ['const t = request.headers.get("x").length;', "request", "compare that with `null` first"],
  ['const n: i32 = parseInt("5");', "parseInt", "`i32.parse(text)` an `i32`"],
  ['const c = new Counter("hits");', "Counter", "import `Counter` from `proxy-wasm-as`"],
  ["setTimeout(() => {}, 5);", "setTimeout", "`setTickPeriod`"],
  ["const o = { a: 1 };", "{", "write a class"],
  ['request.reply(403, "no", { "x-a": "b" });', "{", 'a list of pairs, as in `[["name", "value"]]`'],
])("what AssemblyScript lacks is told of with what to write: %s", async (line, at, help) => {
  const text = `import { Flow, properties, Request } from "proxy-wasm-as/assembly";
export function onRequest(request: Request): Flow {
  ${line}
  return Flow.Continue;
}
`;
  const { problems } = await buildFilter({ files: { "filter.ts": text } });
  const [problem, ...others] = problems;
  expect(others).toEqual([]);
  expect(problem?.message).toContain(help);
  // At the author's line, near what it is about.
  const place = text.indexOf(line) + line.indexOf(at);
  expect(Math.abs((problem?.start ?? 0) - place)).toBeLessThan(4);
});

test("the same of what a response, a connection and an interface lack", async () => {
  const text = `import { Connection, Response } from "proxy-wasm-as/assembly";
interface Wanted { path: string }
export function onResponse(response: Response): void {
  response.grpcStream({ cluster: "a" }, {});
  const wanted: Wanted = { path: "/" };
}
export function onConnection(connection: Connection): void {
  connection.remoteAddress;
  connection.reply(403);
}
`;
  const { problems } = await buildFilter({ files: { "filter.ts": text } });
  expect(
    problems.map(({ message, start, end }) => [text.slice(start, end), message.split(": ").at(-1)]),
  ).toEqual([
    ["grpcStream", "of a response that is `response.request.grpcStream(call, handlers)`"],
    ['{ path: "/" }', "write a class with these fields"],
    ["remoteAddress", "that is `caller`, or `properties.source.address` with the port"],
    ["reply", "over TCP there is no answer"],
  ]);
});

test.each([
  'export { onRequest } from "./other";',
  'import { onRequest } from "./other";\nexport { onRequest };',
])("a callback of another file is called by nobody: %s", async (text) => {
  const other = `import { Flow, Request } from "proxy-wasm-as/assembly";
export function onRequest(request: Request): Flow { return Flow.Continue; }
`;
  const { problems } = await buildFilter({ files: { "filter.ts": text, "other.ts": other } });
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining(
      "`onRequest` is a function of another file, which nothing calls: write `export function",
    ),
  ]);
});

test("what names are given help for has no such name itself", () => {
  const own = new Set(publicMembers().map(({ of, name }) => `${of}.${name}`));
  const types = new Set(publicMembers().map(({ of }) => of));
  for (const [type, names] of Object.entries(elsewhereOf)) {
    if (type !== "Object" && type !== "crypto") expect(types).toContain(type);
    for (const name of Object.keys(names)) expect(own).not.toContain(`${type}.${name}`);
  }
});
