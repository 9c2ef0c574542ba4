import { expect, test } from "vitest";
import { costs } from "../controlplane/analysis/bound.ts";
import { generate } from "../controlplane/codegen/generate.ts";
import { checkCopper } from "../controlplane/language/check.ts";
import { assemble } from "../filters/proxy-wasm-as/build/assemble.ts";
import { createHost } from "../filters/proxy-wasm-as/testing/index.ts";

/** A statement for each action, by its name, for a request to `b`. `h` is a header with a value, of which there are several. */
const onRequests: Readonly<Record<string, string>> = {
  GetHeader: 'let v = GetHeader(r, "h") ?? "";',
  GetHeaders: 'let v = GetHeaders(r, "h") ?? "";',
  HasHeader: 'if (HasHeader(r, "h", "last")) { return; }',
  SetHeader: 'SetHeader(r, "x", "1");',
  AddHeader: 'AddHeader(r, "x", "1");',
  RemoveHeader: 'RemoveHeader(r, "x");',
  Deny: "Deny(r);",
  GetCaller: 'let v = GetCaller(r) ?? "";',
  GetCallee: "let v = GetCallee(r);",
  GetMethod: "let v = GetMethod(r);",
  GetPath: "let v = GetPath(r);",
  GetHost: "let v = GetHost(r);",
  GetQuery: 'let v = GetQuery(r, "q") ?? "";',
  GetClaim: 'let v = GetClaim(r, "sub") ?? "";',
  RouteToVersion: 'RouteToVersion(r, "b", "v1");',
  SplitByWeight: 'SplitByWeight(r, "b", "v1", 1, "v2", 1);',
  Mirror: 'Mirror(r, "b", "v1", 99.9);',
  RewritePath: 'RewritePath(r, "/new");',
  RewriteHost: 'RewriteHost(r, "new");',
  SetHashKey: 'SetHashKey(r, "key");',
  SetTimeout: "SetTimeout(r, 1s);",
  SetDeadline: "SetDeadline(r, 1s);",
  SetRetries: "SetRetries(r, 2);",
  InjectDelay: "InjectDelay(r, 1s, 99.9);",
  InjectAbort: "InjectAbort(r, 503, 99.9);",
  Count: 'Count(r, "n");',
  Histogram: 'Histogram(r, "h", 1);',
  Log: 'Log(r, "said");',
  TagAccessLog: 'TagAccessLog(r, "t", "v");',
  GetBodySize: 'if (GetBodySize(r, 9000) > 9) { SetHeader(r, "x", "1"); }',
  BodyContains: 'if (BodyContains(r, "x", 9000)) { SetHeader(r, "x", "1"); }',
  GetJsonField: 'let v = GetJsonField(r, "a.b", 9000) ?? "";',
  "Counter.Increment": "c.Increment();",
  "Counter.Reset": "c.Reset();",
  "Counter.GetCount": 'if (c.GetCount() > 9) { SetHeader(r, "x", "1"); }',
  "Counter.IsGreaterThan": 'if (c.IsGreaterThan(9)) { SetHeader(r, "x", "1"); }',
  "Timer.IsTimeSince": 'if (t.IsTimeSince(9s)) { SetHeader(r, "x", "1"); }',
  "Timer.Reset": "t.Reset();",
  "TokenBucket.TakeToken": "b.TakeToken(1.0, 5);",
  "ConcurrencyLimit.Acquire": "l.Acquire(5);",
};

const onResponses: Readonly<Record<string, string>> = {
  GetStatus: 'if (GetStatus(r) > 599) { SetHeader(r, "x", "1"); }',
  IsRequestStatus: 'if (IsRequestStatus(r, FAILED)) { SetHeader(r, "x", "1"); }',
};

/** Judged together with others, or done without the host. */
const elsewhere = ["Allow"];

/** How many host calls an exchange makes for the statement, over one with none; what it does besides may count as well. */
async function measured(
  act: "Request" | "Response",
  statements: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, number>> {
  const states =
    act === "Request"
      ? "using (Counter c) using (Timer t) using (TokenBucket b) using (ConcurrencyLimit l)"
      : "";
  const cases = Object.entries(statements).map(
    ([name, text]) => `if (GetHeader(r, "case") == "${name}") { ${text} return; }`,
  );
  const text = `policy p (act (${act} r) ${states} context ("a -> b")) { [Egress]\n${cases.join("\n")} }`;
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: generate(policies) });
  expect(bytes.length, stderr).toBeGreaterThan(0);
  const callsOf = (name: string): number => {
    const host = createHost(bytes, {
      configuration: "@self\ta\np\toutbound\t*\tenforce\n",
      allowOnHeadersStopIteration: true,
    });
    const headers = [
      [":method", "GET"],
      [":path", "/?q=1"],
      [":authority", "b"],
      ["x-request-id", "1"],
      ...["h", "h", "baggage"].map((header) => [header, "a=1"] as const),
      ["case", name],
    ] as const;
    const response = {
      headers: [
        ["case", name],
        ["grpc-status", "1"],
      ] as const,
      status: 200,
    };
    const properties = { "source.address": "10.0.0.1:1", "xds.route_name": "b" };
    return host.exchange({ headers, body: '{"a":{"b":"x"}}', properties, response }).calls.length;
  };
  const none = callsOf("none");
  return new Map(Object.keys(statements).map((name) => [name, callsOf(name) - none]));
}

test.each([
  ["Request", onRequests],
  ["Response", onResponses],
] as const)("what actions on a %s are said to cost is what they are seen to", async (act, statements) => {
  for (const [name, calls] of await measured(act, statements)) {
    const said = costs[name]?.calls ?? 0;
    // The rest of the policy is not reached.
    if (name === "Deny") continue;
    // What stands beside the action, so that its answer is asked for, and that the route is chosen again.
    const beside = / SetHeader\(/.test(statements[name] ?? "") || /Route|Split|Mirror/.test(name) ? 1 : 0;
    expect(calls, name).toBeLessThanOrEqual(said + beside);
    // On the way out the caller is the proxy's own service.
    if (name !== "GetCaller") expect(calls, name).toBeGreaterThan(0);
  }
});

test("no action is left out", () => {
  const covered = [...Object.keys(onRequests), ...Object.keys(onResponses), ...elsewhere];
  const withCalls = Object.keys(costs).filter((name) => costs[name]?.calls !== 0);
  expect(withCalls.filter((name) => !covered.includes(name))).toEqual([]);
});
