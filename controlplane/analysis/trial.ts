import type { Call, CopperPolicy, Expression, Side, Statement } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import type { CallName } from "./call-graph.ts";
import { phaseOf, touchedBy } from "./footprint.ts";
import { absent, isNumber, isText, operate, textFunction, textIn } from "./known-values.ts";
import { type PossibleValues, possibleValues, sourceOf } from "./possible-values.ts";

/** What becomes of a request, as far as it can be said without one: texts that are equal when it is the same. */
export interface Trial {
  /** By what is written (as in a footprint), what it is at the end: of a header all values. A text in quotes is that text. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What is counted, logged or kept. */
  readonly lasting: readonly string[];
  /** The answer instead of the callee's: status and body. */
  readonly reply?: string;
}

const comparing = new Set(["==", "!=", "<", "<=", ">", ">="]);
const trialsMax = 512;

/**
 * Do to requests of a call what two policies say, in one order and in the other, for requests that differ in all that the policies ask about: what
 * headers, paths and the like are, as far as policies tell them apart, and else whether conditions hold. Where that is too many, only some of
 * them.
 */
export function trials(
  call: CallName,
  [p, q]: readonly [CopperPolicy, CopperPolicy],
): Tried<readonly [Trial, Trial]> {
  const orders = [inTurn(call, [p, q]), inTurn(call, [q, p])] as const;
  // One before the other, whatever their order is: at the caller, or of the request.
  if (orders[0].every(({ body }, at) => body === orders[1][at]?.body))
    return { all: [], sure: [], isComplete: true };
  return tryAll([p, q], (oracle) => [run(call, [orders[0]], oracle), run(call, [orders[1]], oracle)]);
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
  return tryAll(policies, (oracle) => ({
    together: run(call, [turns], oracle),
    apart: run(call, sides, oracle),
  }));
}

interface Tried<T> {
  readonly all: readonly T[];
  /** Those of requests that there may be, whatever policies ask: nothing was guessed of one thing in two ways. */
  readonly sure: readonly T[];
  readonly isComplete: boolean;
}

function tryAll<T>(policies: readonly CopperPolicy[], attempt: (oracle: Oracle) => T): Tried<T> {
  const found: T[] = [];
  const sure: T[] = [];
  const valuesOf = possibleValues(policies);
  let isCut = false;
  // Each answer is an index of an option; the next trial changes the last one that can be changed.
  let answers: { at: number; readonly count: number }[] = [];
  do {
    const known = new Map<string, number>();
    const given = answers;
    const asked: { at: number; readonly count: number }[] = [];
    const choose = (question: string, count: number): number => {
      const before = known.get(question);
      if (before !== undefined) return before;
      const answer = given[asked.length] ?? { at: 0, count };
      asked.push(answer);
      known.set(question, answer.at);
      return answer.at;
    };
    /** Conditions that are nothing but guessed, by what they are without the values in them. */
    const guessed = new Map<string, string>();
    let isSure = true;
    const result = attempt({
      came: (source) => {
        const { values, isComplete }: PossibleValues = valuesOf(source);
        isCut ||= !isComplete;
        return values[choose(`value ${source}`, values.length)] ?? absent;
      },
      holds: (condition) => {
        const kind = condition.replaceAll(/"(?:[^"\\]|\\.)*"|-?[0-9]+/g, "_");
        if ((guessed.get(kind) ?? condition) !== condition) isSure = false;
        guessed.set(kind, condition);
        return choose(`condition ${condition}`, 2) === 1;
      },
    });
    found.push(result);
    if (isSure) sure.push(result);
    while (asked.length > 0 && (asked.at(-1)?.at ?? 0) + 1 >= (asked.at(-1)?.count ?? 0)) asked.pop();
    const last = asked.at(-1);
    if (last !== undefined) last.at++;
    answers = asked;
  } while (answers.length > 0 && found.length < trialsMax);
  return { all: found, sure, isComplete: answers.length === 0 && !isCut };
}

/** Whether two trials cannot be told apart: the headers of a request that is refused go nowhere. */
export function isSameTrial(a: Trial, b: Trial): boolean {
  return shown(a) === shown(b);
}

function shown({ values, lasting, reply }: Trial): string {
  const kept = reply === undefined ? [...values].sort(([x], [y]) => (x < y ? -1 : 1)) : [];
  return JSON.stringify([kept, [...lasting].sort(), reply ?? ""]);
}

interface Oracle {
  /** What something of the request is. */
  came(source: string): string;
  /** Of what cannot be known, whether it holds. */
  holds(condition: string): boolean;
}

class Ended extends Error {}

/** Each of the groups judges its `Allow`s on its own. */
function run(call: CallName, groups: readonly (readonly Turn[])[], oracle: Oracle): Trial {
  const values = new Map<string, readonly string[]>();
  const lasting: string[] = [];
  let reply: string | undefined;
  let isAdmitted = false;

  const read = (key: string): readonly string[] => {
    const came = key.startsWith("version of ") ? absent : oracle.came(key);
    const value = values.get(key) ?? (came === absent ? [] : [came]);
    values.set(key, value);
    return value;
  };

  function doSection(policy: CopperPolicy, body: readonly Statement[]): void {
    const phase = phaseOf(policy);
    const names = new Map<string, string>();

    function textFor(node: Expression): string {
      switch (node.kind) {
        case "literal":
          return node.type === "string" ? JSON.stringify(node.value) : String(node.value);
        case "parameter":
          return `parameter ${policy.name}.${node.name}`;
        case "local":
          return names.get(node.name) ?? node.name;
        case "unary":
          return node.operator === "!" ? String(!truth(node.operand)) : negative(textFor(node.operand));
        case "convert": {
          const value = textFor(node.operand);
          return value === absent ? '""' : value;
        }
        case "binary": {
          if (node.operator === "&&") return String(truth(node.left) && truth(node.right));
          if (node.operator === "||") return String(truth(node.left) || truth(node.right));
          const [left, right] = [textFor(node.left), textFor(node.right)];
          // A comparison with what is absent does not hold, and nothing equals it.
          if (comparing.has(node.operator) && [left, right].includes(absent))
            return String(node.operator === "!=");
          if (node.operator === "??") return left === absent ? right : left;
          return operate(node.operator, left, right) ?? `(${left} ${node.operator} ${right})`;
        }
        case "call":
          return make(node);
        default:
          return node satisfies never;
      }
    }

    function truth(node: Expression): boolean {
      const value = textFor(node);
      return value === "true" || (value !== "false" && oracle.holds(value));
    }

    function make(made: Call): string {
      const given = made.arguments.map(textFor);
      const touched = touchedBy(made, phase);
      const [own = ""] = [...(touched.writes ?? []), ...(touched.reads ?? [])];
      if (made.action === "HasHeader") {
        const has = read(own);
        const wanted = given[1];
        if (wanted === undefined) return String(has.length > 0);
        if (wanted === absent || has.length === 0) return "false";
        if (has.includes(wanted)) return "true";
        const isKnown = [wanted, ...has].every(isText);
        return isKnown ? "false" : `${wanted} in ${has}`;
      }
      const yielded = made.state === undefined ? yieldedBy(made, own, given) : undefined;
      if (yielded !== undefined) return yielded;
      if (made.action === "GetCaller") return call.from === null ? absent : JSON.stringify(call.from);
      if (made.action === "GetCallee") return JSON.stringify(call.to);
      if (made.action === "Deny") {
        reply = given.join(" ") || "closed";
        throw new Ended();
      }
      if (made.action === "Allow") {
        const [caller, callee] = [textOf(made, 0), textOf(made, 1)];
        if ((caller === "*" || caller === call.from) && (callee === "*" || callee === call.to))
          isAdmitted = true;
        return "";
      }
      if (made.action === "SetDeadline") return setDeadline(given[0] ?? absent);
      const where = made.state === undefined ? "" : `${policy.name}.${made.state} `;
      const seen = (touched.reads ?? []).map((key) => `${key}=${read(key)}`).join();
      const text = `${where}${made.action}(${given.join()})[${seen}]`;
      if (touched.isLasting === true) lasting.push(text);
      if (touched.denials !== undefined && oracle.holds(text)) {
        reply = text;
        throw new Ended();
      }
      for (const key of touched.writes ?? []) {
        if (made.action === "SetHeader") values.set(key, [given[1] ?? absent]);
        else if (made.action === "RewritePath") values.set(key, [given[0] ?? absent]);
        // One delay after the other, whichever is first; and what is answered first is the answer.
        else if (made.action === "InjectDelay") values.set(key, [...(values.get(key) ?? []), text].sort());
        else if (made.action === "InjectAbort") values.set(key, values.get(key) ?? [text]);
        // The router does it, when all policies here have asked.
        else if (made.action === "RewriteHost") values.set("host from here on", [given[0] ?? absent]);
        else if (made.action === "AddHeader") values.set(key, [...read(key), given[1] ?? absent]);
        else if (made.action === "RemoveHeader") values.set(key, []);
        else if (key.startsWith("version of ") && key !== `version of ${call.to}`) continue;
        else values.set(key, [made.action === "RouteToVersion" ? (given[1] ?? absent) : text]);
      }
      return text;
    }

    /** What a call says of the request, or of texts; undefined where that is not known. */
    function yieldedBy(made: Call, own: string, given: readonly string[]): string | undefined {
      switch (made.action) {
        case "GetHeader":
        case "GetMethod":
        case "GetHost":
        case "GetStatus":
          return read(own)[0] ?? absent;
        case "GetPath":
          return withoutQuery(read(own)[0] ?? absent);
        case "GetHeaders": {
          const all = read(own);
          if (all.length < 2) return all[0] ?? absent;
          return all.every(isText) ? JSON.stringify(all.map(textIn).join()) : undefined;
        }
        case "IsRequestStatus": {
          const [status = ""] = read(own);
          const [grpc = '"0"'] = read("response:grpc-status");
          if (!isNumber(status) || !isText(grpc)) return undefined;
          return String((Number(status) >= 500 || grpc !== '"0"') === (given[0] === '"FAILED"'));
        }
        case "GetQuery":
        case "GetClaim":
        case "GetJsonField":
          return oracle.came(sourceOf(made, phase) ?? made.action);
        default:
          return textFunction(made.action, given);
      }
    }

    /** Of several deadlines the nearest counts, and it limits every timeout: the order of these does not matter. */
    function setDeadline(budget: string): string {
      const isOwn = (member: string): boolean => member.startsWith("deadline in ");
      const members = read("request:baggage");
      const others = members.filter((member) => !isOwn(member));
      const mayHavePassed = /^[1-9]/.test(budget) ? "" : ` or is ${budget}`;
      if (oracle.holds(`deadline of ${others} has passed${mayHavePassed}`)) {
        reply = "deadline";
        throw new Ended();
      }
      const nearest = (known: readonly string[], own: string): readonly string[] =>
        [...new Set([...known, own])].sort();
      const own = nearest(members.filter(isOwn), `deadline in ${budget}`);
      values.set("request:baggage", [...others, ...own]);
      values.set("time left", nearest(values.get("time left") ?? [], `${budget} or ${others}`));
      return "";
    }

    function doAll(statements: readonly Statement[]): void {
      for (const statement of statements) {
        if (statement.kind === "do") make(statement.call);
        else if (statement.kind === "let") names.set(statement.name, textFor(statement.value));
        else if (statement.kind === "if") doAll(truth(statement.condition) ? statement.then : statement.else);
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
      doSection(section.policy, section.body);
      if (section === judges.at(-1) && reply === undefined && !isAdmitted) reply = '403 ""';
    }
  }
  return { values, lasting, ...(reply === undefined ? {} : { reply }) };
}

function negative(value: string): string {
  return isNumber(value) ? String(-BigInt(value)) : `-${value}`;
}

function withoutQuery(path: string): string {
  return isText(path) ? JSON.stringify(textIn(path).replace(/\?.*$/s, "")) : path;
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
