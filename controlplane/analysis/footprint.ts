import { headerKey } from "../language/check-header.ts";
import { type Phase, phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, FilterPolicy, Policy, Side } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";

/** What a policy looks at and changes, as far as others can tell. Keys are of one namespace: `request:x-a`, `response::status`, `timeout`. */
export interface Footprint extends Effects {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** What a policy does beside reading and writing, and what it is told of a request as that arrived. */
export interface Effects {
  /** Of these the proxy goes by what arrived, whatever policies of its side have made of it: the token that it verifies, and in which form it answers. */
  readonly arrived: ReadonlySet<string>;

  /** Answers that may be given instead of the callee's. */
  readonly denials: ReadonlySet<string>;
  /** Something stays of it when the request is denied: a count, a line in a log, state. */
  readonly isLasting: boolean;
  /** What the proxy does for it, behind all policies of its side. */
  readonly behind: ReadonlySet<Behind>;
}

/** To hold back, to wait for so long and no longer, to send copies, to try again. */
export type Behind = "delay" | "time" | "copies" | "attempts";

/** The answer to a request that no `Allow` admits: that of a `Deny` without arguments. */
const notAdmitted = JSON.stringify(["403", ""]);

/** What is known of policies that were asked about before: every pair of those on a call asks. */
interface Known {
  readonly footprint: Footprint | undefined;
  readonly effects: Effects;
}
const known = new WeakMap<Policy, Map<Side | undefined, Known>>();

/** What a policy touches, or with a side only what it says under that heading; undefined when that is not known. */
export function footprint(policy: Policy, side?: Side): Footprint | undefined {
  return knownOf(policy, side).footprint;
}

/** What it does beside: that is known of filter code, too. */
export function effects(policy: Policy, side?: Side): Effects {
  return knownOf(policy, side).effects;
}

function knownOf(policy: Policy, side: Side | undefined): Known {
  const own = known.get(policy) ?? new Map<Side | undefined, Known>();
  known.set(policy, own);
  const before = own.get(side);
  if (before !== undefined) return before;
  const found = policy.kind === "filter" ? ofFilter(policy) : ofCopper(policy, side);
  own.set(side, found);
  return found;
}

function ofCopper(policy: CopperPolicy, side: Side | undefined): Known {
  const calls = policy.sections
    .filter((section) => side === undefined || section.side === side)
    .flatMap((section) => callsIn(section.body));
  const phase = phaseOf(policy);
  const touched = calls.map((call) => touchedBy(call, phase));
  const found = silenced(policy, {
    reads: new Set(touched.flatMap(({ reads = [] }) => reads)),
    writes: new Set(touched.flatMap(({ writes = [] }) => writes)),
    denials: new Set(touched.flatMap(({ denials = [] }) => denials)),
    arrived: new Set(touched.flatMap(({ arrived = [], denials }) => [...arrived, ...formOf(denials)])),
    isLasting: touched.some(({ isLasting = false }) => isLasting),
    behind: new Set(touched.flatMap(({ behind = [] }) => behind)),
  });
  return { footprint: found, effects: found };
}

function ofFilter(policy: FilterPolicy): Known {
  const { reads, writes, tags = [], actions } = policy;
  // The lists do not say whose headers they are about.
  const names = (list: readonly string[]): readonly string[] =>
    list.flatMap((name) => [
      header("request", name),
      ...(policy.responds === true ? [header("response", name)] : []),
    ]);
  const found = silenced(policy, {
    reads: new Set(names(reads ?? [])),
    writes: new Set([...names(writes ?? []), ...tags.map(tag)]),
    // What a filter answers is in its code: it equals nobody else's.
    denials: new Set(actions.includes("Deny") ? [policy.name] : []),
    arrived: new Set([
      // A host that is rewritten waits until the request leaves, and code sees headers as they are.
      ...(reads === undefined || reads.some(isHost) ? [host] : []),
      ...(actions.includes("GetClaim") ? [token] : []),
      ...formOf(actions.includes("Deny") ? [policy.name] : undefined),
    ]),
    isLasting: policy.keepsState === true || tags.length > 0,
    behind: new Set(),
  });
  const isListed = reads !== undefined && writes !== undefined && policy.changesBodies !== true;
  // Its lists say which headers it changes, and not which service's version or whose key.
  const routes = actions.includes("RouteToVersion") || actions.includes("SetHashKey");
  return { footprint: isListed && !routes ? found : undefined, effects: found };
}

/** An audited policy looks and changes nothing, and stands in nobody's way: its count may show what others denied. */
function silenced(policy: Policy, found: Footprint): Footprint {
  if (policy.mode !== "audit") return found;
  return {
    reads: found.reads,
    writes: new Set(),
    denials: new Set(),
    arrived: new Set([...found.arrived].filter((key) => !form.includes(key))),
    isLasting: false,
    behind: new Set(),
  };
}

/** What one action looks at and changes. */
export interface Touched {
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly denials?: readonly string[];
  readonly arrived?: readonly string[];
  readonly isLasting?: boolean;
  readonly behind?: readonly Behind[];
}

export const host = "request::authority";
/** Where Envoy looks for the token that it verifies. */
const token = "request:authorization";

/** A proxy answers a gRPC request as such, and a `HEAD` without a body. */
export const method = "request::method";
const form: readonly string[] = ["request:content-type", method];

function formOf(denials: readonly string[] | undefined): readonly string[] {
  return denials === undefined ? [] : form;
}

function isHost(name: string): boolean {
  return headerKey(name) === ":authority";
}

/** What an injected fault answers, as Envoy's fault filter does. */
export const faultBody = "fault filter abort";

/** The proxy's answer to what is held back for longer than it may take. */
export const heldBack = "held back for too long";

/** Whether it is a request's turn is drawn from its id. */
const drawn = "request:x-request-id";

export function touchedBy(call: Call, phase: Phase): Touched {
  const { action, state } = call;
  // State is a policy's own, so that only what it leaves behind matters; to look at a counter leaves it as it was.
  if (state !== undefined)
    return ["Counter.GetCount", "Counter.IsGreaterThan"].includes(action) ? {} : { isLasting: true };
  const named = (): string => header(phase, textOf(call, 0));
  switch (action) {
    case "GetHeader":
    case "GetHeaders":
    case "HasHeader":
      return { reads: [named()] };
    case "SetHeader":
    case "RemoveHeader":
      return { writes: [named()] };
    case "AddHeader":
      return { reads: [named()], writes: [named()] };
    case "GetMethod":
      return { reads: [method] };
    case "GetPath":
    case "GetQuery":
      return { reads: ["request::path"] };
    case "GetClaim":
      return { arrived: [token] };
    case "GetHost":
      return { reads: ["request::authority"] };
    case "RewritePath":
      // The query stays.
      return { reads: ["request::path"], writes: ["request::path"] };
    case "RewriteHost":
      return { writes: ["request::authority"] };
    case "GetStatus":
      return { reads: ["response::status"] };
    case "IsRequestStatus":
      return { reads: ["response::status", "response:grpc-status"] };
    case "Allow":
      return { denials: [notAdmitted] };
    case "Deny":
      return { denials: [JSON.stringify([textOf(call, 0), textOf(call, 1)])] };
    case "RouteToVersion":
      return { writes: [`version of ${textOf(call, 0)}`] };
    case "SplitByWeight":
      return { reads: [drawn], writes: [`version of ${textOf(call, 0)}`] };
    case "Mirror":
      return { reads: [drawn], writes: ["mirror"], isLasting: true, behind: ["copies"] };
    case "SetHashKey":
      return { writes: ["hash key"] };
    case "SetTimeout":
      return { writes: ["timeout"], behind: ["time"] };
    case "SetDeadline":
      return {
        reads: ["request:baggage"],
        writes: ["request:baggage", "timeout"],
        denials: ["deadline"],
        behind: ["time"],
      };
    case "SetRetries":
      return { writes: ["retries"], behind: ["attempts"] };
    case "InjectDelay":
      // Where that is longer than a timeout it is an answer.
      return { reads: [drawn], writes: ["delay"], denials: [heldBack], behind: ["delay"] };
    case "InjectAbort":
      return { reads: [drawn], denials: [JSON.stringify([textOf(call, 0), faultBody])] };
    case "TagAccessLog":
      return { writes: [tag(textOf(call, 0))], isLasting: true };
    case "Count":
    case "CountBytes":
    case "Histogram":
    case "Log":
      return { isLasting: true };
    default:
      // Who calls whom, a body and what is made of texts: no policy changes them.
      return {};
  }
}

function tag(name: string): string {
  return `tag ${name}`;
}

/** Whether a key is of the access log. */
export function isTag(key: string): boolean {
  return key.startsWith("tag ");
}

/** What a key is about, in words. */
export function keyText(key: string): string {
  return key.replace(/^(request|response):(.*)$/, (_, phase, name) => `${phase} header \`${name}\``);
}

/** The key of a header. */
function header(phase: Phase, name: string): string {
  return `${phase}:${phase === "request" ? headerKey(name) : name.toLowerCase()}`;
}
