import { expect, test } from "vitest";
import { buildFilter } from "./build-filter.ts";

test.each([
  ['const a = request.headers.get("x") ?? "y";', "??", "has no `??`"],
  ['const a = request.headers.get("x")?.length;', "?.", "has no `?.`"],
  ["const { headers } = request;", "const", "takes nothing apart"],
  ["let n = 0; const f = (): void => { n = 1; }; f();", "n = 1", "pass it what it needs"],
  ["for (const x of [1, 2]) {}", "for", "count instead"],
  ["try {} catch (e) {}", "try", "ask for these"],
  ["async function g(): void {}", "async", "comes to a callback"],
])("what AssemblyScript lacks is told of with what to write: %s", async (line, at, help) => {
  const text = `import { Flow, Request } from "proxy-wasm-as/assembly";
export function onRequest(request: Request): Flow {
  ${line}
  return Flow.Continue;
}
`;
  const { problems } = await buildFilter({ files: { "filter.ts": text } });
  const [problem] = problems;
  expect(problem?.message).toContain(help);
  // At the author's line, near what it is about.
  const place = text.indexOf(line) + line.indexOf(at);
  expect(Math.abs((problem?.start ?? 0) - place)).toBeLessThan(4);
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
