import { expect, test } from "vitest";
import { checkCopper } from "../language/check.ts";
import type { Policy } from "../language/policy.ts";
import { readFilter } from "../language/read-filter.ts";
import { type Headed, splits, splitText } from "./splits.ts";

function copper(body: string, act = "Request", clauses = ""): Headed {
  const text = `policy p ( act (${act} r) context ('a') ${clauses} ) { ${body} }`;
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  const [policy] = policies;
  if (policy?.kind !== "copper") throw new Error(JSON.stringify(diagnostics));
  return { policy, heading: policy.sections[0]?.side ?? "either" };
}

function filter(code: string): Headed {
  const text = `import { Request, Response, Flow } from "proxy-wasm-as";\nexport const context = "a";\n${code}`;
  const { policy, diagnostics } = readFilter({ path: "f.ts", text });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return { policy: policy satisfies Policy, heading: "either" };
}

const delay = copper("InjectDelay(r, 1s);");
const timeout = copper("SetTimeout(r, 1s);");
const deadline = copper("SetDeadline(r, 1s);");
const retries = copper("SetRetries(r, 2);");
const mirror = copper('Mirror(r, "b", "v2");');
const deny = copper('if (HasHeader(r, "x")) Deny(r);');
const unavailable = copper("Deny(r, 503);");
const count = copper('Count(r, "n");');
const set = copper('SetHeader(r, "x", "1");');
const rewrite = copper('RewriteHost(r, "b");');
const claim = copper('if (GetClaim(r, "role") == "admin") return; SetHeader(r, "x", "1");');
const answered = copper('SetHeader(r, "x", "1");', "Response");
const counted = copper('Count(r, "n");', "Response");
const audited = (headed: Headed): Headed => ({ ...headed, policy: { ...headed.policy, mode: "audit" } });
const seesHost = filter(
  'export const reads = ["host"]; export const writes: string[] = [];\nexport function onRequest(request: Request): void { request.headers.get("host"); }',
);
const setsAny = filter(
  'export function onRequest(request: Request): void { request.headers.set("x", "1"); }',
);
const onlyReads = filter(
  'export const reads = ["x"]; export const writes: string[] = [];\nexport function onRequest(request: Request): void { request.headers.get("x"); }',
);
const setsStatus = filter(
  'export const reads: string[] = []; export const writes = [":status"];\nexport function onResponse(response: Response): void { response.headers.set(":status", "503"); }',
);
const setsMethod = filter(
  'export const reads: string[] = []; export const writes = [":method"];\nexport function onRequest(request: Request): void { request.headers.set(":method", "HEAD"); }',
);
const answersInCode = filter(
  'export const reads = ["x"]; export const writes = ["x"];\nexport function onResponse(response: Response): void { response.headers.set("x", "1"); }',
);

test.each<[string, Headed, Headed, ReturnType<typeof nameOf>]>([
  ["a denial behind a delay", delay, deny, "delay"],
  ["a count behind a delay", delay, count, "delay"],
  ["a deadline behind a delay", delay, deadline, "delay"],
  ["a header behind a delay", delay, set, undefined],
  ["a count of copies", mirror, count, "copies"],
  ["copies that are refused", mirror, deny, "copies"],
  ["copies that are changed", mirror, set, undefined],
  ["a count of answers to copies", mirror, counted, "copies"],
  ["a count of attempts", retries, count, "attempts"],
  ["a delay of each attempt", retries, delay, "attempts"],
  ["a deadline of each attempt", retries, deadline, "attempts"],
  ["an answer that is tried again", retries, unavailable, "attempts"],
  ["one that gRPC takes for internal", retries, copper("Deny(r, 400);"), "attempts"],
  ["one that is not", retries, deny, undefined],
  ["a connection's", retries, copper("Deny(r);", "Connection"), undefined],
  ["a status of gRPC", retries, copper('SetHeader(r, "grpc-status", "14");', "Response"), "attempts"],
  ["another header of an answer", retries, answered, undefined],
  ["a HEAD that code makes", setsMethod, deny, "request header `:method`"],
  ["a method that Copper sets", copper('SetHeader(r, ":method", "PUT");'), deny, undefined],
  ["a status that code writes", retries, setsStatus, "attempts"],
  ["one tag", copper('TagAccessLog(r, "tier", "a");'), copper('TagAccessLog(r, "tier", "b");'), "logged"],
  ["two tags", copper('TagAccessLog(r, "tier", "a");'), copper('TagAccessLog(r, "rank", "b");'), undefined],
  ["an answer when time is up", timeout, answered, "late answers"],
  ["one of a deadline", deadline, counted, "late answers"],
  ["a count in time", timeout, count, undefined],
  ["a denial as an answer", answered, deny, "answers"],
  ["a deadline as one", counted, deadline, "answers"],
  ["what is held back, which Envoy answers", answered, delay, undefined],
  ["a filter that looks at answers", answersInCode, deny, "answers"],
  [
    "a token that is taken away",
    copper('RemoveHeader(r, "Authorization");'),
    claim,
    "request header `authorization`",
  ],
  ["another header", copper('RemoveHeader(r, "x");'), claim, undefined],
  [
    "the form of a denial",
    copper('SetHeader(r, "content-type", "application/grpc");'),
    deny,
    "request header `content-type`",
  ],
  ["the host that code sees", rewrite, seesHost, "request header `:authority`"],
  ["the host that Copper sees", rewrite, copper('if (GetHost(r) == "b") { Deny(r); }'), undefined],
  ["code that may write anything", setsAny, claim, "request header `authorization`"],
  ["the host that code writes", setsAny, seesHost, undefined],
  ["the form of an audited denial", setsAny, audited(deny), undefined],
  ["code that writes nothing", onlyReads, claim, undefined],
  ["an audited delay", audited(delay), deny, undefined],
  ["an audited denial", delay, audited(deny), undefined],
  ["audited, and of answers", audited(answered), deny, undefined],
])("%s", (_, caller, callee, expected) => {
  expect(nameOf(splits(caller, callee, true))).toBe(expected);
});

test("what comes first is done first at either side", () => {
  expect(splits(delay, deny, false)).toBeUndefined();
  // What is one request and two at the next side is so whatever the order.
  expect(splits(retries, count, false)).toEqual({ kind: "attempts" });
});

function nameOf(split: ReturnType<typeof splits>): string | undefined {
  return split?.kind === "arrived" ? splitText(split).split(",")[0] : split?.kind;
}
