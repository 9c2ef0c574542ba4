import { headerKey } from "../language/check-header.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, Expression, Policy, Statement } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";

/** What a policy costs a request or a response at most. */
export interface Bound {
  /** Calls of host functions. Each time that another worker writes a state first, which nobody can bound, it is read and written again. */
  readonly hostCalls: number;
  /** Bytes that the module allocates; they are free again when a callback ends. */
  readonly bytes: number;
}

/** Envoy's `max_request_headers_kb`, by default 60: all headers of a message together, so one of them at most. */
const headersMax = 60 * 1024;
/** Envoy's `max_headers_count`, by default 100. */
const headerCountMax = 100;
/** The address of a peer, or the name of a service. */
const nameMax = 512;
/** The plugin configuration is not longer than this, and parameters stand in it. */
const configurationMax = 65_536;
const numberMax = 20;

/** What an allocation of so many bytes takes, with its header and in whole steps of 16. */
function block(bytes: number): number {
  return Math.ceil((bytes + 32) / 16) * 16;
}

/** All headers as the host hands them over. */
const pairs = block(4 + headersMax + headerCountMax * 10);

/** What an action costs. `sizes` are those of its arguments: of a text the most bytes that it has, of a literal number its value. */
interface Cost {
  readonly calls: number;
  bytes?(sizes: readonly number[]): number;
  /** The most bytes of the text that it yields. */
  size?(sizes: readonly number[]): number;
}

const header = block(headersMax);
const readsHeader: Cost = { calls: 1, bytes: () => header, size: () => headersMax };
/** And whether a policy before has rewritten it. */
const readsHost: Cost = { calls: 2, bytes: () => 2 * header, size: () => headersMax };
const readsName: Cost = { calls: 1, bytes: () => block(nameMax), size: () => nameMax };
const once: Cost = { calls: 1 };
const nothing: Cost = { calls: 0 };
/** A value in the host's shared data, and the key of an audited policy's own. */
const readsState = block(24) + 2 * block(2 * nameMax);
const last = (sizes: readonly number[]): number => sizes.at(-1) ?? 0;
/** Of each name with an escape on the way to a field a copy is made, and of the field. The shortest of these takes six bytes of JSON. */
const readsJson = (bytes: number): number => 9 * bytes + block(0);

/** A service's stamp: the caller, the header twice, a trace that begins, and both written. */
export const stampBound: Bound = { hostCalls: 7, bytes: 4 * header + 8 * block(nameMax) };

/** The longest value of the table of ids that requests are joined by. */
const idBucket = block(2240);

/** What a stamp takes besides where requests are joined by an id: it is read, made where there is none, and noted; and taken back in the end, when it is looked at whether it was answered. Nobody else is in the way. */
export const joinBound: Bound = { hostCalls: 15, bytes: 2 * header + 4 * idBucket + 8 * block(nameMax) };

/** What a policy takes beside its own where only paths decide: the header, and where the path was lost a metric and an answer. */
export const askBound: Bound = { hostCalls: 4, bytes: header + 4 * block(nameMax) };

/** By the name of the action in checked policies. The tests hold it against what is counted and allocated in the in-process host. */
export const costs: Readonly<Record<string, Cost>> = {
  GetHeader: readsHeader,
  GetHeaders: {
    calls: 1,
    bytes: () => pairs + (headerCountMax - 1) * block(headersMax + headerCountMax),
    size: () => headersMax + headerCountMax,
  },
  HasHeader: { calls: 2, bytes: () => header + pairs },
  SetHeader: once,
  AddHeader: once,
  RemoveHeader: once,
  Allow: { calls: 2, bytes: () => 2 * block(nameMax) },
  Deny: once,
  // Each piece of the connection takes a call more.
  CountBytes: nothing,
  GetCaller: readsName,
  GetCallee: readsName,
  GetMethod: readsHeader,
  GetPath: readsHeader,
  GetHost: readsHost,
  GetQuery: { ...readsHeader, bytes: () => 2 * header },
  GetClaim: { ...readsHeader, bytes: () => 2 * header + readsJson(headersMax) },
  RouteToVersion: { calls: 2, bytes: () => block(nameMax) },
  SplitByWeight: { calls: 3, bytes: () => block(nameMax) + header },
  Mirror: { calls: 3, bytes: () => block(nameMax) + header },
  RewritePath: { calls: 2, bytes: ([path = 0]) => header + block(1 + 3 * path + headersMax) },
  RewriteHost: once,
  SetHashKey: once,
  SetTimeout: { calls: 4, bytes: () => 2 * header },
  SetDeadline: {
    calls: 9,
    bytes: () => 4 * header + pairs + block(headersMax + headerCountMax + 2 * numberMax),
  },
  SetRetries: { calls: 3 },
  InjectDelay: { calls: 6, bytes: () => 3 * header },
  InjectAbort: { calls: 2, bytes: () => header },
  Count: { calls: 2 },
  Histogram: { calls: 2 },
  Log: { calls: 1, bytes: ([message = 0]) => block(message) },
  TagAccessLog: { calls: 1, bytes: ([, value = 0]) => block(value) },
  GetStatus: { calls: 1, bytes: () => header },
  IsRequestStatus: { calls: 2, bytes: () => 2 * header },
  GetBodySize: once,
  BodyContains: { calls: 2, bytes: (sizes) => block(last(sizes)) + block(4 * (sizes[0] ?? 0)) },
  GetJsonField: {
    calls: 2,
    bytes: (sizes) => block(last(sizes)) + readsJson(last(sizes)),
    size: last,
  },
  "Counter.Increment": { calls: 2, bytes: () => readsState },
  "Counter.Reset": { calls: 1, bytes: () => readsState },
  "Counter.GetCount": { calls: 1, bytes: () => readsState },
  "Counter.IsGreaterThan": { calls: 1, bytes: () => readsState },
  "Timer.IsTimeSince": { calls: 3, bytes: () => readsState },
  "Timer.Reset": { calls: 2, bytes: () => readsState },
  "TokenBucket.TakeToken": { calls: 3, bytes: () => readsState },
  // It is given back when the stream is over.
  "ConcurrencyLimit.Acquire": { calls: 4, bytes: () => 2 * readsState },
  "string.Matches": nothing,
  "string.Contains": { calls: 0, bytes: ([value = 0, text = 0]) => block(4 * Math.min(value, text)) },
  "string.StartsWith": nothing,
  "string.EndsWith": nothing,
  "string.Length": nothing,
  "string.ToLower": { calls: 0, bytes: ([value = 0]) => block(value), size: ([value = 0]) => value },
  "string.ToInt": nothing,
  "int.ToString": { calls: 0, bytes: () => block(numberMax), size: () => numberMax },
};

/**
 * The most that a policy costs: there are no loops, so it is the sum of what stands on its longest way. Headers are as long as Envoy lets
 * them in by default, 60 KiB, and bodies as the limits of what reads them say. Undefined for filter code, which may loop.
 */
export function bound(policy: Policy): Bound | undefined {
  if (policy.kind === "filter") return undefined;
  const sections = policy.sections.map(({ body }) => costOf(body, new Map()));
  return [around(policy), ...sections].reduce(sum);
}

/** What it takes besides the statements: who calls whom, once more where a body is waited for, and what is left to do at the end. */
function around(policy: CopperPolicy): Bound {
  const actions = new Set(policy.sections.flatMap(({ body }) => callsIn(body)).map(({ action }) => action));
  const has = (...names: readonly string[]): number => (names.some((name) => actions.has(name)) ? 1 : 0);
  const waits = has("GetBodySize", "BodyContains", "GetJsonField");
  const looks = 1 + waits + (phaseOf(policy) === "response" ? 1 : 0);
  const reroutes = has("RouteToVersion", "SplitByWeight", "Mirror");
  const answers = has("Allow") + waits;
  const counts = policy.mode === "audit" ? 1 + waits : 0;
  return { hostCalls: looks + reroutes + answers + counts, bytes: looks * block(nameMax) };
}

type Sizes = Map<string, number>;

function costOf(body: readonly Statement[], outer: Sizes): Bound {
  const locals = new Map(outer);
  return body
    .map((statement): Bound => {
      switch (statement.kind) {
        case "do":
          return weigh(statement.call, locals).cost;
        case "let": {
          const { cost, size } = weigh(statement.value, locals);
          locals.set(statement.name, size);
          return cost;
        }
        case "return":
          return free;
        case "if": {
          const { cost } = weigh(statement.condition, locals);
          return sum(cost, larger(costOf(statement.then, locals), costOf(statement.else, locals)));
        }
        default:
          return statement satisfies never;
      }
    })
    .reduce(sum, free);
}

interface Weighed {
  readonly cost: Bound;
  /** Of a text the most bytes that it has, of a literal number its value. */
  readonly size: number;
}

function weigh(value: Expression, locals: Sizes): Weighed {
  switch (value.kind) {
    case "literal":
      return { cost: free, size: sizeOf(value.value) };
    case "parameter":
      return { cost: free, size: configurationMax };
    case "local":
      return { cost: free, size: locals.get(value.name) ?? 0 };
    case "call":
      return weighCall(value, locals);
    case "unary":
    case "convert":
      return weigh(value.operand, locals);
    case "binary": {
      const [left, right] = [weigh(value.left, locals), weigh(value.right, locals)];
      const cost = sum(left.cost, right.cost);
      if (value.operator === "??") return { cost, size: Math.max(left.size, right.size) };
      if (value.operator !== "+" || value.type !== "string") return { cost, size: 0 };
      const size = left.size + right.size;
      return { cost: sum(cost, { hostCalls: 0, bytes: block(size) }), size };
    }
    default:
      return value satisfies never;
  }
}

function weighCall(call: Call, locals: Sizes): Weighed {
  const known = isOfHost(call) ? readsHost : costs[call.action];
  if (known === undefined) throw new Error(`nobody knows what ${call.action} costs`);
  const given = call.arguments.map((argument) => weigh(argument, locals));
  const sizes = given.map(({ size }) => size);
  const own = { hostCalls: known.calls, bytes: known.bytes?.(sizes) ?? 0 };
  return { cost: given.map(({ cost }) => cost).reduce(sum, own), size: known.size?.(sizes) ?? 0 };
}

function sizeOf(value: string | bigint | number | boolean): number {
  return typeof value === "string" ? new TextEncoder().encode(value).length : Number(value);
}

const free: Bound = { hostCalls: 0, bytes: 0 };

function sum(a: Bound, b: Bound): Bound {
  return { hostCalls: a.hostCalls + b.hostCalls, bytes: a.bytes + b.bytes };
}

function larger(a: Bound, b: Bound): Bound {
  return { hostCalls: Math.max(a.hostCalls, b.hostCalls), bytes: Math.max(a.bytes, b.bytes) };
}

function isOfHost(call: Call): boolean {
  return /^Get(Header|Headers)$/.test(call.action) && headerKey(textOf(call, 0)) === ":authority";
}
