import type { CopperPolicy, Section, Side, Statement } from "../../controlplane/language/policy.ts";
import { takenIn } from "./actions/headers.ts";
import { release } from "./actions/state.ts";
import { addTo } from "./actions/telemetry.ts";
import { type Parameters, perform } from "./evaluate.ts";
import type { Exchange, Header, Memory, Outcome, Response } from "./exchange.ts";
import { type Choose, Done, isOfResponse, type Run, type Travel } from "./run.ts";

/** A policy in force on a call, by the section that is enforced on this side. */
export interface InForce {
  readonly policy: CopperPolicy;
  readonly section: Side;
  readonly parameters?: Parameters;
}

export interface InterpretOptions {
  readonly memory: Memory;
  readonly choose: Choose;
  readonly tally?: (name: string) => void;
  /** Whether the end of the message never comes: then it is left open how many of the policies have had their turn. */
  readonly isCutOff?: boolean;
}

/** A request that is under way. */
export interface Interpreted extends Passed {
  /** Its answer passes the policies for responses, in the reverse order. */
  respond(response: Response, now: bigint, options: InterpretOptions): Passed;
}

/** What has passed the policies of a proxy, one way. */
export interface Passed {
  readonly outcome: Outcome;
  /** What so many bytes add to counters, where it is a connection. */
  meter(received: number, sent: number): Outcome["counts"];
  /** The answer is through: what this has taken until then is free again. */
  finish(memory: Memory): void;
}

/** What policies mean (design §3–4): do to a request what those in force, given in order, say. */
export function interpret(
  inForce: readonly InForce[],
  exchange: Exchange,
  options: InterpretOptions,
): Interpreted {
  const active = inForce.filter(({ policy }) => policy.mode !== "off");
  const ofRequest = active.filter(({ policy }) => !isOfResponse(policy));
  const ofResponse = active.filter(({ policy }) => isOfResponse(policy)).reverse();
  const start = (
    headers: readonly Header[],
    now: bigint,
    { memory, choose, tally }: InterpretOptions,
  ): Travel => ({
    memory,
    choose,
    exchange,
    now,
    tally: tally ?? (() => undefined),
    headers: takenIn(headers),
    restMs: undefined,
    timeoutMs: undefined,
    reply: undefined,
    logs: [],
    tags: new Map(),
    counts: new Map(),
    records: [],
    metered: [],
    held: new Set(),
  });
  const travel = start(exchange.headers, exchange.now, options);
  goThrough(ofRequest, travel, turns(ofRequest, options));
  return {
    ...passed(travel),
    respond: (response, now, choices) => {
      const back: Travel = { ...start(response.headers, now, choices), response };
      for (const each of ofResponse.slice(0, turns(ofResponse, choices))) runOne(each, back);
      return passed(back);
    },
  };
}

/** How many of the policies see the message: all, unless they may be waiting for the rest of it. */
function turns({ length }: readonly InForce[], { choose, isCutOff = false }: InterpretOptions): number {
  let count = length;
  while (isCutOff && count > 0 && !choose()) count--;
  return count;
}

function passed(travel: Travel): Passed {
  return {
    outcome: outcomeOf(travel),
    meter: (received, sent) => {
      const counts = new Map<string, bigint>();
      for (const name of travel.metered)
        for (const [way, bytes] of [
          ["received", received],
          ["sent", sent],
        ] as const)
          if (bytes > 0) addTo(counts, `${name}.${way}`, BigInt(bytes));
      return counts;
    },
    finish: (memory) => release(travel.held, memory),
  };
}

function outcomeOf({ headers, reply, logs, tags, counts, records }: Travel): Outcome {
  return { headers, logs, tags, counts, records, ...(reply === undefined ? {} : { reply }) };
}

/**
 * In order, until one ends it. What no `Allow` admits ends with the last policy that could have admitted it. Whether an audited policy has
 * seen a request that others denied is left open: it stands in nobody's way.
 */
function goThrough(inForce: readonly InForce[], travel: Travel, count: number): void {
  const judges = inForce.filter((each) => each.policy.mode === "enforce" && uses(each, "Allow"));
  const audits: (() => void)[] = [];
  let admitted = false;
  for (const each of inForce.slice(0, count)) {
    if (each.policy.mode === "audit") {
      audits.push(audit(each, travel));
      continue;
    }
    if (travel.reply !== undefined) continue;
    const run = runOne(each, travel);
    if (judges.includes(each)) admitted ||= run.admits;
    if (each === judges.at(-1) && travel.reply === undefined && !admitted)
      travel.reply = { status: 403, body: "" };
  }
  for (const keep of audits) if (travel.reply === undefined || travel.choose()) keep();
}

/** Run an audited policy beside the others; what it counted and what became of its states is kept on demand. */
function audit(each: InForce, travel: Travel): () => void {
  const own: Travel = { ...travel, memory: new Map(travel.memory), counts: new Map(), held: new Set() };
  const before = new Map(own.memory);
  runOne(each, own);
  return () => {
    for (const [name, by] of own.counts) addTo(travel.counts, name, by);
    for (const [key, value] of own.memory) if (before.get(key) !== value) travel.memory.set(key, value);
    for (const key of own.held) travel.held.add(key);
  };
}

function runOne({ policy, section, parameters = new Map() }: InForce, travel: Travel): Run {
  const run: Run = { travel, policy, section, wouldAct: false, admits: false };
  try {
    perform(bodyOf(policy, section), run, parameters);
  } catch (error) {
    if (!(error instanceof Done)) throw error;
  }
  if (policy.mode === "audit") {
    // An audited policy's `Allow`s are not judged with the others'; it would have refused what they do not admit.
    const acts = run.wouldAct || (uses({ policy, section }, "Allow") && !run.admits);
    if (acts) addTo(travel.counts, `wire.audit.${policy.name}`, 1n);
  }
  return run;
}

function bodyOf(policy: CopperPolicy, side: Side): readonly Statement[] {
  return policy.sections.filter((section: Section) => section.side === side).flatMap(({ body }) => body);
}

/** Whether the section has such a statement, done or not. */
function uses({ policy, section }: InForce, action: string): boolean {
  const within = (statements: readonly Statement[]): boolean =>
    statements.some(
      (statement) =>
        (statement.kind === "do" && statement.call.action === action) ||
        (statement.kind === "if" && (within(statement.then) || within(statement.else))),
    );
  return within(bodyOf(policy, section));
}
