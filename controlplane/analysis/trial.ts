import { phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, Expression, Side, Statement } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import { random } from "../mesh/random.ts";
import { attributesOf, toldBy } from "./attributes.ts";
import type { CallName } from "./call-graph.ts";
import { parameterValue } from "./constant-value.ts";
import { evaluate } from "./evaluate.ts";
import { faultBody, touchedBy } from "./footprint.ts";
import { type PossibleValues, possibleValues } from "./possible-values.ts";
import { known } from "./questions.ts";
import { inHeader, type TrialValue } from "./trial-value.ts";

/** What becomes of a request. */
export interface Trial {
  /** By what is written (as in a footprint), what it is at the end: of a header all values. */
  readonly written: ReadonlyMap<string, readonly TrialValue[]>;
  /** The same of what was only read. */
  readonly read: ReadonlyMap<string, readonly TrialValue[]>;
  /** What is counted, logged or kept. */
  readonly lasting: readonly string[];
  /** The answer instead of the callee's. */
  readonly reply?: Reply;
}

/** The status is 0 where a connection is closed. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

const trialsMax = 2_048;
const drawnMax = 512;

/**
 * Do to requests of a call what two policies say, in one order and in the other, for requests that differ in all that the policies ask about: what
 * headers, paths and the like are, as far as policies tell them apart. Where that is too many, only some of them.
 */
export function trials(
  call: CallName,
  [p, q]: readonly [CopperPolicy, CopperPolicy],
): Tried<readonly [Trial, Trial]> {
  const orders = [inTurn(call, [p, q]), inTurn(call, [q, p])] as const;
  // One before the other, whatever their order is: at the caller, or of the request.
  if (orders[0].every(({ body }, at) => body === orders[1][at]?.body)) return { all: [], isComplete: true };
  return tryAll([p, q], call, (oracle) => {
    const [one, other] = [run(call, [orders[0]], oracle), run(call, [orders[1]], oracle)];
    for (const [key, values] of [...one.written, ...other.written]) {
      if (one.written.has(key) && other.written.has(key)) continue;
      // Nobody asks what came, but whether it stays so is seen where it was something else.
      if (isHeader(key)) oracle.presume(key, values.length === 0 ? ["a"] : []);
    }
    return [one, other];
  });
}

/**
 * Do to requests of a call what two policies say, once with all `Allow`s judged together and once by each side of the call on its own, where
 * what no heading binds stands at `side`.
 */
export function trialsApart(
  call: CallName,
  policies: readonly [CopperPolicy, CopperPolicy],
  side: "egress" | "ingress",
): Tried<{ readonly together: Trial; readonly apart: Trial }> {
  const turns = inTurn(call, policies);
  const sides = ["egress", "ingress"].map((own) =>
    turns.filter((turn) => (turn.side === "either" ? side : turn.side) === own),
  );
  return tryAll(policies, call, (oracle) => ({
    together: run(call, [turns], oracle),
    apart: run(call, sides, oracle),
  }));
}

/** What came of the trials. */
export interface Tried<T> {
  readonly all: readonly One<T>[];
  /** Whether all that can become of a request is among them. */
  readonly isComplete: boolean;
}

interface One<T> {
  readonly came: T;
  /** Whether there may be such a request for sure. */
  readonly isSure: boolean;
  /** What was asked of the request: by attribute all its values. */
  readonly request: Attributes;
}

export type Attributes = ReadonlyMap<string, readonly TrialValue[]>;

function tryAll<T>(
  policies: readonly CopperPolicy[],
  call: CallName,
  attempt: (oracle: Oracle) => T,
): Tried<T> {
  const all: One<T>[] = [];
  const valuesOf = possibleValues(policies, call);
  let isCut = false;
  const draw = random(1);
  // Each answer is an index of an option; the next trial changes the last one that can be changed. Where that does not come to an end, the last
  // ones are drawn, or all of them would be alike in what is asked first.
  let answers: { at: number; readonly count: number }[] = [];
  do {
    const chosen = new Map<string, number>();
    const given = answers;
    const asked: { at: number; readonly count: number }[] = [];
    const choose = (question: string, count: number): number => {
      const before = chosen.get(question);
      if (before !== undefined) return before;
      const isDrawn = all.length >= trialsMax - drawnMax;
      const answer = isDrawn ? { at: draw.below(count), count } : (given[asked.length] ?? { at: 0, count });
      asked.push(answer);
      chosen.set(question, answer.at);
      return answer.at;
    };
    let isSure = true;
    const request = new Map<string, readonly TrialValue[]>();
    /** Guesses, by what they are about. */
    const guessed = new Map<string, string>();
    const came = attempt({
      came: (attribute) => {
        const { values, isComplete }: PossibleValues = valuesOf(attribute);
        isCut ||= !isComplete;
        const own = values[choose(attribute, values.length)] ?? [];
        if ([...request].some((other) => mayExclude(other, [attribute, own]))) isSure = false;
        request.set(attribute, own);
        return own;
      },
      guess: (subject, condition) => {
        if ((guessed.get(subject) ?? condition) !== condition) isSure = false;
        guessed.set(subject, condition);
        const holds = choose(condition, 2) === 1;
        if (subject === "deadline" && holds) request.set("request:baggage", [passed]);
        return holds;
      },
      presume: (attribute, values) => {
        if (!request.has(attribute)) request.set(attribute, values);
      },
      doubt: () => {
        isSure = false;
      },
    });
    all.push({ came, isSure, request });
    if (all.length > trialsMax - drawnMax) continue;
    while (asked.length > 0 && (asked.at(-1)?.at ?? 0) + 1 >= (asked.at(-1)?.count ?? 0)) asked.pop();
    const last = asked.at(-1);
    if (last !== undefined) last.at++;
    answers = asked;
  } while (answers.length > 0 && all.length < trialsMax);
  return { all, isComplete: answers.length === 0 && !isCut };
}

function isHeader(key: string): boolean {
  return /^(request|response):[^:]/.test(key);
}

type Given = readonly [attribute: string, values: readonly TrialValue[]];

/** Whether there may be no body with both: with a field, and with a text or another field that is inside of it or around it. */
function mayExclude(one: Given, other: Given): boolean {
  const names = [one[0], other[0]];
  const isThere = one[1].length > 0 && other[1].length > 0;
  if (names.some((name) => name.endsWith(":content-length")) && names.some((name) => name.endsWith(" body")))
    return isThere;
  if (names.every((name) => name.startsWith("claim ")))
    return isThere && names.some((name, at) => name.startsWith(`${names[1 - at]}.`));
  const [a, b] = [one, other].map(([attribute]) =>
    /^(request|response) (?:body|field (.*))$/.exec(attribute),
  );
  if (one[0] === other[0] || a == null || b == null || a[1] !== b[1]) return false;
  const [inner, outer] = [a[2], b[2]];
  if (inner === undefined || outer === undefined) {
    const [[, [text]], [, field]] = inner === undefined ? [one, other] : [other, one];
    // A text that is no JSON has no fields.
    return field.length > 0 || /^\s*[[{]/.test(String(text));
  }
  const isWithin = inner.startsWith(`${outer}.`) || outer.startsWith(`${inner}.`);
  return isWithin && (one[1].length > 0 || other[1].length > 0);
}

/** Whether two trials of one request cannot be told apart: the headers of a request that is refused go nowhere. */
export function isSameTrial(a: Trial, b: Trial): boolean {
  if (a.reply !== undefined || b.reply !== undefined)
    return shown(a.reply) === shown(b.reply) && isSameLasting(a, b);
  const keys = new Set([...a.written.keys(), ...b.written.keys()]);
  const endsOf = (trial: Trial, other: Trial, key: string): string =>
    shown(trial.written.get(key) ?? trial.read.get(key) ?? other.read.get(key));
  return isSameLasting(a, b) && [...keys].every((key) => endsOf(a, b, key) === endsOf(b, a, key));
}

function isSameLasting(a: Trial, b: Trial): boolean {
  return shown([...a.lasting].sort()) === shown([...b.lasting].sort());
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "";
}

interface Oracle {
  /** All values of an attribute of the request. */
  came(attribute: string): readonly TrialValue[];
  /** Whether something holds that is not of the request, and either may be; of one subject one thing is sure. */
  guess(subject: string, condition: string): boolean;
  /** What is taken to be in an attribute that was not asked about. */
  presume(attribute: string, values: readonly TrialValue[]): void;
  /** What is tried may not be so. */
  doubt(): void;
}

class Ended extends Error {}

/** Each of the groups judges its `Allow`s on its own. */
function run(call: CallName, groups: readonly (readonly Turn[])[], oracle: Oracle): Trial {
  const written = new Map<string, readonly TrialValue[]>();
  const seen = new Map<string, readonly TrialValue[]>();
  const lasting: string[] = [];
  /** States of which more than once something was taken: the second time it may be otherwise. */
  const taken = new Set<string>();
  let reply: Reply | undefined;
  let isAdmitted = false;
  let [delayMs, timeoutMs, deadlineMs] = [0, 0, 0];

  const read = (key: string): readonly TrialValue[] => {
    const before = written.get(key) ?? seen.get(key);
    if (before !== undefined) return before;
    const came = oracle.came(key);
    seen.set(key, came);
    return came;
  };

  function doSection({ policy, side, body }: Turn): void {
    const phase = phaseOf(policy);
    const names = new Map<string, TrialValue>();
    const value = (node: Expression): TrialValue =>
      evaluate(node, {
        local: (name) => names.get(name),
        parameter: (name) => parameterValue(policy, name),
        call: make,
      });

    function make(made: Call, given: readonly TrialValue[]): TrialValue {
      const attributes = attributesOf(made, { policy, side });
      if (made.action === "Timer.IsTimeSince") lasting.push(`${policy.name}.${made.state} is asked`);
      if (attributes.length > 0) {
        const all = attributes.map(read);
        // What is in it is no value that a request has.
        if (all.flat().some(isDeadline)) oracle.doubt();
        return toldBy(made, given, all);
      }
      return made.state === undefined && made.type !== undefined
        ? known(made, given, call)
        : act(made, given);
    }

    function act(made: Call, given: readonly TrialValue[]): TrialValue {
      switch (made.action) {
        case "Deny":
          reply = { status: Number(given[0] ?? 0), body: String(given[1] ?? "") };
          throw new Ended();
        case "Allow": {
          const [caller, callee] = [textOf(made, 0), textOf(made, 1)];
          if ((caller === "*" || caller === call.from) && (callee === "*" || callee === call.to))
            isAdmitted = true;
          return undefined;
        }
        case "InjectAbort":
          if (isNeverDone(made, given)) return undefined;
          if (Number(given.at(-1)) < 100) {
            const turn = `${shown(read("request:x-request-id"))} ${Number(given.at(-1))}`;
            if (!oracle.guess("abort", `it is the turn of ${turn}`)) return undefined;
          }
          reply = { status: Number(given[0]), body: faultBody };
          throw new Ended();
        case "SetDeadline":
          deadlineMs = least(deadlineMs, milliseconds(given[0]));
          return setDeadline(String(given[0]));
        case "SetTimeout":
          timeoutMs = milliseconds(given[0]);
          break;
        case "InjectDelay":
          if (Number(given.at(-1)) >= 100) delayMs += milliseconds(given[0]);
          break;
        case "Counter.Increment":
        case "Counter.Reset": {
          const count = `count ${policy.name} ${side} ${made.state}`;
          const before = made.action === "Counter.Reset" ? 0n : BigInt(Number(read(count)[0]));
          written.set(count, [before + BigInt(Number(given[0] ?? 0))]);
          break;
        }
        case "Timer.Reset":
          written.set(`elapsed ${policy.name} ${side} ${made.state}`, [0n]);
          break;
        case "TokenBucket.TakeToken":
        case "ConcurrencyLimit.Acquire": {
          const state = `${policy.name} ${side} ${made.state}`;
          if (taken.has(state)) oracle.doubt();
          taken.add(state);
          lasting.push(`${state} is taken of`);
          return oracle.guess(state, `${state} ${shown(given)}`);
        }
        default:
      }
      if (isNeverDone(made, given)) return undefined;
      const touched = touchedBy(made, phase);
      const where = made.state === undefined ? "" : `${policy.name}.${made.state} `;
      const looked = (touched.reads ?? []).map((key) => `${key}=${shown(read(key))}`).join();
      const text = `${where}${made.action}(${shown(given)})[${looked}]`;
      if (touched.isLasting === true) lasting.push(text);
      for (const key of touched.writes ?? []) {
        if (key.startsWith("version of ") && key !== `version of ${call.to}`) continue;
        written.set(...write(made, given, { key, text }));
      }
      return undefined;
    }

    function write(
      { action }: Call,
      [first, second]: readonly TrialValue[],
      { key, text }: { readonly key: string; readonly text: string },
    ): readonly [string, readonly TrialValue[]] {
      switch (action) {
        case "SetHeader":
          return [key, [inHeader(second)]];
        case "AddHeader":
          return [key, [...read(key), inHeader(second)]];
        case "RemoveHeader":
          return [key, []];
        case "RewritePath":
          return [key, [first]];
        // What cannot be a host is not taken.
        case "RewriteHost":
          return [
            key,
            typeof first === "string" && /^[\w.~!$&'()*+,;=:[\]%-]+$/.test(first) ? [first] : read(key),
          ];
        case "RouteToVersion":
          return [key, [second]];
        // One delay after the other, whichever is first; and what is answered first is the answer.
        case "InjectDelay":
          return [key, [...(written.get(key) ?? []), text].sort()];
        default:
          return [key, [text]];
      }
    }

    /** Of several deadlines the nearest counts, and it limits every timeout: the order of these does not matter. */
    function setDeadline(budget: string): boolean {
      const members = read("request:baggage");
      const others = members.filter((member) => !isDeadline(member));
      const mayHavePassed = /^[1-9]/.test(budget) ? "" : ` or is ${budget}`;
      if (oracle.guess("deadline", `deadline of ${shown(others)} has passed${mayHavePassed}`)) {
        reply = { status: 504, body: "deadline" };
        throw new Ended();
      }
      const nearest = (before: readonly TrialValue[], own: string): readonly TrialValue[] =>
        [...new Set([...before, own])].sort();
      const own = nearest(members.filter(isDeadline), `${deadline}${budget}`);
      written.set("request:baggage", [...others, ...own]);
      written.set("time left", nearest(written.get("time left") ?? [], `${budget} or ${shown(others)}`));
      return true;
    }

    function doAll(statements: readonly Statement[]): void {
      for (const statement of statements) {
        if (statement.kind === "do") value(statement.call);
        else if (statement.kind === "let") names.set(statement.name, value(statement.value));
        else if (statement.kind === "if")
          doAll(value(statement.condition) === true ? statement.then : statement.else);
        else throw new Ended();
      }
    }

    try {
      doAll(body);
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
    }
  }

  for (const sections of groups) {
    const judges = sections.filter(({ body }) => callsIn(body).some(({ action }) => action === "Allow"));
    isAdmitted = false;
    for (const section of sections) {
      if (reply !== undefined) break;
      doSection(section);
      if (section === judges.at(-1) && reply === undefined && !isAdmitted) reply = { status: 403, body: "" };
    }
  }
  // What is held back for longer than it may take is answered, whatever it may take.
  const limitMs = least(deadlineMs, timeoutMs);
  if (limitMs > 0 && limitMs <= delayMs)
    for (const key of ["timeout", "time left"]) written.set(key, ["less than it is held back"]);
  return { written, read: seen, lasting, ...(reply === undefined ? {} : { reply }) };
}

/** Of two times the shorter one; 0 is none. */
function least(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}

/** The least that is not less, as proxies count. */
function milliseconds(duration: TrialValue): number {
  return typeof duration === "bigint" ? Math.max(0, Math.ceil(Number(duration) / 1e6)) : 0;
}

/** Whether something is done to a share of the requests that is none. */
function isNeverDone({ action }: Call, given: readonly TrialValue[]): boolean {
  switch (action) {
    case "InjectAbort":
    case "InjectDelay":
    case "Mirror":
      return Number(given.at(-1)) <= 0;
    case "SplitByWeight":
      return Number(given[2]) <= 0 && Number(given[4]) <= 0;
    default:
      return false;
  }
}

/** A deadline that has passed, as a request bears it. */
const passed = "wire-deadline=0";

/** How a deadline that is set stands in the baggage of a trial. */
const deadline = "deadline in ";

function isDeadline(value: TrialValue): boolean {
  return typeof value === "string" && value.startsWith(deadline);
}

interface Turn {
  readonly policy: CopperPolicy;
  readonly side: Side;
  readonly body: readonly Statement[];
}

/** What is at the caller comes before what is at the callee, and policies for responses have their turn from the last to the first. */
function inTurn({ from }: CallName, policies: readonly CopperPolicy[]): readonly Turn[] {
  const turns = policies
    .flatMap((policy) => policy.sections.map(({ side, body }): Turn => ({ policy, side, body })))
    .filter(({ side }) => from !== null || side !== "egress");
  const isSplit = ["egress", "ingress"].every((side) => turns.some((turn) => turn.side === side));
  const sides: readonly Side[] = ["egress", "either", "ingress"];
  const inOrder = isSplit ? sides.flatMap((side) => turns.filter((turn) => turn.side === side)) : turns;
  const isOfResponse = ({ policy }: Turn): boolean => phaseOf(policy) === "response";
  return [...inOrder.filter((turn) => !isOfResponse(turn)), ...inOrder.filter(isOfResponse).reverse()];
}
