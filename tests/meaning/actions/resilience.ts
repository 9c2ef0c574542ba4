import { type Action, bytesAt, floatAt, type Invocation, intAt, mayAct } from "../action.ts";
import type { Bytes } from "../bytes.ts";
import { Done } from "../run.ts";
import { dropHeader, replaceHeader, valuesOf } from "./headers.ts";
import { happens } from "./routing.ts";

const nanosecondsPerMs = 1_000_000n;
const timeoutHeader = "x-envoy-upstream-rq-timeout-ms";
const delayHeader = "x-envoy-fault-delay-request";
const abortHeader = "x-envoy-fault-abort-request";

const setTimeout: Action = (call) => {
  if (!mayAct(call)) return;
  call.run.travel.timeoutMs = ceilMs(intAt(call, 0));
  tellTimes(call);
};

const setDeadline: Action = (call) => {
  const nowMs = call.run.travel.now / nanosecondsPerMs;
  const budget = intAt(call, 0);
  const members = valuesOf(call.run, "baggage").flatMap((value) => value.split(",").map(trim));
  const deadlines = [...members.map(deadlineOf), nowMs + (budget > 0n ? ceilMs(budget) : 0n)];
  const deadline = deadlines.reduce((least, each) =>
    each !== undefined && (least ?? each) >= each ? each : least,
  );
  if (!mayAct(call) || deadline === undefined) return;
  const rest = deadline - nowMs;
  if (rest <= 0n) {
    call.run.travel.reply = { status: 504, body: "The deadline has passed" };
    throw new Done();
  }
  const others = members.filter((member) => member !== "" && !member.startsWith(ours));
  replaceHeader(call, "baggage", [...others, `${ours}${deadline}`].join(","));
  call.run.travel.restMs = rest;
  // What a timeout was before is no more than is left.
  const { timeoutMs = 0n } = call.run.travel;
  call.run.travel.timeoutMs = timeoutMs === 0n || timeoutMs > rest ? rest : timeoutMs;
  tellTimes(call);
};

const injectDelay: Action = (call) => {
  const [delay, percent] = [intAt(call, 0), floatAt(call, 1)];
  if (delay <= 0n || !happens(call, "d", percent) || !mayAct(call)) return;
  // Two policies that hold it back do so one after the other.
  const before = BigInt(valuesOf(call.run, delayHeader)[0] ?? 0n);
  replaceHeader(call, delayHeader, (before + ceilMs(delay)).toString());
  tellTimes(call);
};

const injectAbort: Action = (call) => {
  if (!happens(call, "a", floatAt(call, 1))) return;
  if (mayAct(call)) call.run.travel.reply = { status: Number(intAt(call, 0)), body: "fault filter abort" };
  throw new Done();
};

const setRetries: Action = (call) => {
  if (!mayAct(call)) return;
  const attempts = intAt(call, 0);
  // Envoy's number has 32 bits.
  const most = BigInt(2 ** 31 - 1);
  const told = attempts < 0n ? 0n : attempts > most ? most : attempts;
  replaceHeader(call, "x-envoy-max-retries", told.toString());
  const conditions = bytesAt(call, 1).split(",").map(trim);
  for (const [header, isOfIt] of [
    ["x-envoy-retry-on", (name: Bytes) => !grpcStatuses.has(name)],
    ["x-envoy-retry-grpc-on", (name: Bytes) => grpcStatuses.has(name)],
  ] as const) {
    dropHeader(call, header);
    const own = conditions.filter(isOfIt);
    if (own.length > 0) replaceHeader(call, header, own.join(","));
  }
};

/** The conditions that Envoy reads in a header of their own. */
const grpcStatuses: ReadonlySet<Bytes> = new Set([
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
]);

/** How long, how often, and what is made to go wrong. Envoy does it, by the headers that it reads. */
export const resilience: Readonly<Record<string, Action>> = {
  SetTimeout: setTimeout,
  SetDeadline: setDeadline,
  SetRetries: setRetries,
  InjectDelay: injectDelay,
  InjectAbort: injectAbort,
};

const ours = "wire-deadline=";

/** The deadline that a member of the baggage says, with or without properties; undefined for any other. */
function deadlineOf(member: Bytes): bigint | undefined {
  const digits = /^wire-deadline=(\d+)[ \t]*(?:;.*)?$/s.exec(member)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

function trim(member: Bytes): Bytes {
  return member.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** How long a request may take in all, less what it is held back: that is not in Envoy's time. What leaves nothing is answered. */
function tellTimes(call: Invocation): void {
  const { restMs, timeoutMs } = call.run.travel;
  if (timeoutMs === undefined) return;
  const all = restMs !== undefined && (timeoutMs === 0n || timeoutMs > restMs) ? restMs : timeoutMs;
  const delay = BigInt(valuesOf(call.run, delayHeader)[0] ?? 0n);
  dropHeader(call, abortHeader);
  if (all > 0n && all <= delay) {
    replaceHeader(call, timeoutHeader, "1");
    replaceHeader(call, abortHeader, "504");
  } else replaceHeader(call, timeoutHeader, (all === 0n ? 0n : all - delay).toString());
}

/** Milliseconds are what Envoy counts in. What is not zero is one at least, since none would be no limit. */
function ceilMs(nanoseconds: bigint): bigint {
  if (nanoseconds === 0n) return 0n;
  const whole = (nanoseconds + nanosecondsPerMs - 1n) / nanosecondsPerMs;
  return whole > 1n ? whole : 1n;
}
