import type { Source } from "../language/source.ts";
import type { Call } from "./mesh.ts";
import { type Random, random } from "./random.ts";
import { plainMesh, plainService, type Suite } from "./suite.ts";

export type SeedFamilySize = "small" | "medium" | "large";

export interface SeedFamilyOptions {
  readonly size: SeedFamilySize;
  readonly seed: number;
  /** A new service is called by 1 + ⌊density · n⌋ of the n services of earlier tiers. Default 0.2. */
  readonly density?: number;
  /** Whether deadline and load balance are for the caller's proxy only, or nothing is. Default `caller`. */
  readonly pinned?: "caller" | "nothing";
  /**
   * `natural` writes what the actions are called in Copper: a count and a denial do not commute there, nor do two rewrites, which the family
   * that this one follows knows nothing of. `commuting` has stand-ins that touch nothing of each other, offered by the same data planes, so
   * that costs can be compared with a model without an order. Default `natural`.
   */
  readonly actions?: "natural" | "commuting";
  /**
   * `lastTwo` keeps the last two elements, which decide for each call whether a policy matches it; `whole` writes all up to eight, most of
   * which match a call sometimes. Default `lastTwo`.
   */
  readonly contexts?: "lastTwo" | "whole";
}

interface Shape {
  readonly tiers: number;
  /** Services of a tier: so many, and up to so many more. */
  readonly services: number;
  readonly more: number;
  readonly policiesPerNonLeaf: number;
}

const shapes: Readonly<Record<SeedFamilySize, Shape>> = {
  small: { tiers: 4, services: 5, more: 0, policiesPerNonLeaf: 2 },
  medium: { tiers: 8, services: 5, more: 4, policiesPerNonLeaf: 3 },
  // 232 services on average.
  large: { tiers: 16, services: 10, more: 9, policiesPerNonLeaf: 6 },
};

const elementsMax = 8;
const wildcards = 0.25;

/** What a policy of the family does. */
interface Action {
  readonly probability: number;
  readonly isCallers: boolean;
  /** Numbers of the data planes that offer it. */
  readonly dataplanes: readonly number[];
  readonly natural: Wording;
  readonly commuting: Wording;
}

/** An action in Copper, for the policy of this number; `offers` is its line in an interface. */
interface Wording {
  readonly offers: string;
  statement(policy: number): string;
}

const dataplanes = [
  { name: "full", cost: 10 },
  { name: "routing", cost: 8 },
  { name: "balancing", cost: 4 },
  { name: "basic", cost: 2 },
] as const;

const setHeader = "SetHeader(self, const header name, string value)";

/** A header of the policy's own gets what `value` yields: it commutes with whatever another policy does. */
function kept(offers: string, value: string, prefix: string): Wording {
  return { offers, statement: (policy) => `SetHeader(request, "x-${prefix}-${policy}", ${value});` };
}

const headerOfItsOwn: Wording = kept(setHeader, '"yes"', "set");

const actions: readonly Action[] = [
  {
    // Set header.
    ...{ probability: 0.3, isCallers: false, dataplanes: [0, 1, 2, 3] },
    natural: headerOfItsOwn,
    commuting: headerOfItsOwn,
  },
  {
    // Count.
    ...{ probability: 0.3, isCallers: false, dataplanes: [0, 1, 2, 3] },
    natural: {
      offers: "Count(self, const name name, int by = 1)",
      statement: (policy) => `Count(request, "seen_${policy}");`,
    },
    commuting: {
      offers: "AddHeader(self, const header name, string value)",
      statement: (policy) => `AddHeader(request, "x-seen-${policy}", "1");`,
    },
  },
  {
    // Deadline.
    ...{ probability: 0.1, isCallers: true, dataplanes: [0, 1] },
    natural: {
      offers: "SetDeadline(self, duration budget)",
      statement: () => "SetDeadline(request, 1s);",
    },
    commuting: kept("GetMethod(self): string", "GetMethod(request)", "deadline"),
  },
  {
    // Load balance.
    ...{ probability: 0.5, isCallers: true, dataplanes: [0, 1, 2] },
    natural: {
      offers: "SetHashKey(self, string key)",
      statement: (policy) => `SetHashKey(request, "${policy}");`,
    },
    commuting: kept("GetHost(self): string", "GetHost(request)", "balance"),
  },
  {
    // Drop.
    ...{ probability: 0.8, isCallers: false, dataplanes: [0, 1, 2, 3] },
    natural: {
      offers: 'Deny(self, const status status = 403, const text body = "")',
      statement: (policy) => `if (HasHeader(request, "x-drop-${policy}")) { Deny(request); }`,
    },
    commuting: {
      offers: "RemoveHeader(self, const header name)",
      statement: (policy) => `RemoveHeader(request, "x-drop-${policy}");`,
    },
  },
  {
    // Route.
    ...{ probability: 0.3, isCallers: false, dataplanes: [0, 1, 2, 3] },
    natural: {
      offers: "RewritePath(self, string path)",
      statement: (policy) => `RewritePath(request, "/route/${policy}");`,
    },
    commuting: kept("GetPath(self): string", "GetPath(request)", "route"),
  },
  {
    // Delay.
    ...{ probability: 0.1, isCallers: false, dataplanes: [0, 2] },
    natural: {
      offers: "InjectDelay(self, duration delay, float percent = 100.0)",
      statement: () => "InjectDelay(request, 10ms, 1.0);",
    },
    commuting: kept("GetCallee(self): string", "GetCallee(request)", "delay"),
  },
];

/** What every data plane offers besides: the conditions of `natural` and the keeping of `commuting`. */
const always = [setHeader, "HasHeader(self, const header name, string value = none): bool"];

/** Envoy's own hash key is chosen by the caller, whatever an interface says: where nothing is pinned, the host is rewritten instead. */
const balanceAnywhere: Wording = {
  offers: "RewriteHost(self, string host)",
  statement: (policy) => `RewriteHost(request, "balanced-${policy}");`,
};

/**
 * The benchmark family that the first Wire was measured with: tiers of services, each service called by some of those of earlier tiers, random paths
 * as contexts, and four data planes of which the cheaper ones can do less.
 */
export function generateSeedFamily(options: SeedFamilyOptions): Suite {
  const shape = shapes[options.size];
  const draw = random(options.seed);
  const { names, calls } = graph(shape, options.density ?? 0.2, draw);
  const called = new Set(calls.map(({ to }) => to));
  const services = names.map((name) => plainService(name, { entry: !called.has(name) }));
  const callees = new Map(
    [...Map.groupBy(calls, ({ from }) => from ?? "")].map(([from, list]) => [from, list.map(({ to }) => to)]),
  );
  const nonLeaves = names.filter((name) => callees.has(name));
  const count = shape.policiesPerNonLeaf * nonLeaves.length;
  const width = String(count - 1).length;
  const policies = Array.from({ length: count }, (_, policy) => {
    const context = contextText(drawContext(nonLeaves, callees, draw), options.contexts ?? "lastTwo");
    const statements = drawActions(draw).map((action) => `    ${wording(action, options).statement(policy)}`);
    return `policy p${String(policy).padStart(width, "0")} (\n    act (Request request)\n    context ('${context}')\n) {\n${statements.join("\n")}\n}\n`;
  });
  return {
    mesh: plainMesh(`seed-${options.size}-${options.seed}`, services, calls),
    sources: [
      {
        path: "policies.cup",
        text: `import "${interfaces}";\n\n${policies.join("---\n")}`,
      },
      dataplaneSource(options),
    ],
  };
}

const interfaces = "dataplanes.cui";

/** The callers of a new service are of earlier tiers: those of the first tier take requests from outside. */
function graph(
  { tiers, services, more }: Shape,
  density: number,
  draw: Random,
): { readonly names: readonly string[]; readonly calls: readonly Call[] } {
  const names: string[] = [];
  const calls: Call[] = [];
  for (let tier = 0; tier < tiers; tier++) {
    const earlier = [...names];
    const count = services + (more === 0 ? 0 : draw.below(more + 1));
    for (let each = 0; each < count; each++) {
      const to = `svc-${tier}-${each}`;
      const callers = draw.sample(earlier, Math.floor(1 + density * earlier.length));
      calls.push(...callers.map((from) => ({ from, to, rate: 1 })));
      names.push(to);
    }
  }
  return { names, calls };
}

/** A walk down from a service that calls others, some elements of which are wildcards: never the first, and never two in a row. */
function drawContext(
  nonLeaves: readonly string[],
  callees: ReadonlyMap<string, readonly string[]>,
  draw: Random,
): readonly (string | "*")[] {
  const walk = [draw.pick(nonLeaves)];
  for (let at = callees.get(walk[0] ?? ""); at !== undefined && walk.length < elementsMax; ) {
    const next = draw.pick(at);
    walk.push(next);
    at = callees.get(next);
  }
  const context: string[] = [];
  for (const name of walk) {
    const isWild = draw.next() < wildcards && context.length > 0 && context.at(-1) !== "*";
    context.push(isWild ? "*" : name);
  }
  return context;
}

/** A wildcard is any number of services, and at the end any one. */
function contextText(
  context: readonly string[],
  contexts: NonNullable<SeedFamilyOptions["contexts"]>,
): string {
  if (contexts === "lastTwo") {
    return context
      .slice(-2)
      .map((element) => (element === "*" ? "." : element))
      .join(" -> ");
  }
  return context
    .map((element, index) => (element !== "*" ? element : index === context.length - 1 ? "." : ".*"))
    .join(" -> ");
}

/** Each independently; drawn again when there is none. */
function drawActions(draw: Random): readonly Action[] {
  for (;;) {
    const drawn = actions.filter(({ probability }) => draw.next() < probability);
    if (drawn.length > 0) return drawn;
  }
}

function wording(action: Action, { actions: style, pinned }: SeedFamilyOptions): Wording {
  if (style === "commuting") return action.commuting;
  const isOfCallers = action.natural.offers.startsWith("SetHashKey");
  return isOfCallers && pinned === "nothing" ? balanceAnywhere : action.natural;
}

function dataplaneSource(options: SeedFamilyOptions): Source {
  const parts = dataplanes.map(({ name, cost }, number) => {
    const own = actions
      .filter((action) => action.dataplanes.includes(number))
      .map((action) => ({ heading: headingOf(action, options), offers: wording(action, options).offers }));
    const rest = always.filter((offers) => !own.some((each) => each.offers === offers));
    const lines = [...own, ...rest.map((offers) => ({ heading: "", offers }))];
    const text = lines.map(({ heading, offers }) => `    ${heading}action ${offers},\n`).join("");
    return `dataplane ${name}\ncost: ${cost}\n\nact Request {\n${text}}\n`;
  });
  return { path: interfaces, text: parts.join("---\n") };
}

function headingOf(action: Action, { pinned }: SeedFamilyOptions): string {
  return action.isCallers && pinned !== "nothing" ? "[Egress] " : "";
}
