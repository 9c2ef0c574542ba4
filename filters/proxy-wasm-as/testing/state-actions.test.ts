import fc from "fast-check";
import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { actionModule, audited, enforced } from "./action-module.test-helper.ts";
import { createHost, createSharedData, type Host, type HostOptions, type HostStream } from "./index.ts";

const SECOND = 1_000_000_000n;

// A request says in a header what it does, one letter each, to the states of the scope `proxy` or `worker`.
const request = `const ops = getHeader(b"ops");
  const first: usize = slots + (hasHeader(b"worker") ? 5 * SLOT : 0);
  for (let i: usize = 0; i < lengthOf(ops); i++) {
    const op = load<u8>(pointerOf(ops) + i);
    if (op == 105) increment(first, 1);
    else if (op == 106) increment(first, -3);
    else if (op == 114) resetCounter(first);
    else if (op == 103) number(getCount(first));
    else if (op == 62) number(isGreaterThan(first, 2));
    else if (op == 116) number(takeToken(first + SLOT, toFloat(b"rate"), toInt(b"burst")));
    else if (op == 97) number(acquire(first + 2 * SLOT, toInt(b"limit")));
    else if (op == 98) number(acquire(first + 3 * SLOT, toInt(b"limit")));
    else if (op == 115) number(isTimeSince(first + 4 * SLOT, 1000));
    else if (op == 122) resetTimer(first + 4 * SLOT);
    else if (op == 100) return deny(403, b"no");
  }`;
const rest = `const slots: usize = memory.data(10 * SLOT);
function text(name: Bytes): string {
  const value = getHeader(name);
  return value == MISSING ? "2" : String.UTF8.decodeUnsafe(pointerOf(value), lengthOf(value));
}
function toInt(name: Bytes): i64 { return I64.parseInt(text(name)); }
function toFloat(name: Bytes): f64 { return F64.parseFloat(text(name)); }
export function proxy_on_log(context: u32): void { release(context); }
export function proxy_on_delete(context: u32): void { release(context); deleted(context); }`;
const entry = actionModule({
  imports: {
    "actions/headers": "getHeader, hasHeader",
    "actions/state":
      "acquire, getCount, increment, isGreaterThan, isTimeSince, release, resetCounter, resetTimer, SLOT, state, takeToken",
  },
  configure: `${["c", "b", "l", "m", "t"].map((key, slot) => `state(slots + ${slot} * SLOT, b"p/${key}");`).join(" ")}
    for (let slot = 5; slot < 10; slot++) state(slots + slot * SLOT, 0);`,
  request,
  rest,
});
const { bytes: module = new Uint8Array(), stderr } = await assemble({ entry });

test("the module compiles", () => {
  expect(stderr).toBe("");
});

type Settings = Readonly<Record<string, string | number>>;
interface Asked extends Settings {
  readonly ops: string;
}

const start = (options: HostOptions = {}): Host =>
  createHost(module, { configuration: enforced, ...options });
const headersOf = (asked: Settings) =>
  Object.entries(asked).map(([name, value]) => [name, String(value)] as const);
const saidBy = (stream: HostStream): readonly number[] =>
  stream.result().logs.map(({ message }) => Number(message));

/** Do these on one worker, and end the request. */
function act(host: Host, asked: Asked, worker = 0): readonly number[] {
  const { logs } = host.exchange({ worker, headers: headersOf(asked) });
  expect(host.failure).toBeNull();
  return logs.map(({ message }) => Number(message));
}

const scopes: readonly Settings[] = [{}, { worker: 1 }];

test("a counter: what a request adds is what it sees", () => {
  for (const scope of scopes) {
    const host = start();
    expect(act(host, { ops: "gig>iigj>g", ...scope })).toEqual([0, 1, 0, 3, 0, 0]);
    expect(act(host, { ops: "iii>gr>g", ...scope })).toEqual([1, 3, 0, 0]);
    expect(act(host, { ops: "gg", ...scope })).toEqual([0, 0]);
  }
});

test("a timer: from the first time that it is asked, and from its reset", () => {
  for (const scope of scopes) {
    const host = start();
    const ask = (ops: string, after: bigint): readonly number[] => {
      host.advance(after);
      return act(host, { ops, ...scope });
    };
    expect(ask("s", 0n)).toEqual([0]);
    expect(ask("s", 999n)).toEqual([0]);
    expect(ask("sszs", 1n)).toEqual([1, 1, 0]);
    expect(ask("s", 999n)).toEqual([0]);
    expect(ask("s", 1n)).toEqual([1]);
    // A clock that was set back starts it again.
    expect(ask("s", -1_000_000n)).toEqual([0]);
    expect(ask("s", 999n)).toEqual([0]);
    expect(ask("s", 1n)).toEqual([1]);
  }
});

test("a bucket: full at first, and exactly its rate from then on", () => {
  for (const scope of scopes) {
    const host = start();
    const take = (times: number, settings: Settings): number =>
      act(host, { ops: "t".repeat(times), ...settings, ...scope }).reduce((sum, each) => sum + each, 0);
    expect(take(10, { rate: 3, burst: 5 })).toBe(5);
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms += 7) {
      host.advance(7_000_000n);
      taken += take(1, { rate: 3, burst: 5 });
    }
    expect(taken).toBe(30);
    host.advance(3600n * SECOND);
    expect(take(10, { rate: 3, burst: 5 })).toBe(5);
    // Another rate and burst, which a parameter may bring, hold from now on.
    host.advance(SECOND);
    expect(take(10, { rate: 2.5, burst: 9 })).toBe(2);
    // A clock that was set back neither gives nor takes more than it must.
    host.advance(-3600n * SECOND);
    expect(take(10, { rate: 2, burst: 9 })).toBe(0);
    host.advance(SECOND);
    expect(take(10, { rate: 2, burst: 9 })).toBe(2);
  }
});

test("a bucket: rates and bursts that are none, or beyond all bounds", () => {
  const host = start();
  expect(act(host, { ops: "t", rate: 5, burst: 0 })).toEqual([0]);
  expect(act(host, { ops: "t", rate: 5, burst: -1 })).toEqual([0]);
  expect(act(host, { ops: "tt", rate: 0, burst: 1 })).toEqual([1, 0]);
  host.advance(1_000_000n * SECOND);
  expect(act(host, { ops: "t", rate: -1, burst: 1 })).toEqual([0]);
  expect(act(host, { ops: "t", rate: Number.NaN, burst: 1 })).toEqual([0]);
  expect(act(host, { ops: "tt", rate: 1e300, burst: "9223372036854775807" })).toEqual([1, 1]);
  host.advance(1_000_000_000n * SECOND);
  expect(act(host, { ops: "tt", rate: 1e300, burst: "9223372036854775807" })).toEqual([1, 1]);
});

test("a bucket keeps what a division leaves", () => {
  const host = start();
  const times = 2000n;
  const settings = { rate: 0.1, burst: 5000 };
  act(host, { ops: "t", ...settings });
  for (let n = 0n; n < times; n++) {
    host.advance(3n);
    expect(act(host, { ops: "t", ...settings })).toEqual([1]);
  }
  const record = host.sharedData.entries.get("p/b") ?? new Uint8Array();
  const view = new DataView(record.buffer, record.byteOffset);
  const billionths = view.getBigUint64(8, true) * SECOND + view.getBigUint64(16, true);
  expect(billionths).toBe((5000n - 1n - times) * SECOND * SECOND + times * 3n * 100_000_000n);
});

test("a limit is given back once, whatever becomes of the request", () => {
  for (const scope of scopes) {
    const host = start();
    const open = (ops: string): HostStream => host.open({ headers: headersOf({ ops, limit: 2, ...scope }) });
    const first = open("aa");
    const second = open("ad");
    expect([saidBy(first), saidBy(second), saidBy(open("ab"))]).toEqual([[1, 1], [1], [0, 1]]);
    // Denied, then gone without an answer, each ended twice.
    for (const stream of [second, first]) {
      stream.end();
      stream.end();
      expect(saidBy(open("a"))).toEqual([1]);
      expect(saidBy(open("a"))).toEqual([0]);
    }
    expect(act(host, { ops: "a", limit: 0, ...scope })).toEqual([0]);
    expect(host.failure).toBeNull();
  }
});

test("a worker lets no more in than it can keep in mind", () => {
  const host = start();
  const headers = headersOf({ ops: "a", limit: 100_000 });
  const streams = Array.from({ length: 7169 }, () => host.open({ headers }));
  expect(streams.filter((stream) => saidBy(stream)[0] === 1)).toHaveLength(7168);
  for (const stream of streams) stream.end();
  expect(
    new DataView(host.sharedData.entries.get("p/l")?.buffer ?? new ArrayBuffer(8)).getBigInt64(0, true),
  ).toBe(0n);
});

test("the scope `proxy` is one for all workers and for what comes after them, `worker` is each one's own", () => {
  const sharedData = createSharedData();
  const host = start({ workers: 2, sharedData });
  expect([act(host, { ops: "ig" }, 0), act(host, { ops: "ig" }, 1)]).toEqual([[1], [2]]);
  expect(act(start({ sharedData }), { ops: "ig" })).toEqual([3]);
  expect([act(host, { ops: "ig", worker: 1 }, 0), act(host, { ops: "ig", worker: 1 }, 1)]).toEqual([
    [1],
    [1],
  ]);
  expect([...sharedData.entries.keys()]).toEqual(["p/c"]);
});

test("an audited policy has states of its own, and using them is no act", () => {
  for (const scope of scopes) {
    const sharedData = createSharedData();
    const host = start({ sharedData });
    const settings = { rate: 0, burst: 3, limit: 1, ...scope };
    act(host, { ops: "iitsa", ...settings });
    host.configure(audited);
    host.advance(1000n);
    expect(act(host, { ops: "ggiggrttttszaa", ...settings })).toEqual([0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1]);
    const held = host.open({ headers: headersOf({ ops: "a", ...settings }) });
    expect(host.metrics.get("wire.audit.p")).toBe(0);
    host.configure(enforced);
    expect(act(host, { ops: "gtttsa", ...settings })).toEqual([2, 1, 1, 0, 1, 1]);
    held.end();
    expect(act(host, { ops: "a", ...settings })).toEqual([1]);
  }
});

test("memory stays flat over 5,000 exchanges, enforced and audited", () => {
  const host = start();
  const run = (times: number): number => {
    for (let n = 0; n < times; n++) act(host, { ops: "igtasz", rate: 1e9, burst: 5, limit: 5 });
    return host.memoryPages;
  };
  const before = run(100);
  expect(run(5000)).toBe(before);
  host.configure(audited);
  expect(run(5000)).toBe(before);
});

test("what others do in between, a request does not see", () => {
  const host: Host = start({
    workers: 2,
    onCall: (name, worker) => {
      if (worker === 0 && name === "log") act(host, { ops: "iz" }, 1);
    },
  });
  expect(act(host, { ops: "ggigg" })).toEqual([0, 0, 3, 3]);
  expect(host.sharedData.get("p/c")?.value[0]).toBe(5);
});

/**
 * Requests that four workers take up in an order of fast-check's: before any call of the host that reads or writes what they share,
 * another worker may do a whole request, in the middle of which a third one may, and the clock may go on.
 */
function interleave(
  asked: readonly Asked[],
  choices: readonly number[],
  done: (host: Host, stream: HostStream, begun: bigint) => void,
): Host {
  const waiting = [...asked];
  const left = [...choices];
  const busy = new Set<number>();
  const run = (worker: number): void => {
    const next = waiting.shift();
    if (next === undefined) return;
    busy.add(worker);
    const begun = host.now;
    const stream = host.open({ worker, headers: headersOf(next) });
    done(host, stream, begun);
    busy.delete(worker);
  };
  const host: Host = start({
    workers: 4,
    onCall(name) {
      if (!/shared_data|time/.test(name) || busy.size === 0) return;
      const choice = left.shift() ?? 4;
      host.advance(BigInt(choice) * 50_000_000n);
      if (choice < 4 && !busy.has(choice)) run(choice);
    },
  });
  for (let turn = 0; waiting.length > 0; turn++) run(turn % 4);
  expect(host.failure).toBeNull();
  return host;
}

const choices = fc.array(fc.nat({ max: 6 }), { maxLength: 120 });

test("four workers: no increment is lost, and no two requests see the same count", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("ig", "iig", "gig"), { maxLength: 24 }), choices, (list, order) => {
      const seen: number[] = [];
      const asked = list.map((ops) => ({ ops }));
      const host = interleave(asked, order, (_, stream) => seen.push(saidBy(stream).at(-1) ?? 0));
      const total = list.join("").replaceAll("g", "").length;
      expect(act(host, { ops: "g" })).toEqual([total]);
      expect(new Set(seen).size).toBe(list.length);
      expect(Math.max(0, ...seen)).toBe(total);
    }),
    { numRuns: 150 },
  );
});

test("four workers: never more than the limit, and all of it again in the end", () => {
  const limited = fc.record({
    list: fc.array(fc.constantFrom("a", "ad", "aa", "ab"), { maxLength: 24 }),
    limit: fc.integer({ min: 1, max: 4 }),
    ends: fc.array(fc.nat({ max: 3 }), { maxLength: 24 }),
  });
  fc.assert(
    fc.property(limited, choices, ({ list, limit, ends }, order) => {
      const inside: HostStream[] = [];
      const others: HostStream[] = [];
      const left = [...ends];
      const asked = list.map((ops) => ({ ops, limit }));
      const host = interleave(asked, order, (_, stream) => {
        (saidBy(stream)[0] === 1 ? inside : others).push(stream);
        expect(inside.length).toBeLessThanOrEqual(limit);
        // Others may be in the middle of something, and so that of their own workers may not end.
        if ((left.shift() ?? 0) > 1) (inside.at(-1) === stream ? inside.pop() : undefined)?.end();
      });
      for (const stream of [...inside, ...others]) stream.end();
      for (const state of ["p/l", "p/m"]) expect(host.sharedData.get(state)?.value[0] ?? 0).toBe(0);
      const again = Array.from({ length: limit + 1 }, () =>
        host.open({ headers: headersOf({ ops: "a", limit }) }),
      );
      expect(again.map((stream) => saidBy(stream)[0])).toEqual([...Array(limit).fill(1), 0]);
    }),
    { numRuns: 150 },
  );
});

test("four workers: a bucket never gives more than its burst and its rate", () => {
  const settings = fc.record({
    count: fc.nat({ max: 30 }),
    rate: fc.constantFrom(0, 0.7, 3, 20),
    burst: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(settings, choices, ({ count, rate, burst }, order) => {
      const taken: { readonly begun: bigint; readonly done: bigint }[] = [];
      const asked = Array.from({ length: count }, () => ({ ops: "t", rate, burst }));
      interleave(asked, order, (host, stream, begun) => {
        if (saidBy(stream)[0] === 1) taken.push({ begun, done: host.now });
      });
      for (const { begun } of taken) {
        for (const { done } of taken) {
          const between = taken.filter((each) => each.begun >= begun && each.done <= done).length;
          expect(between).toBeLessThanOrEqual(burst + (rate * Math.max(0, Number(done - begun))) / 1e9);
        }
      }
    }),
    { numRuns: 150 },
  );
});
