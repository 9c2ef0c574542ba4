import type { Source } from "../language/source.ts";
import type { Mesh } from "./mesh.ts";
import { type Random, random } from "./random.ts";
import { type RequestGraph, requestGraph } from "./request-graph.ts";

export interface PolicyOptions {
  readonly seed: number;
  /** Default 1,000. */
  readonly policies?: number;
  /** The share of policies whose contexts match some calls sometimes, so that the path of a request decides. Default 0. */
  readonly sometimes?: number;
  /** The share of policies for all of the mesh, of which there is one at least unless it is 0. Default 0.007. */
  readonly wide?: number;
}

/**
 * Policies of the caller's, the callee's and either side for the requests of a mesh, with contexts from one call to the whole mesh. Whether
 * one matches a call is decided by caller and callee alone, but for `sometimes`.
 */
export function generatePolicies(
  mesh: Mesh,
  options: PolicyOptions,
): {
  readonly source: Source;
  /** Of a policy and a call between two services that it matches. */
  readonly pairs: number;
} {
  const { policies: count = 1000, sometimes = 0, wide = 0.007 } = options;
  const draw = random(options.seed);
  const graph = requestGraph(mesh);
  const width = String(count - 1).length;
  const isWide = new Set(
    draw.sample(
      Array.from({ length: count }, (_, index) => index),
      wide === 0 ? 0 : Math.max(1, Math.round(count * wide)),
    ),
  );
  let pairs = 0;
  const texts = Array.from({ length: count }, (_, index) => {
    const form = isWide.has(index) ? wholeMesh : draw.next() < sometimes ? undecided : draw.pick(forms);
    const name = `p${String(index).padStart(width, "0")}`;
    const drawn = form(graph, draw);
    pairs += drawn.pairs;
    return policyText(name, drawn.context, draw);
  });
  return { source: { path: "policies.cup", text: texts.join("---\n") }, pairs };
}

/** A context, and how many calls between services it matches. */
interface Drawn {
  readonly context: string;
  readonly pairs: number;
}

type Form = (graph: RequestGraph, draw: Random) => Drawn;

const oneCall: Form = ({ calls }, draw) => {
  const { from, to } = draw.pick(calls);
  return { context: `${from} -> ${to}`, pairs: 1 };
};

/** From a service that all paths to some callers of another one pass, and none to the rest of them: nothing has to be known of the path. */
const through: Form = (graph, draw) => {
  for (let tries = 0; tries < 20; tries++) {
    const call = draw.pick(graph.calls);
    // The caller itself is no way through.
    const above = graph.chain(call.from).slice(1);
    if (above.length === 0) continue;
    const from = draw.pick(above);
    if (isDecided(graph, from, call.to)) return path(graph, from, call.to);
  }
  return oneCall(graph, draw);
};

const undecided: Form = (graph, draw) => {
  for (let tries = 0; tries < 20; tries++) {
    const { from: caller, to } = draw.pick(graph.calls);
    const from = draw.pick(graph.callers.get(caller) ?? [to]);
    if (from !== to && !isDecided(graph, from, to)) return path(graph, from, to);
  }
  return oneCall(graph, draw);
};

function path({ callers, reached }: RequestGraph, from: string, to: string): Drawn {
  const after = reached(from);
  return {
    context: `${from} -> .* -> ${to}`,
    pairs: (callers.get(to) ?? []).filter((caller) => after.has(caller)).length,
  };
}

/** Whether for every call to a service all requests have passed another one, or none has. */
function isDecided({ callers, chain, reached }: RequestGraph, from: string, to: string): boolean {
  const after = reached(from);
  return (callers.get(to) ?? []).every((caller) => !after.has(caller) || chain(caller).includes(from));
}

const forms: readonly Form[] = [
  oneCall,
  oneCall,
  oneCall,
  through,
  through,
  // All that a service calls, and all that call it.
  (graph, draw) => between(graph, only([draw.pick(graph.calls).from]), all(".")),
  (graph, draw) => between(graph, all("."), only([draw.pick(graph.calls).to])),
  (graph, draw) => between(graph, all(".*"), only([draw.pick(graph.calls).to])),
  // Some of who calls it, and all but some.
  (graph, draw) => {
    const { to } = draw.pick(graph.calls);
    return between(graph, only(draw.sample(graph.callers.get(to) ?? [], 1 + draw.below(4))), only([to]));
  },
  (graph, draw) => {
    const { to } = draw.pick(graph.calls);
    const callers = graph.callers.get(to) ?? [];
    const except = draw.sample(callers, Math.min(1 + draw.below(2), callers.length - 1));
    return between(graph, except.length === 0 ? all(".") : allBut(except), only([to]));
  },
  // A team's services: what some call, what some are called, and what goes between some and some.
  (graph, draw) => between(graph, only(draw.sample([...graph.callees.keys()], 5 + draw.below(36))), all(".")),
  (graph, draw) =>
    between(graph, all(".*"), only(draw.sample([...graph.callers.keys()], 5 + draw.below(36)))),
  (graph, draw) => {
    const from = draw.sample([...graph.callees.keys()], 2 + draw.below(10));
    const to = new Set(from.flatMap((name) => graph.callees.get(name) ?? []));
    return between(graph, only(from), only([...to].slice(0, 12)));
  },
];

const wholeMesh: Form = (graph, draw) =>
  draw.pick([
    () => between(graph, all(".*"), all(".")),
    () => between(graph, allBut(draw.sample([...graph.callees.keys()], 3 + draw.below(10))), all(".")),
    () => between(graph, all("."), allBut(draw.sample([...graph.callers.keys()], 3 + draw.below(10)))),
  ])();

/** Some services, as a context writes them. */
interface Services {
  readonly text: string;
  /** Absent where all are meant, or all but some. */
  readonly listed?: readonly string[];
  has(name: string): boolean;
}

function all(text: "." | ".*"): Services {
  return { text, has: () => true };
}

function allBut(names: readonly string[]): Services {
  const except = new Set(names);
  return { text: `[^${names.join(", ")}]`, has: (name) => !except.has(name) };
}

function only(names: readonly string[]): Services {
  const listed = new Set(names);
  return {
    text: names.length === 1 ? (names[0] ?? "") : `[${names.join(", ")}]`,
    listed: names,
    has: (name) => listed.has(name),
  };
}

/** The calls from some services to some, counted from the side that is listed. */
function between({ calls, callers, callees }: RequestGraph, from: Services, to: Services): Drawn {
  const sum = (names: readonly string[], others: RequestGraph["callers"], services: Services): number =>
    names.reduce((count, name) => count + (others.get(name) ?? []).filter(services.has).length, 0);
  const pairs =
    from.listed !== undefined
      ? sum(from.listed, callees, to)
      : to.listed !== undefined
        ? sum(to.listed, callers, from)
        : calls.filter((call) => from.has(call.from) && to.has(call.to)).length;
  return { context: `${from.text} -> ${to.text}`, pairs };
}

/**
 * Where a policy is enforced. Those of the caller's proxy come first and those of the callee's last, so that no order asks for what cannot
 * be: something at the callee before something at the caller.
 */
const sides = [
  { heading: "[Egress]", priority: 20 },
  { heading: "", priority: 10 },
  { heading: "[Ingress]", priority: 0 },
] as const;

/** What policies do, by where they may do it. */
const anywhere: readonly ((name: string) => string)[] = [
  (name) => `SetHeader(request, "x-${name}", "yes");`,
  (name) => `SetHeader(request, "x-${name}-path", GetPath(request));`,
  (name) => `AddHeader(request, "x-${name}", "yes");`,
  (name) => `if (GetHeader(request, "x-from-${name}") == "yes") { SetHeader(request, "x-${name}", "yes"); }`,
  (name) => `RemoveHeader(request, "x-${name}");`,
  (name) => `Count(request, "${name}");`,
  (name) => `if (HasHeader(request, "x-no-${name}")) { Deny(request); }`,
];
const atCaller: typeof anywhere = [
  ...anywhere,
  () => "SetTimeout(request, 2s);",
  () => "SetRetries(request, 2);",
];

function policyText(name: string, context: string, draw: Random): string {
  const { heading, priority } = draw.pick(sides);
  const statement = draw.pick(heading === "[Egress]" ? atCaller : anywhere)(name);
  const body = [...(heading === "" ? [] : [heading]), statement].map((line) => `    ${line}\n`).join("");
  return `policy ${name} (\n    act (Request request)\n    context ('${context}')\n    priority (${priority})\n) {\n${body}}\n`;
}
