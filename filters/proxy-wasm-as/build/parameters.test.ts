import fc from "fast-check";
import { expect, test } from "vitest";
import { createHost, type Host } from "../testing/index.ts";
import { type BuildFilterOptions, buildFilter } from "./build-filter.ts";

const filter = `import { Request, Response, Stream, log } from "proxy-wasm-as";
class Params {
  small: i32 = -1;
  limit: i64 = 1000;
  share: f64 = 0.5;
  isStrict: boolean = true;
  header: string = "x-caller";
}
export const params = new Params();
function all(): string {
  return params.small.toString() + " " + params.limit.toString() + " " + params.share.toString() + " " +
    params.isStrict.toString() + " " + params.header;
}
export function onRequest(request: Request): void { request.headers.set("x-all", all()); }
export function onLog(stream: Stream): void { log.warn(all()); }
`;
const defaults = "-1 1000 0.5 true x-caller";

async function built(
  code = filter,
  options: Omit<BuildFilterOptions, "files"> = { runtime: "arena" },
): Promise<Uint8Array> {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": code },
    ...options,
  });
  expect(problems).toEqual([]);
  return bytes;
}

const arena = await built();
const said = (host: Host): string | undefined => host.request({}).requestHeaders[0]?.[1];

test("an empty configuration leaves the defaults, an object fills what it names", async () => {
  for (const runtime of ["arena", "minimal"] as const) {
    const bytes = await built(filter, { runtime });
    const seen = (configuration: string): string | undefined => said(createHost(bytes, { configuration }));
    for (const empty of ["", "{}", " \r\n\t", " { } "]) expect(seen(empty)).toBe(defaults);
    expect(seen('{"limit":7}')).toBe("-1 7 0.5 true x-caller");
    const all = { small: 5, limit: -3, share: 1.25, isStrict: false, header: "x-api-key" };
    expect(seen(JSON.stringify(all, null, 2))).toBe("5 -3 1.25 false x-api-key");
  }
});

test.each([
  [
    "the ends of what a number holds",
    '{"small":-2147483648,"limit":9223372036854775807}',
    "-2147483648 9223372036854775807 0.5 true x-caller",
  ],
  ["the lowest long one", '{"limit":-9223372036854775808}', "-1 -9223372036854775808 0.5 true x-caller"],
  [
    "whole numbers as a protobuf Struct writes them",
    '{"small":1e+03,"limit":2.0}',
    "1000 2 0.5 true x-caller",
  ],
  ["floats without a point", '{"share":2}', "-1 1000 2.0 true x-caller"],
  ["floats with an exponent", '{"share":-25e-2}', "-1 1000 -0.25 true x-caller"],
  ["escapes", '{"header":"\\u0061\\/\\"b\\\\"}', '-1 1000 0.5 true a/"b\\'],
  ["an empty text", '{"header":""}', "-1 1000 0.5 true "],
  ["a key with escapes", '{"l\\u0069mit":4}', "-1 4 0.5 true x-caller"],
])("it reads %s", (_, configuration, expected) => {
  expect(said(createHost(arena, { configuration }))).toBe(expected);
});

const expected = "expected `small` (i32), `limit` (i64), `share` (f64), `isStrict` (bool), `header` (string)";

test.each([
  ['{"limt":5}', `\`limt\` is no parameter: ${expected}, found 5`],
  ['{"limit":5,"a\\"":{}}', `\`a\\"\` is no parameter: ${expected}, found an object`],
  ['{"limit":"5"}', '`limit`: expected an i64, found "5"'],
  ['{"limit":1.5}', "`limit`: expected an i64, found 1.5"],
  ['{"limit":9223372036854775808}', "`limit`: expected an i64, found 9223372036854775808"],
  ['{"limit":1e300}', "`limit`: expected an i64, found 1e300"],
  ['{"small":2147483648}', "`small`: expected an i32, found 2147483648"],
  ['{"small":null}', "`small`: expected an i32, found null"],
  ['{"share":"half"}', '`share`: expected an f64, found "half"'],
  ['{"share":1e999}', "`share`: expected an f64, found 1e999"],
  ['{"share":01}', "`share`: expected an f64, found 01"],
  ['{"share":.5}', "`share`: expected an f64, found .5"],
  ['{"isStrict":1}', "`isStrict`: expected a bool, found 1"],
  ['{"isStrict":"true"}', '`isStrict`: expected a bool, found "true"'],
  ['{"header":true}', "`header`: expected a string, found true"],
  ['{"header":["a"]}', "`header`: expected a string, found a list"],
  ['{"header":}', "`header`: expected a string, found }"],
  [`{"limit":"${"9".repeat(60)}"}`, `\`limit\`: expected an i64, found "${"9".repeat(39)}…`],
  ['{"limit":1,"limit":2}', "`limit` is there twice"],
  ["[]", "expected an object, found a list"],
  ["limit: 5", "expected an object, found limit"],
  ['{"limit":5', "it is no JSON from character 10 on"],
  ['{"limit":5,}', "it is no JSON from character 11 on"],
  ['{"limit":5} x', "it is no JSON from character 12 on"],
  ['{"header":"a\nb"}', "it is no JSON from character 12 on"],
  ['{"header":"\\x"}', "it is no JSON from character 13 on"],
  ['{"header', "it is no JSON from character 8 on"],
  ["{'limit':5}", "it is no JSON from character 1 on"],
])("it refuses %s with one line, and what was configured before stays", (configuration, reason) => {
  const host = createHost(arena, { configuration });
  expect(host.logs.map(({ message }) => message)).toEqual([`configuration refused: ${reason}`]);
  const running = createHost(arena, { configuration: '{"limit":3}' });
  expect(running.configure(configuration)).toBe(false);
  expect(said(running)).toBe("-1 3 0.5 true x-caller");
});

test("plugin configurations in one VM each have their values, in all callbacks, and one that goes leaves the others theirs", () => {
  const host = createHost(arena, { configuration: '{"header":"first"}' });
  const other = host.addPlugin({ configuration: '{"header":"the second","limit":2}' });
  const third = host.addPlugin({});
  const lines = (plugin: Pick<Host, "exchange"> | null): readonly (string | undefined)[] => {
    const { requestHeaders, logs } = plugin?.exchange({}) ?? { requestHeaders: [], logs: [] };
    return [requestHeaders[0]?.[1], logs[0]?.message];
  };
  const twice = (text: string): readonly string[] => [text, text];
  for (let turn = 0; turn < 3; turn++) {
    expect(lines(host)).toEqual(twice("-1 1000 0.5 true first"));
    expect(lines(other)).toEqual(twice("-1 2 0.5 true the second"));
    expect(lines(third)).toEqual(twice(defaults));
  }
  expect(other?.configure('{"header":"changed"}')).toBe(true);
  expect(lines(other)).toEqual(twice("-1 1000 0.5 true changed"));
  expect(lines(host)).toEqual(twice("-1 1000 0.5 true first"));
  expect(host.addPlugin({ configuration: '{"limit":true}' })).toBeNull();
  expect(host.failure).toBeNull();
});

test("configuring again, and requests, do not grow memory", () => {
  const text = (turn: number): string => JSON.stringify({ header: String(turn % 10).repeat(60_000) });
  const host = createHost(arena, { configuration: text(0) });
  for (let turn = 0; turn < 20; turn++) expect(host.configure(text(turn))).toBe(true);
  said(host);
  const before = host.memoryPages;
  for (let turn = 0; turn < 50; turn++) {
    expect(host.configure(text(turn))).toBe(true);
    expect(said(host)?.length).toBe(60_000 + "-1 1000 0.5 true ".length);
  }
  expect(host.memoryPages).toBe(before);
});

test("`onConfigure` sees the parameters and has the last word", async () => {
  const code = `${filter}export function onConfigure(text: string): bool { log.warn(text); return params.limit > 0; }`;
  const bytes = await built(code);
  const host = createHost(bytes, { configuration: '{"limit":9}' });
  expect(host.logs.map(({ message }) => message)).toEqual(['{"limit":9}']);
  expect(host.configure('{"limit":0}')).toBe(false);
});

test("what cannot be configured is said at its place", async () => {
  const problemsOf = async (
    fields: string,
    value = "new Params()",
  ): Promise<readonly (readonly [string, string])[]> => {
    const code = `class Params { ${fields} }
export const params = ${value};
export function onTick(): void {}`;
    const { problems } = await buildFilter({ files: { "filter.ts": code } });
    return problems.map(({ message, start, end }) => [code.slice(start, end), message]);
  };
  expect(await problemsOf("a: u8 = 1; b: i64; readonly c: i64 = 1; d(): void {}")).toEqual([
    ["a", "parameter `a` has no type that can be configured: `i32`, `i64`, `f64`, `bool`, `string`"],
    ["b", "parameter `b` has no default"],
    ["c", "`c` is no parameter: these are plain fields, and nothing else is with them"],
    ["d", "`d` is no parameter: these are plain fields, and nothing else is with them"],
  ]);
  expect(await problemsOf("", "5")).toEqual([
    ["params", expect.stringContaining("a new object of a plain class")],
  ]);
});

test("a filter without parameters pays nothing for them", async () => {
  const bytes = await built(
    'import { Request } from "proxy-wasm-as";\nexport function onRequest(request: Request): void { request.headers.set("x-a", "b"); }',
  );
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(bytes)));
  expect(exported.map(({ name }) => name)).not.toContain("proxy_on_configure");
});

test("whole numbers are read in any guise, without what reads fractions", async () => {
  const head = 'import { Request } from "proxy-wasm-as";\n';
  const code = (
    type: string,
  ): string => `${head}class Params { limit: ${type} = ${type === "f64" ? "1.0" : "1"}; }
export const params = new Params();
export function onRequest(request: Request): void { request.headers.set("x", (<i64>params.limit).toString()); }`;
  const whole = await built(code("i64"));
  expect((await built(code("f64"))).length - whole.length).toBeGreaterThan(1000);
  const host = createHost(whole);
  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789005"), minLength: 1, maxLength });
  const guise = fc.record({
    sign: fc.constantFrom("", "-"),
    first: digits(18).map((text) => text.replace(/^0+(?=.)/, "")),
    fraction: fc.option(digits(24)),
    exponent: fc.option(fc.integer({ min: -30, max: 30 })),
  });
  let taken = 0;
  fc.assert(
    fc.property(guise, ({ sign, first, fraction, exponent }) => {
      fc.pre(fraction !== null || exponent !== null);
      const text = `${sign}${first}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`;
      const shift = (exponent ?? 0) - (fraction ?? "").length;
      const all = BigInt(`${first}${fraction ?? ""}`) * 10n ** BigInt(Math.max(shift, 0));
      const divisor = 10n ** BigInt(Math.max(-shift, 0));
      const isWhole = all % divisor === 0n && all / divisor <= 2n ** 53n;
      const accepted = host.configure(`{"limit":${text}}`);
      expect(accepted, text).toBe(isWhole);
      if (!isWhole) return;
      taken++;
      const value = (sign === "" ? 1n : -1n) * (all / divisor);
      expect(host.request({}).requestHeaders, text).toEqual([["x", value.toString()]]);
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(100);
});
