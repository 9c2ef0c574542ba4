import { expect, test } from "vitest";
import { readFilterModule } from "./read-filter-module.ts";

const kept = (text: string): readonly string[] => readFilterModule(text).keptObjects;

test("what is the SDK's is found by the imports", () => {
  const imported = 'import { Counter, Gauge as G, PerStream } from "proxy-wasm-as";';
  expect(
    kept(`${imported} const c = new Counter("a"); const g = new G("b"); const s = new PerStream<S>();`),
  ).toEqual([]);
  expect(kept('import * as sdk from "proxy-wasm-as"; const c = new sdk.Counter("a");')).toEqual([]);
  for (const own of [
    'class Counter { last: string = ""; } const c = new Counter();',
    'import { Counter } from "./counter"; const c = new Counter();',
    'import { Counter as Other } from "proxy-wasm-as"; class Counter {} const c = new Counter();',
    'import { Counter } from "proxy-wasm-as"; namespace n { class Counter {} const c = new Counter(); }',
    'import * as sdk from "./sdk"; const c = new sdk.Counter("a");',
    'import { Counter } from "proxy-wasm-as"; let c = new Counter("a");',
    'import { Counter } from "proxy-wasm-as"; class Mine extends Counter {} const c = new Mine("a");',
    'import { Counter } from "proxy-wasm-as"; const c = [new Counter("a")];',
  ])
    expect(kept(own), own).toEqual([own.includes("namespace") ? "n.c" : "c"]);
});

test("numbers, texts and functions that do not change, and tables that are only read refer to no object", () => {
  for (const text of [
    "let n = 0; let m: u32 = count(); let on = true; let under = -1; let share = .5; export let all: bool = f();",
    'const text = "a"; const long = `a`; const low = "A".toLowerCase();',
    "const f = (): i32 => 1; function g(): void { let last: string = ''; }",
    "const at = memory.data(8); let there = memory.data<u8>([1, 2]);",
    'const names = ["a", "b"]; function has(name: string): bool { return names.includes(name) || names[0] == name; }',
    "const rules = ['a']; class Met { rules: u64 = 0; } function f(met: Met): i32 { return met.rules < 9 ? rules.length : 0; }",
    "export const writes = ['x-a'];",
    "class State { static n: i32 = 0; static readonly name: string = 'a'; last: string = ''; }",
    "namespace n { export const name = 'a'; export let count: u64 = 0; }",
  ])
    expect(kept(text), text).toEqual([]);
});

test("all else may", () => {
  for (const text of [
    'let it = "";',
    "let it: string | null = null;",
    "let it: Box;",
    "const it = new Box();",
    "const it: Box = boxOf(1);",
    "const it = [] as string[]; it.push('a');",
    "const it = ['a']; function add(name: string): void { it[0] = name; }",
    "const it = ['a']; function give(): string[] { return it; }",
    "const it = { a: 1 };",
  ])
    expect(kept(text), text).toEqual(["it"]);
  expect(readFilterModule("export const it = ['a'];", false).keptObjects).toEqual(["it"]);
  expect(kept("namespace n { export const it = ['a']; } n.it[0] = 'b';")).toEqual(["n.it"]);
  expect(kept("class State { static it: string = ''; }")).toEqual(["State.it"]);
  expect(kept("class State { static readonly it: string[] = make(); }")).toEqual(["State.it"]);
  expect(kept("namespace a { namespace b { export let it = 'a'; } }")).toEqual(["a.b.it"]);
});

test("what another file has from the SDK is used, too", () => {
  const { sdk, imports } = readFilterModule(
    'export { PerPlugin, Counter as C } from "proxy-wasm-as"; export * from "./b";',
  );
  expect([[...sdk], imports]).toEqual([["PerPlugin", "Counter"], ["./b"]]);
  expect([...readFilterModule('export * from "proxy-wasm-as";').sdk]).toEqual(["*"]);
});

test("what may keep a stream is any variable that is no number, a record that has more than numbers, and what makes one of a number", () => {
  const keeps = (text: string): boolean => readFilterModule(text).keepsStreams;
  const imported = 'import { Counter, PerStream, Stream } from "proxy-wasm-as";';
  for (const text of [
    "let kept: Request | null = null;",
    "const kept: Request[] = []; function f(request: Request): void { kept.push(request); }",
    "const kept = new Map<u32, Request>();",
    "class Kept { static last: Request; }",
    "namespace n { export let last: Headers = f(); }",
    `${imported} class State { other: Stream | null = null; } const states = new PerStream<State>();`,
    "let id: u32 = 0; function f(): void { Stream.withId(id); }",
    "let id: u32 = 0; function f(): void { changetype<Request>(id).resume(); }",
    "const at = memory.data(4); function f(): void { load<Request>(at).resume(); }",
  ])
    expect(keeps(text), text).toBe(true);
  for (const text of [
    "let n: u32 = 0; const names = ['a', 'b']; function f(): bool { return names.includes('a'); }",
    `${imported} class State { n: u32 = 0; open: bool = false; share = 0.5; } const states = new PerStream<State>(); const c = new Counter("a");`,
    "class Params { agent: string = 'a'; } export const params = new Params();",
    "class Box { inner: Request; } function f(request: Request): void { const box = new Box(request); }",
    `${imported} class Params { name: string = "a"; other = "b"; } class State { n: u32 = 0; } const states = new PerStream<State>();`,
    "const at = memory.data(8); function f(): u64 { return load<u64>(at) + <u64>load<u8>(at); }",
  ])
    expect(keeps(text), text).toBe(false);
  // What another file keeps may be of this one.
  expect(readFilterModule("export class State { other: Stream | null = null; }", false).keepsStreams).toBe(
    true,
  );
});

test("what may pause is found however it says so, and what only goes on or answers is none of it", () => {
  const pauses = (code: string): boolean =>
    readFilterModule(`import { Flow, Request } from "proxy-wasm-as";\n${code}`).pausing.has("onRequest");
  const callback = (result: string): string =>
    `export function onRequest(request: Request, last: bool): Flow { ${result} }`;
  for (const code of [
    callback("return Flow.Pause;"),
    callback("return last ? Flow.Continue : Flow.Pause;"),
    callback("return last ? 0 : 1;"),
    callback("return <Flow>!last;"),
    `class Held { static flow: Flow = Flow.Pause; } ${callback("return Held.flow;")}`,
    `const flows: StaticArray<Flow> = [Flow.Continue, Flow.Pause]; ${callback("return flows[1];")}`,
    `const first = Flow.Pause; const second = first; ${callback("return second;")}`,
    `import { hold } from "./hold"; ${callback("return hold(request);")}`,
    `function hold(): Flow { return 1; } ${callback("return last ? Flow.Continue : hold();")}`,
    callback("let flow = Flow.Continue; flow |= 1; return flow;"),
  ])
    expect(pauses(code), code).toBe(true);
  for (const code of [
    callback("return Flow.Continue;"),
    callback("request.reply(403); return Flow.Pause;"),
    `function refuse(request: Request): Flow { request.reply(403); return Flow.Pause; }
     ${callback("if (last) return Flow.Continue; return (request.headers.has('a') ? refuse(request) : Flow.Continue);")}`,
    "export function onRequest(request: Request): void { if (request.headers.has('a')) return; }",
    callback("const names = ['a'].map((name: string): string => { return name; }); return Flow.Continue;"),
  ])
    expect(pauses(code), code).toBe(false);
});
