import type { Condition, Policy, Side, Statement, StringExpression } from "../language/policy.ts";

/**
 * Whether two policies give the same result in either order on one request (design §4). Never true when in doubt.
 * With sections, only what stands under these headings is compared.
 */
export function commutes(p: Policy, q: Policy, sections?: { readonly p: Side; readonly q: Side }): boolean {
  const a = footprint(p, sections?.p);
  const b = footprint(q, sections?.q);
  if (a === undefined || b === undefined) return false;
  return (
    disjoint(a.writes, b.reads) &&
    disjoint(b.writes, a.reads) &&
    disjoint(a.writes, b.writes) &&
    disjoint(a.routes, b.routes) &&
    // A denial ends the request with an answer of its own: of two different ones, the first is seen.
    (a.denials.size === 0 || b.denials.size === 0 || new Set([...a.denials, ...b.denials]).size === 1)
  );
}

interface Footprint {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  /** Services whose version is chosen. */
  readonly routes: ReadonlySet<string>;
  /** Answers that may be given instead of the callee's. */
  readonly denials: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

function footprint(policy: Policy, side: Side | undefined): Footprint | undefined {
  const found = touched(policy, side);
  // An audited policy looks and changes nothing.
  return policy.mode === "audit" && found !== undefined
    ? { reads: found.reads, writes: nothing, routes: nothing, denials: nothing }
    : found;
}

function touched(policy: Policy, side: Side | undefined): Footprint | undefined {
  if (policy.kind === "filter") {
    if (policy.reads === undefined || policy.writes === undefined) return undefined;
    return {
      reads: headers(policy.reads),
      writes: headers(policy.writes),
      routes: new Set(),
      // What a filter answers is in its code: it equals nobody else's.
      denials: new Set(policy.actions.includes("Deny") ? [policy.name] : []),
    };
  }
  const found = {
    reads: new Set<string>(),
    writes: new Set<string>(),
    routes: new Set<string>(),
    denials: new Set<string>(),
  };
  for (const section of policy.sections) {
    if (side === undefined || section.side === side) collect(section.body, found);
  }
  return found;
}

function collect(
  body: readonly Statement[],
  found: { readonly [Key in keyof Footprint]: Set<string> },
): void {
  for (const statement of body) {
    switch (statement.kind) {
      case "setHeader":
        found.writes.add(header(statement.name.value));
        readString(statement.value, found.reads);
        break;
      case "deny":
        found.denials.add(JSON.stringify([statement.status, statement.body]));
        break;
      case "allow":
        // Allows are judged together and `Deny` wins in any order, so they add no denial of their own.
        break;
      case "routeToVersion":
        found.routes.add(statement.service);
        break;
      case "if":
        readCondition(statement.condition, found.reads);
        collect(statement.then, found);
        collect(statement.else, found);
        break;
      default:
        statement satisfies never;
    }
  }
}

function readCondition(condition: Condition, reads: Set<string>): void {
  switch (condition.kind) {
    case "equal":
      readString(condition.left, reads);
      readString(condition.right, reads);
      break;
    case "not":
      readCondition(condition.operand, reads);
      break;
    case "and":
    case "or":
      readCondition(condition.left, reads);
      readCondition(condition.right, reads);
      break;
    case "constant":
      break;
    default:
      condition satisfies never;
  }
}

function readString(expression: StringExpression, reads: Set<string>): void {
  if (expression.kind === "getHeader") reads.add(header(expression.name));
}

/** The name under which a proxy keeps a header: in lower case, and `host` is the authority of HTTP/2. */
function header(name: string): string {
  const lower = name.toLowerCase();
  return lower === "host" ? ":authority" : lower;
}

function headers(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(header));
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return ![...a].some((name) => b.has(name));
}
