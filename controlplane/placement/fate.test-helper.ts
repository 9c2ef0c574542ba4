import type { PlacedSide } from "./placement.ts";
import { type Duty, isOfResponses, judges } from "./second-reading.test-helper.ts";

/*
 * What becomes of a request when two proxies do what they are given, played as the proxies do it: policies first, and behind all of them what
 * a proxy does itself, which is to hold back, to give up, to copy and to try again.
 */

/** A request that is sent, and who answers it how. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  /** The version of the callee that it goes to. */
  readonly version: string;
  /** The status that the service answers with. */
  readonly status: number;
}

/** What is left of it all, to be compared: what arrived where, what was counted, what came back. */
export function fateOf(duties: readonly Duty[], sides: readonly PlacedSide[], sent: Sent): string {
  const at = (side: PlacedSide) => duties.filter((_, number) => sides[number] === side);
  const counts = new Map<string, number>();
  const arrived: string[] = [];
  const atCallee = (headers: ReadonlyMap<string, string>, version: string, leftS: number): Answer => {
    const passed = there(at("ingress"), headers, version, counts);
    if ("status" in passed) return passed;
    const { delayS, limitS } = passed;
    if (delayS >= Math.min(limitS, leftS))
      // If the caller's proxy has given up by then, nobody here is told of it.
      return limitS < leftS ? back(at("ingress"), tooLate, version, counts) : tooLate;
    arrived.push(`${version} ${passed.route} ${entriesText(passed.headers)}`);
    const answer = { status: sent.status, headers: new Map(Object.entries(sent.headers)) };
    return back(at("ingress"), answer, version, counts);
  };
  const atCaller = (): Answer => {
    const passed = there(at("egress"), new Map(Object.entries(sent.headers)), sent.version, counts);
    if ("status" in passed) return passed;
    const { headers, delayS, limitS, isCopied, attempts } = passed;
    const leftS = limitS - delayS;
    if (leftS <= 0) return back(at("egress"), tooLate, sent.version, counts);
    if (isCopied) atCallee(headers, "v2", Number.POSITIVE_INFINITY);
    let answer = atCallee(headers, sent.version, leftS);
    for (let again = 0; again < attempts && answer.status >= 500; again++)
      answer = atCallee(headers, sent.version, leftS);
    return back(at("egress"), answer, sent.version, counts);
  };
  const { status, headers } = atCaller();
  return [`${status} ${entriesText(headers)}`, ...arrived.sort(), entriesText(counts)].join("\n");
}

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

const tooLate: Answer = { status: 504, headers: new Map() };

interface Passed {
  readonly headers: ReadonlyMap<string, string>;
  readonly route: string;
  readonly delayS: number;
  readonly limitS: number;
  readonly isCopied: boolean;
  readonly attempts: number;
}

/** A request through the policies of a side: what becomes of it behind them, or the answer of one. */
function there(
  duties: readonly Duty[],
  headers: ReadonlyMap<string, string>,
  version: string,
  counts: Map<string, number>,
): Passed | Answer {
  const seen = new Map(headers);
  const passed = { headers: seen, route: "any", delayS: 0, isCopied: false, attempts: 0 };
  let timeoutS = Number.POSITIVE_INFINITY;
  let deadlineS = Number.POSITIVE_INFINITY;
  const own = duties.filter(
    (each) =>
      !isOfResponses(each) && each.policy.mode === "enforce" && each.versions?.includes(version) !== false,
  );
  const lastJudge = own.findLast(judges);
  let isAdmitted = lastJudge === undefined;
  for (const duty of own) {
    const { policy, section, from, to } = duty;
    for (const { when, action } of section.operations) {
      if (when !== undefined && seen.get(when.header) !== when.value) continue;
      if (action.kind === "deny") return { status: action.status, headers: new Map() };
      if (action.kind === "set") seen.set(action.header, action.value);
      if (action.kind === "allow") isAdmitted ||= action.caller === "*" || action.caller === from;
      if (action.kind === "count") counts.set(policy.name, (counts.get(policy.name) ?? 0) + 1);
      if (action.kind === "route" && to === "b") passed.route = action.version;
      if (action.kind === "copy" && to === "b") passed.isCopied = true;
      if (action.kind === "retry") passed.attempts = action.attempts;
      if (action.kind === "timeout") timeoutS = action.seconds;
      if (action.kind === "deadline") deadlineS = Math.min(deadlineS, action.seconds);
      if (action.kind === "delay") passed.delayS += action.seconds;
    }
    if (duty === lastJudge && !isAdmitted) return { status: 403, headers: new Map() };
  }
  return { ...passed, limitS: Math.min(timeoutS, deadlineS) };
}

/** An answer through the policies of a side. */
function back(duties: readonly Duty[], answer: Answer, version: string, counts: Map<string, number>): Answer {
  const seen = new Map(answer.headers);
  for (const { policy, section, versions } of duties.filter(isOfResponses).toReversed()) {
    if (policy.mode !== "enforce" || versions?.includes(version) === false) continue;
    for (const { when, action } of section.operations) {
      if (when !== undefined && seen.get(when.header) !== when.value) continue;
      if (action.kind === "set") seen.set(action.header, action.value);
      if (action.kind === "count") counts.set(policy.name, (counts.get(policy.name) ?? 0) + 1);
    }
  }
  return { ...answer, headers: seen };
}

function entriesText(entries: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...entries].sort());
}
