import assert from "node:assert/strict";
import { type Action, floatAt, type Invocation, intAt } from "../action.ts";
import type { Memory, StateValue } from "../exchange.ts";

const isTimeSince: Action = (call) => {
  const { now } = call.run.travel;
  const { since } = read(call, { kind: "timer", since: now });
  write(call, { kind: "timer", since });
  return now - since >= intAt(call, 0);
};

const takeToken: Action = (call) => {
  const { now } = call.run.travel;
  const [rate, burst] = [Math.max(0, floatAt(call, 0)), Number(intAt(call, 1))];
  // What holds no token gives none, and the bucket stays as it is for those that ask it for more.
  if (burst < 1) return false;
  const { tokens, at } = read(call, { kind: "bucket", tokens: burst, at: now });
  const filled = Math.min(burst, tokens + (Number(now - at) / 1e9) * rate);
  const isTaken = filled >= 1;
  write(call, { kind: "bucket", tokens: isTaken ? filled - 1 : filled, at: now });
  return isTaken;
};

const acquire: Action = (call) => {
  const { held } = call.run.travel;
  const mine = key(call);
  // A request that is counted already is not counted again.
  if (held.has(mine)) return true;
  const { running } = read(call, { kind: "limit", running: 0n });
  const isBelow = running < intAt(call, 0);
  if (isBelow) {
    held.add(mine);
    write(call, { kind: "limit", running: running + 1n });
  }
  return isBelow;
};

/** Give back what a request or response has acquired. */
export function release(held: ReadonlySet<string>, memory: Memory): void {
  for (const mine of held) {
    const limit = memory.get(mine);
    assert(limit?.kind === "limit", "what is released was taken");
    memory.set(mine, { kind: "limit", running: limit.running - 1n });
  }
}

/** What outlives a request. It goes on in an audited policy too, or that would not see what it would have done. */
export const state: Readonly<Record<string, Action>> = {
  "Counter.Increment": (call) => {
    write(call, { kind: "counter", count: BigInt.asIntN(64, count(call) + intAt(call, 0)) });
  },
  "Counter.Reset": (call) => write(call, { kind: "counter", count: 0n }),
  "Counter.GetCount": count,
  "Counter.IsGreaterThan": (call) => count(call) > intAt(call, 0),
  "Timer.IsTimeSince": isTimeSince,
  "Timer.Reset": (call) => write(call, { kind: "timer", since: call.run.travel.now }),
  "TokenBucket.TakeToken": takeToken,
  "ConcurrencyLimit.Acquire": acquire,
};

function count(call: Invocation): bigint {
  return read(call, { kind: "counter", count: 0n }).count;
}

function read<S extends StateValue>(call: Invocation, initial: S): S {
  const found = call.run.travel.memory.get(key(call));
  assert(found === undefined || found.kind === initial.kind, "a state keeps its type");
  return (found ?? initial) as S;
}

function write(call: Invocation, value: StateValue): undefined {
  call.run.travel.memory.set(key(call), value);
}

/** One value for each section of a policy, and each worker where the state says so. */
function key({ run, state: name }: Invocation): string {
  const declared = run.policy.states.find((each) => each.name === name);
  assert(declared !== undefined, `no state ${name}`);
  const where = declared.scope === "worker" ? `worker ${run.travel.exchange.worker}` : "proxy";
  return `${run.policy.name} ${run.section} ${declared.name} ${where}`;
}
