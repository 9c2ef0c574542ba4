import { describe, expect, test } from "vitest";
import type { CopperPolicy, Expression, Statement } from "../../controlplane/language/policy.ts";
import { act, binary, call, end, literal, policyOf, unary, when } from "./build-ir.ts";
import { type Bytes, utf8 } from "./bytes.ts";
import type { Exchange, Header, Memory, Outcome, Response } from "./exchange.ts";
import { type InForce, interpret } from "./interpret.ts";

const exchange: Exchange = {
  direction: "inbound",
  caller: "a",
  callee: "b",
  headers: [],
  now: 1_700_000_000_000_000_000n,
  worker: 0,
};

interface Given extends Partial<Exchange> {
  readonly memory?: Memory;
  readonly chance?: boolean;
}

function run(
  policies: readonly CopperPolicy[],
  { memory = new Map(), chance = true, ...given }: Given = {},
): Outcome {
  return interpret(inForce(policies), { ...exchange, ...given }, { memory, choose: () => chance }).outcome;
}

function answer(policies: readonly CopperPolicy[], response: Response): Outcome {
  const options = { memory: new Map(), choose: () => true };
  return interpret(inForce(policies), exchange, options).respond(response, exchange.now, options).outcome;
}

function inForce(policies: readonly CopperPolicy[]): readonly InForce[] {
  return policies.map((policy) => ({ policy, section: "ingress" }));
}

/** The bytes of an expression, or what they are when it is something else. */
function value(expression: Expression, given: Given = {}): Bytes | undefined {
  const text = call("int.ToString", expression);
  const shown = expression.type === "int" ? text : expression;
  return run([policyOf([act("SetHeader", "seen", shown)])], given).headers.find(
    ([name]) => name === "seen",
  )?.[1];
}

/** Whether a condition holds. */
function holds(condition: Expression, given: Given = {}): boolean {
  const outcome = run([policyOf([when(condition, [act("SetHeader", "holds", "")])])], given);
  return outcome.headers.some(([name]) => name === "holds");
}

function headersAfter(
  statements: readonly Statement[],
  headers: readonly Header[],
  given: Given = {},
): readonly Header[] {
  return run([policyOf(statements)], { headers, ...given }).headers;
}

const absent = call("GetHeader", "absent");
const int = (expression: Expression): Expression => ({ ...expression, type: "int" }) as Expression;

describe("values", () => {
  const [max, min] = [2n ** 63n - 1n, -(2n ** 63n)];

  test("whole numbers have 64 bits, and division by nothing is nothing", () => {
    const of = (left: bigint, operator: "+" | "-" | "*" | "/" | "%", right: bigint) =>
      value(int(binary(left, operator, right)));
    expect(of(max, "+", 1n)).toBe(String(min));
    expect(of(min, "/", -1n)).toBe(String(min));
    expect(of(min, "%", -1n)).toBe("0");
    expect(of(-7n, "/", 2n)).toBe("-3");
    expect(of(-7n, "%", 2n)).toBe("-1");
    expect(of(7n, "/", 0n)).toBe("0");
    expect(of(7n, "%", 0n)).toBe("0");
    expect(of(4294967296n, "*", 4294967296n)).toBe("0");
    expect(value(int(unary("-", min)))).toBe(String(min));
  });

  test("floats are IEEE's", () => {
    expect(holds(binary(binary(1, "/", 0), ">", 1e300))).toBe(true);
    expect(holds(binary(binary(0, "/", 0), "==", binary(0, "/", 0)))).toBe(false);
    expect(holds(binary(binary(0, "/", 0), "!=", 0))).toBe(true);
    expect(holds(binary(binary(0.1, "+", 0.2), "==", 0.3))).toBe(false);
  });

  test("nothing holds of an absent value but that it is not equal", () => {
    for (const operator of ["==", "<", "<=", ">", ">="] as const) {
      expect(holds(binary(absent, operator, ""))).toBe(false);
      expect(holds(binary("", operator, absent))).toBe(false);
      expect(holds(binary(absent, operator, absent))).toBe(false);
    }
    expect(holds(binary(absent, "!=", absent))).toBe(true);
    expect(value(binary(absent, "??", binary(absent, "??", "c")))).toBe("c");
    expect(value(binary(call("GetHeader", "x"), "??", "c"), { headers: [["x", ""]] })).toBe("");
  });

  test("strings compare by their bytes", () => {
    const headers: readonly Header[] = [["x", "\xff"]];
    expect(holds(binary(call("GetHeader", "x"), ">", "ü"), { headers })).toBe(true);
    expect(holds(binary("B", "<", "a"))).toBe(true);
    expect(holds(binary("a", "<", "ab"))).toBe(true);
    expect(value(binary("é", "+", call("GetHeader", "x")), { headers })).toBe("\xc3\xa9\xff");
  });

  test("what need not be known is not asked", () => {
    const memory: Memory = new Map();
    const take = call("TokenBucket.TakeToken:tokenbucket", 0, 5n);
    holds(binary(false, "&&", take), { memory });
    holds(binary(true, "||", take), { memory });
    holds(binary("a", "??", take), { memory });
    expect(memory.size).toBe(0);
    expect(holds(binary(true, "&&", unary("!", false)), { memory })).toBe(true);
  });

  test("texts are asked by bytes, and absent ones say no", () => {
    const text = (action: string, ...values: (string | bigint)[]) => call(`string.${action}`, ...values);
    expect(holds(text("Contains", "abc", ""))).toBe(true);
    expect(holds(call("string.Contains", absent, ""))).toBe(false);
    expect(holds(text("StartsWith", "abc", "ab"))).toBe(true);
    expect(holds(text("EndsWith", "abc", "ab"))).toBe(false);
    expect(value(int(text("Length", "é")))).toBe("2");
    expect(value(text("ToLower", "AÉz"))).toBe(utf8("aÉz"));
    for (const [digits, number] of [
      ["-5", -5n],
      ["007", 7n],
      ["-9223372036854775808", min],
      ["9223372036854775808", 1n],
      ["", 1n],
      ["+5", 1n],
      ["-", 1n],
      [" 5", 1n],
      ["5\n", 1n],
    ] as const)
      expect(value(int(text("ToInt", digits, 1n)))).toBe(String(number));
  });

  test("a regular expression is RE2's, for the whole text", () => {
    const matches = (text: string, pattern: string) => holds(call("string.Matches", text, pattern));
    expect(matches("ab", "a|ab")).toBe(true);
    expect(matches("abc", "ab")).toBe(false);
    expect(matches("é", ".")).toBe(true);
    expect(matches("a\nb", "a.b")).toBe(false);
    expect(matches("a\nb", "(?s)a.b")).toBe(true);
    expect(holds(call("string.Matches", call("GetHeader", "x"), ".*"), { headers: [["x", "a\xff"]] })).toBe(
      false,
    );
  });
});

describe("statements", () => {
  test("a name is known in its block", () => {
    const named = (name: string): Expression => ({
      kind: "local",
      name,
      type: "string",
      isOptional: false,
      span,
    });
    const span = { start: 0, end: 0 };
    const set: Statement = { kind: "let", name: "v", value: literal("1"), span };
    expect(headersAfter([set, when(true, [act("AddHeader", "x", named("v"))])], [])).toEqual([["x", "1"]]);
  });

  test("return and Deny end the policy, and return no other one", () => {
    const [first, second] = [
      policyOf([end, act("SetHeader", "x", "1")]),
      policyOf([act("SetHeader", "y", "1")]),
    ];
    expect(run([first, second]).headers).toEqual([["y", "1"]]);
    const refused = run([policyOf([when(true, [act("Deny", 429n, "no")]), act("Log", "x", "info")]), second]);
    expect(refused.reply).toEqual({ status: 429, body: "no" });
    expect(refused.logs).toEqual([]);
    expect(refused.headers).toEqual([]);
  });
});

describe("access", () => {
  const allow = (caller: string) => policyOf([act("Allow", caller, "*")]);

  test("all Allows are judged together, and a Deny wins", () => {
    expect(run([allow("a"), allow("c")]).reply).toBeUndefined();
    expect(run([allow("d"), allow("c")]).reply).toEqual({ status: 403, body: "" });
    expect(run([allow("*"), policyOf([act("Deny", 451n, "gone")])]).reply?.status).toBe(451);
    // Denied either way: the earlier policy answers.
    expect(run([allow("d"), policyOf([act("Deny", 451n, "gone")])]).reply?.status).toBe(403);
    expect(run([policyOf([act("Deny", 451n, "gone")]), allow("d")]).reply?.status).toBe(451);
    expect(run([policyOf([when(false, [act("Allow", "*", "*")])])]).reply?.status).toBe(403);
    expect(run([allow("*")], { caller: null }).reply).toBeUndefined();
    expect(run([allow("a")], { caller: null }).reply?.status).toBe(403);
  });

  test("an audited policy changes nothing and is counted", () => {
    const audited = { mode: "audit", name: "q" } as const;
    const outcome = run([policyOf([act("SetHeader", "x", "1")], audited), { ...allow("d"), ...audited }]);
    expect([outcome.reply, outcome.headers]).toEqual([undefined, []]);
    expect([...outcome.counts]).toEqual([["wire.audit.q", 2n]]);
    expect([...run([policyOf([act("GetHeader", "x")], audited)]).counts]).toEqual([]);
    expect([...run([policyOf([act("SetHeader", "x", "1")], { mode: "off" })]).counts]).toEqual([]);
  });

  test("what a request says of itself", () => {
    const headers: readonly Header[] = [[":path", "/a?x=%41+b&y&x=2&a%20b=1&=3"]];
    const query = (name: string) => value(call("GetQuery", name), { headers });
    expect(["x", "y", "a b", ""].map(query)).toEqual(["A b", "", "1", "3"]);
    expect(holds(binary(call("GetQuery", "z"), "==", ""), { headers })).toBe(false);
    expect(value(call("GetPath"), { headers })).toBe("/a");
    const claims = { sub: "é", n: 1.5, list: ["a"], deep: { x: "1" } };
    const claim = (name: string) => value(call("GetClaim", name), { claims });
    expect(["sub", "n", "list", "deep.x", "deep"].map(claim)).toEqual([
      utf8("é"),
      "1.5",
      '["a"]',
      "1",
      '{"x":"1"}',
    ]);
    expect(holds(binary(call("GetClaim", "toString"), "==", ""), { claims })).toBe(false);
  });
});

describe("headers and bodies", () => {
  test("one value, all values, or any", () => {
    const headers: readonly Header[] = [
      ["x", "1"],
      ["y", "0"],
      ["x", "2"],
    ];
    expect(value(call("GetHeader", "X"), { headers })).toBe("1");
    expect(value(call("GetHeaders", "x"), { headers })).toBe("1,2");
    expect(holds(call("HasHeader", "x", "2"), { headers })).toBe(true);
    expect(holds(call("HasHeader", "x", "3"), { headers })).toBe(false);
    expect(holds(call("HasHeader", "y"), { headers })).toBe(true);
    expect(headersAfter([act("SetHeader", "x", "3"), act("AddHeader", "Y", "4")], headers)).toEqual([
      ["y", "0"],
      ["x", "3"],
      ["y", "4"],
    ]);
    expect(headersAfter([act("RemoveHeader", "X")], headers)).toEqual([["y", "0"]]);
    expect(
      headersAfter([act("SetHeader", "x", "a\nb"), act("AddHeader", "x", "a\0b")], headers),
    ).toContainEqual(["x", ""]);
  });

  test("a body is read up to a limit", () => {
    const body = '{"a":{"b":"\\u00e9","n":-1.50},"l":[1, 2]}';
    expect(value(int(call("GetBodySize", 3n)), { body })).toBe("4");
    expect(value(int(call("GetBodySize", 100n)), { body })).toBe(String(body.length));
    expect(holds(call("BodyContains", "a", 3n), { body })).toBe(true);
    expect(holds(call("BodyContains", "b", 3n), { body })).toBe(false);
    const field = (path: string) => value(call("GetJsonField", path, 100n), { body });
    expect(["a.b", "a.n", "l", "a"].map(field)).toEqual([
      utf8("é"),
      "-1.50",
      "[1, 2]",
      '{"b":"\\u00e9","n":-1.50}',
    ]);
    for (const bad of ["", "{", '{"a":1}x', '{"a":01}', '{"a":1,}', "{'a':1}", '{"a":"\n"}', '{"a":tru}'])
      expect(holds(binary(call("GetJsonField", "a", 100n), "!=", "-"), { body: bad })).toBe(true);
    expect(holds(binary(call("GetJsonField", "a", 5n), "==", "1"), { body: '{"a":1}' })).toBe(false);
  });

  test("responses pass policies in the reverse order", () => {
    const add = (text: string) => policyOf([act("AddHeader", "x", text)], { act: "Response", name: text });
    const policies = [add("1"), add("2"), policyOf([act("AddHeader", "r", "1")])];
    expect(answer(policies, { status: 503, headers: [["x", "0"]] }).headers).toEqual([
      ["x", "0"],
      ["x", "2"],
      ["x", "1"],
    ]);
    expect(run(policies).headers).toEqual([["r", "1"]]);
    const failed = policyOf([when(call("IsRequestStatus", "FAILED"), [act("SetHeader", "failed", "")])], {
      act: "Response",
    });
    const failedOn = (status: number, headers: readonly Header[]) =>
      answer([failed], { status, headers }).headers.some(([name]) => name === "failed");
    expect([failedOn(500, []), failedOn(404, []), failedOn(200, [["grpc-status", "14"]])]).toEqual([
      true,
      false,
      true,
    ]);
    expect(failedOn(200, [["grpc-status", "0"]])).toBe(false);
  });
});

describe("what Envoy does", () => {
  const path: readonly Header[] = [[":path", "/a?x=1"]];

  test("routing is a matter of control headers", () => {
    expect(headersAfter([act("RouteToVersion", "b", "v2")], [])).toEqual([["x-wire-version", "v2"]]);
    expect(headersAfter([act("RouteToVersion", "c", "v2")], [])).toEqual([]);
    const split = [act("SplitByWeight", "b", "v1", 1n, "v2", 1n)];
    expect(headersAfter(split, [], { chance: true })).toEqual([["x-wire-version", "v1"]]);
    expect(headersAfter(split, [], { chance: false })).toEqual([["x-wire-version", "v2"]]);
    expect(headersAfter([act("SplitByWeight", "b", "v1", 0n, "v2", 1n)], [])).toEqual([
      ["x-wire-version", "v2"],
    ]);
    expect(headersAfter([act("RewritePath", "/b")], path)).toEqual([[":path", "/b?x=1"]]);
    expect(headersAfter([act("RewritePath", "b ?é")], path)).toEqual([[":path", "/b%20%3F%C3%A9?x=1"]]);
    expect(headersAfter([act("Mirror", "b", "v2", 0)], [])).toEqual([]);
  });

  test("timeouts are whole milliseconds, and none of them becomes no limit", () => {
    const timeout = (nanoseconds: bigint) => headersAfter([act("SetTimeout", nanoseconds)], [])[0]?.[1];
    expect([0n, 250_000n, 1_500_000n, 2_000_000n, -5n].map(timeout)).toEqual(["0", "1", "2", "2", "1"]);
  });

  test("a deadline shrinks from hop to hop", () => {
    const budget = act("SetDeadline", 1_000_000_000n);
    const timeout = (headers: readonly Header[]) =>
      new Map(headersAfter([budget], headers)).get("x-envoy-upstream-rq-timeout-ms");
    expect(timeout([])).toBe("1000");
    expect(timeout([["baggage", "k=v, wire-deadline=1700000000400"]])).toBe("400");
    expect(timeout([["baggage", "wire-deadline=1700000009000"]])).toBe("1000");
    const late = run([policyOf([budget])], { headers: [["baggage", "wire-deadline=1699999999999"]] });
    expect(late.reply?.status).toBe(504);
  });
});

describe("state", () => {
  const at = (seconds: number) => exchange.now + BigInt(seconds * 1e9);

  test("a counter is the proxy's or a worker's", () => {
    const memory: Memory = new Map();
    const count = (name: string) => [
      act(`Counter.Increment:${name}`, 2n),
      act("SetHeader", name, call("int.ToString", call(`Counter.GetCount:${name}`))),
    ];
    const counted = (worker: number) =>
      headersAfter([...count("counter"), ...count("ownCounter")], [], { memory, worker });
    expect(counted(0).map(([, text]) => text)).toEqual(["2", "2"]);
    expect(counted(1).map(([, text]) => text)).toEqual(["4", "2"]);
    expect(holds(call("Counter.IsGreaterThan:counter", 3n), { memory })).toBe(true);
    expect(holds(call("Counter.IsGreaterThan:counter", 4n), { memory })).toBe(false);
  });

  test("a timer starts when it is first asked", () => {
    const memory: Memory = new Map();
    const since = (seconds: number) =>
      holds(call("Timer.IsTimeSince:timer", 60_000_000_000n), { memory, now: at(seconds) });
    expect([since(0), since(59.5), since(60), since(61)]).toEqual([false, false, true, true]);
    run([policyOf([act("Timer.Reset:timer")])], { memory, now: at(61) });
    expect([since(120), since(121)]).toEqual([false, true]);
  });

  test("a bucket fills at its rate up to its size", () => {
    const memory: Memory = new Map();
    const take = (seconds: number) =>
      holds(call("TokenBucket.TakeToken:tokenbucket", 2, 3n), { memory, now: at(seconds) });
    expect([take(0), take(0), take(0), take(0)]).toEqual([true, true, true, false]);
    expect([take(0.5), take(0.5)]).toEqual([true, false]);
    expect([take(60), take(60), take(60), take(60)]).toEqual([true, true, true, false]);
  });

  test("a place is kept until the answer is through", () => {
    const memory: Memory = new Map();
    const policy = policyOf([
      when(unary("!", call("ConcurrencyLimit.Acquire:concurrencylimit", 1n)), [act("Deny", 503n, "")]),
    ]);
    const begin = () => interpret(inForce([policy]), exchange, { memory, choose: () => true });
    const first = begin();
    expect([first.outcome.reply, begin().outcome.reply?.status]).toEqual([undefined, 503]);
    first.finish(memory);
    expect(begin().outcome.reply).toBeUndefined();
  });

  test("what is told of a request", () => {
    const tell = [act("Count", "hits", 2n), act("Count", "hits", -1n), act("Histogram", "h", 7n)];
    const outcome = run([policyOf([...tell, act("Log", "x", "warn"), act("TagAccessLog", "t", "1")])]);
    expect([[...outcome.counts], outcome.records]).toEqual([[["wire.hits", 2n]], [["wire.h", 7n]]]);
    expect([outcome.logs, [...outcome.tags]]).toEqual([[{ level: "warn", message: "x" }], [["t", "1"]]]);
  });
});
