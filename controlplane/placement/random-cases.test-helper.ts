import fc from "fast-check";
import type { Act, Mode, OnLost, Side } from "../language/policy.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Dataplane } from "./dataplane.ts";
import type { PlacedSide } from "./placement.ts";

/*
 * Random meshes, policies, data planes and last placements, for a second reading of the design. Services have names of one letter; `b` has
 * two versions.
 */

export interface Case {
  readonly mesh: DraftMesh;
  readonly policies: readonly DraftPolicy[];
  readonly dataplanes: readonly Dataplane[];
  readonly before: DraftBefore;
}

export interface DraftMesh {
  readonly identity: Mesh["identity"];
  readonly services: readonly DraftService[];
  readonly calls: readonly DraftCall[];
}

export interface DraftService {
  readonly name: string;
  readonly entry: boolean;
  readonly origin: boolean;
  /** Whether an id is all that it hands on. Default no. */
  readonly idAlone?: boolean;
  readonly isStore: boolean;
  /** `any`, `never` or the name of a data plane. */
  readonly proxy: string;
  readonly replicas: number;
}

export interface DraftCall {
  readonly from: string;
  readonly to: string;
  readonly rate: number;
}

export type DraftAction =
  | { readonly kind: "set"; readonly header: string; readonly value: string }
  | { readonly kind: "deny"; readonly status: number }
  | { readonly kind: "allow"; readonly caller: string }
  | { readonly kind: "count" }
  /** To a version of `b`. */
  | { readonly kind: "route"; readonly version: string }
  /** A copy to the second version of `b`. */
  | { readonly kind: "copy" }
  | { readonly kind: "retry"; readonly attempts: number }
  | { readonly kind: "timeout" | "deadline" | "delay"; readonly seconds: number };

export interface Operation {
  readonly when?: { readonly header: string; readonly value: string };
  readonly action: DraftAction;
}

export interface DraftSection {
  readonly heading: Side;
  readonly operations: readonly Operation[];
}

export interface DraftPolicy {
  readonly name: string;
  readonly act: Act;
  readonly priority: number;
  readonly mode: Mode;
  /** Default as the language has it. */
  readonly onLost?: OnLost;
  readonly anchored: boolean;
  readonly parts: readonly Part[];
  readonly sections: readonly DraftSection[];
  /** What is written as filter code: it has one section, of header operations, and says what it reads and writes, or does not. */
  readonly filter?: { readonly isDeclared: boolean };
}

/** Of a context, as it is written, and as a regular expression over letters: a service's, or a version's of `b`, of which `B` is the first. */
export interface Part {
  readonly text: string;
  readonly pattern: string;
}

/** What the last placement had, as far as it concerns this case; what there is more of is not looked at. */
export interface DraftBefore {
  /** For each service, by its number. */
  readonly proxies: readonly (string | undefined)[];
  /** For each unit, by its number. */
  readonly sides: readonly (PlacedSide | undefined)[];
}

const letters: readonly string[] = ["a", "b", "c", "d", "e", "f", "g"];
export const actionNames = {
  set: "SetHeader",
  deny: "Deny",
  allow: "Allow",
  count: "Count",
  route: "RouteToVersion",
  copy: "Mirror",
  retry: "SetRetries",
  timeout: "SetTimeout",
  deadline: "SetDeadline",
  delay: "InjectDelay",
};

/** What only the caller's proxy can do. */
export function isCallers({ action: { kind } }: Operation): boolean {
  return ["route", "copy", "retry", "timeout"].includes(kind);
}

function chance(percent: number): fc.Arbitrary<boolean> {
  return fc.nat({ max: 99 }).map((roll) => roll >= 100 - percent);
}

// The mesh

const names = fc.integer({ min: 2, max: letters.length }).map((size) => letters.slice(0, size));

function meshes(known: readonly string[], dataplanes: readonly string[]): fc.Arbitrary<DraftMesh> {
  const service = (name: string): fc.Arbitrary<DraftService> =>
    fc.record({
      name: fc.constant(name),
      entry: name === "a" ? fc.constant(true) : chance(15),
      origin: chance(10),
      isStore: name === "a" || name === "b" ? fc.constant(false) : chance(20),
      proxy: fc.oneof(
        { weight: 16, arbitrary: fc.constant("any") },
        { weight: 1, arbitrary: fc.constant("never") },
        { weight: 1, arbitrary: fc.constantFrom(...dataplanes) },
      ),
      replicas: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 20_000, 20_000, 0),
    });
  const pairs = known.flatMap((from) => known.filter((to) => to !== from).map((to) => ({ from, to })));
  return fc
    .record({
      identity: fc.constantFrom<Mesh["identity"]>("none", "none", "address", "address", "mtls"),
      services: fc.tuple(...known.map(service)),
      calls: fc
        .subarray(pairs, { minLength: 1, maxLength: Math.min(pairs.length, known.length + 3) })
        .chain((list) =>
          fc.tuple(
            ...list.map((call) =>
              fc.constantFrom(1, 1, 1, 0.5, 20, 0).map((rate): DraftCall => ({ ...call, rate })),
            ),
          ),
        ),
    })
    .map((draft) => {
      const stores = new Set(draft.services.filter(({ isStore }) => isStore).map(({ name }) => name));
      // A store calls nobody, and starts nothing.
      return {
        ...draft,
        services: draft.services.map((each) => ({ ...each, origin: each.origin && !each.isStore })),
        calls: draft.calls.filter(({ from }) => !stores.has(from)),
      };
    });
}

export function meshText({ identity, services, calls }: DraftMesh): string {
  const of = ({ name, entry, origin, idAlone, isStore, proxy, replicas }: DraftService) => ({
    ...(entry ? { entry } : {}),
    ...(origin ? { origin } : {}),
    ...(idAlone === true ? { forwards: "traceparent" } : {}),
    ...(isStore ? { protocol: "tcp" } : {}),
    ...(proxy === "any" ? {} : { proxy }),
    ...(name === "b" ? { versions: { v1: { replicas }, v2: {} } } : { replicas }),
  });
  return JSON.stringify({
    name: "m",
    identity,
    services: Object.fromEntries(services.map((each) => [each.name, of(each)])),
    calls: Object.fromEntries(
      services.map(({ name }) => [
        name,
        calls.filter(({ from }) => from === name).map(({ to, rate }) => (rate === 1 ? to : { to, rate })),
      ]),
    ),
  });
}

// Data planes

const kinds = ["SetHeader", "GetHeader", "Deny", "Allow", "Count", "RouteToVersion"];
const behind = ["Mirror", "SetRetries", "SetTimeout", "SetDeadline", "InjectDelay"];
const dataplane = (name: string): fc.Arbitrary<Dataplane> =>
  fc.record(
    {
      name: fc.constant(name),
      cost: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 3, 2, 3, 0, 0.1, 0.25, 1_000_000),
      actions: fc.oneof(
        { weight: 5, arbitrary: fc.constant("all" as const) },
        {
          weight: 2,
          arbitrary: fc
            .subarray([...kinds, ...behind], { minLength: 7 })
            .map((list) =>
              list.flatMap((action) =>
                action === "GetHeader" ? ["Request.GetHeader", "Response.GetHeader"] : [action],
              ),
            ),
        },
      ),
      sides: fc.dictionary(
        fc.constantFrom("SetHeader", "Request.SetHeader", "Deny", "Connection.Count"),
        fc.constantFrom<PlacedSide>("egress", "ingress"),
        { maxKeys: 1, noNullPrototype: true },
      ),
      actionCosts: fc.dictionary(
        fc.constantFrom("SetHeader", "Request.Deny", "Allow", "GetHeader"),
        fc.constantFrom(0.1, 0.2, 3),
        { maxKeys: 2, noNullPrototype: true },
      ),
      stampCost: fc.constantFrom(0.1, 0.2),
      checkCost: fc.constantFrom(0.1, 0.5),
    },
    { requiredKeys: ["name", "cost", "actions"] },
  );
const dataplanes = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.tuple(...["x", "y", "z"].slice(0, count).map(dataplane)));

// Policies

function contexts(known: readonly string[]): fc.Arbitrary<readonly Part[]> {
  const service = fc.constantFrom(...known);
  /** In either version. */
  const either = (name: string): string => (name === "b" ? "bB" : name);
  const atom: fc.Arbitrary<Part> = fc.oneof(
    { weight: 4, arbitrary: service.map((x) => ({ text: x, pattern: `[${either(x)}]` })) },
    { weight: 5, arbitrary: fc.constant({ text: ".", pattern: "[a-zB]" }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(service, service)
        .map(([x, y]) => ({ text: `[${x}, ${y}]`, pattern: `[${either(x)}${either(y)}]` })),
    },
    { weight: 2, arbitrary: service.map((x) => ({ text: `[^${x}]`, pattern: `[^${either(x)}]` })) },
    {
      weight: 1,
      arbitrary: fc.tuple(service, service).map(([x, y]) => ({
        text: `(${x} | ${y} -> ${x})`,
        pattern: `(?:[${either(x)}]|[${either(y)}][${either(x)}])`,
      })),
    },
    { weight: 1, arbitrary: fc.constantFrom({ text: "b@v1", pattern: "B" }, { text: "b@v2", pattern: "b" }) },
  );
  const part = fc
    .tuple(atom, fc.constantFrom("", "", "", "", "*", "+", "?"))
    .map(([{ text, pattern }, sign]) => ({ text: text + sign, pattern: pattern + sign }));
  return fc.array(part, { minLength: 1, maxLength: 3, size: "-1" });
}

const header = fc.constantFrom("h", "h", "k");
const bit = fc.constantFrom("0", "1");
const when = fc.record({ header, value: bit });
const set: fc.Arbitrary<DraftAction> = fc.record({ kind: fc.constant("set" as const), header, value: bit });
const deny: fc.Arbitrary<DraftAction> = fc.record({
  kind: fc.constant("deny" as const),
  status: fc.constantFrom(403, 429, 503),
});
const count: fc.Arbitrary<DraftAction> = fc.constant({ kind: "count" as const });
const route: fc.Arbitrary<DraftAction> = fc.record({
  kind: fc.constant("route" as const),
  version: fc.constantFrom("v1", "v2"),
});
/** What a proxy does itself, behind all policies of its side. */
const late: fc.Arbitrary<DraftAction> = fc.oneof(
  fc.constant({ kind: "copy" as const }),
  fc.record({ kind: fc.constant("retry" as const), attempts: fc.constantFrom(1, 2) }),
  fc.record({
    kind: fc.constantFrom("timeout" as const, "deadline" as const, "delay" as const, "delay" as const),
    seconds: fc.constantFrom(2, 3, 5),
  }),
);

const headings: readonly (readonly Side[])[] = [
  ["either"],
  ["either"],
  ["either"],
  ["egress"],
  ["ingress"],
  ["egress", "ingress"],
  ["ingress", "egress"],
  ["either", "egress"],
  ["either", "ingress"],
];

function policiesOf(known: readonly string[]): fc.Arbitrary<readonly DraftPolicy[]> {
  const allow: fc.Arbitrary<DraftAction> = fc.record({
    kind: fc.constant("allow" as const),
    caller: fc.constantFrom("*", "*", ...known),
  });
  const actionsOf: Readonly<Record<Act, fc.Arbitrary<DraftAction>>> = {
    Connection: fc.oneof(allow, count),
    Request: fc.oneof(
      { weight: 5, arbitrary: set },
      { weight: 2, arbitrary: deny },
      { weight: 2, arbitrary: allow },
      { weight: 1, arbitrary: count },
      { weight: 1, arbitrary: route },
      { weight: 3, arbitrary: late },
    ),
    RPCRequest: fc.oneof(set, deny),
    Response: fc.oneof({ weight: 3, arbitrary: set }, { weight: 1, arbitrary: count }),
    RPCResponse: set,
  };
  const section = (act: Act, heading: Side): fc.Arbitrary<DraftSection> =>
    fc
      .array(
        fc
          .record({ action: actionsOf[act], when }, { requiredKeys: ["action"] })
          // A connection has no headers.
          .map(({ action, when: test }) =>
            act === "Connection" || test === undefined ? { action } : { action, when: test },
          ),
        { minLength: 1, maxLength: 2 },
      )
      // What an egress heading offers only is left out under the other one: that is the checker's business.
      .map((list) => list.filter((each) => heading !== "ingress" || !isCallers(each)))
      // Nor is what comes after a `Deny`, which is never done.
      .map((list) => {
        const end = list.findIndex(({ action, when: test }) => action.kind === "deny" && test === undefined);
        return end === -1 ? list : list.slice(0, end + 1);
      })
      .filter((list) => list.length > 0)
      .map((operations) => ({ heading, operations }));
  const common = {
    priority: fc.nat({ max: 2 }),
    mode: fc.constantFrom<Mode>("enforce", "enforce", "enforce", "enforce", "audit", "off"),
    anchored: chance(12),
    parts: contexts(known),
  };
  const copper = fc
    .constantFrom<Act>("Request", "Request", "Request", "Connection", "Response", "RPCRequest", "RPCResponse")
    .chain((act) =>
      fc.record({
        ...common,
        act: fc.constant(act),
        sections: fc
          .constantFrom(...headings)
          .chain((list) => fc.tuple(...list.map((heading) => section(act, heading)))),
      }),
    );
  const filter = fc.record({
    ...common,
    act: fc.constant<Act>("Request"),
    sections: fc
      .tuple(
        fc.constantFrom<Side>("either", "either", "egress", "ingress"),
        fc.record({ action: set, when }, { requiredKeys: ["action"] }),
      )
      .map(([heading, operation]) => [{ heading, operations: [operation] }]),
    filter: fc.record({ isDeclared: chance(70) }),
  });
  return fc
    .array(fc.oneof({ weight: 9, arbitrary: copper }, { weight: 1, arbitrary: filter }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => list.map((draft, index) => ({ ...draft, name: `p${(index * 2) % 5}` })));
}

/** One file for what is written in Copper, and one for each filter. */
export function policySources(policies: readonly DraftPolicy[]): readonly Source[] {
  const copper = policies.filter(({ filter }) => filter === undefined);
  return [
    { path: "p.cup", text: copper.map(copperText).join("\n") },
    ...policies
      .filter(({ filter }) => filter !== undefined)
      .map((draft) => ({ path: `${draft.name}.ts`, text: filterText(draft) })),
  ].filter(({ text }) => text !== "");
}

function copperText(draft: DraftPolicy): string {
  const actionText = (action: DraftAction): string => {
    switch (action.kind) {
      case "set":
        return `SetHeader(r, "${action.header}", "${action.value}");`;
      case "deny":
        return `Deny(r, ${action.status});`;
      case "allow":
        return `Allow(r, "${action.caller}", "*");`;
      case "count":
        return `Count(r, "n");`;
      case "route":
        return `RouteToVersion(r, "b", "${action.version}");`;
      case "copy":
        return 'Mirror(r, "b", "v2");';
      case "retry":
        return `SetRetries(r, ${action.attempts});`;
      case "timeout":
        return `SetTimeout(r, ${action.seconds}s);`;
      case "deadline":
        return `SetDeadline(r, ${action.seconds}s);`;
      case "delay":
        return `InjectDelay(r, ${action.seconds}s);`;
      default:
        return action satisfies never;
    }
  };
  const statement = ({ action, when: test }: Operation): string =>
    test === undefined
      ? actionText(action)
      : `if (GetHeader(r, "${test.header}") == "${test.value}") { ${actionText(action)} }`;
  const heading = { either: "", egress: "[Egress] ", ingress: "[Ingress] " };
  const body = draft.sections.map((each) => heading[each.heading] + each.operations.map(statement).join(" "));
  const onLost = draft.onLost === undefined ? "" : ` onLost (${draft.onLost})`;
  return `policy ${draft.name} (act (${draft.act} r) context ('${contextText(draft)}') priority (${draft.priority}) mode (${draft.mode})${onLost}) { ${body.join(" ")} }`;
}

function filterText(draft: DraftPolicy): string {
  const [section] = draft.sections;
  const operation = section?.operations[0];
  const action = operation?.action;
  if (section === undefined || action?.kind !== "set") throw new Error("a filter sets one header");
  const test = operation?.when;
  const list = (each: string | undefined): string => (each === undefined ? "[]" : `["${each}"]`);
  const condition =
    test === undefined ? "" : `if (request.headers.get("${test.header}") == "${test.value}") `;
  return [
    `import { Request } from "proxy-wasm-as";`,
    `export const context = "${contextText(draft)}";`,
    `export const side = "${section.heading}";`,
    `export const priority = ${draft.priority};`,
    `export const mode = "${draft.mode}";`,
    ...(draft.filter?.isDeclared === true
      ? [
          `export const reads: string[] = ${list(test?.header)};`,
          `export const writes: string[] = ${list(action.header)};`,
        ]
      : []),
    `export function onRequest(request: Request): void { ${condition}request.headers.set("${action.header}", "${action.value}"); }`,
  ].join("\n");
}

function contextText({ anchored, parts }: DraftPolicy): string {
  return (anchored ? "^" : "") + parts.map(({ text }) => text).join(" -> ");
}

// What was placed before

function befores(kinds: readonly string[]): fc.Arbitrary<DraftBefore> {
  return fc.record({
    proxies: fc.array(fc.constantFrom(undefined, ...kinds, "vanished"), {
      minLength: letters.length,
      maxLength: letters.length,
    }),
    sides: fc.array(fc.constantFrom<PlacedSide | undefined>(undefined, "egress", "ingress"), {
      minLength: 8,
      maxLength: 8,
    }),
  });
}

export const randomCases: fc.Arbitrary<Case> = fc.tuple(names, dataplanes).chain(([known, kinds]) => {
  const called = kinds.map(({ name }) => name);
  return fc.record({
    mesh: meshes(known, called),
    policies: policiesOf(known),
    dataplanes: fc.constant(kinds),
    before: befores(called),
  });
});

/** Cases in which most ways cost the same, so that the last placement decides. */
export const tiedCases: fc.Arbitrary<Case> = randomCases.map((drawn) => ({
  ...drawn,
  mesh: {
    ...drawn.mesh,
    services: drawn.mesh.services.map((service) => ({
      ...service,
      isStore: false,
      proxy: "any",
      replicas: 1,
    })),
  },
  dataplanes: drawn.dataplanes.map(({ name }) => ({ name, cost: 1, actions: "all" })),
  policies: drawn.policies.map((policy) => ({
    ...policy,
    sections: policy.sections.slice(0, 1).map((section) => ({ ...section, heading: "either" })),
  })),
}));

/**
 * Cases in which paths decide: one or two policies of contexts that begin or pass somewhere, on meshes where several ways lead to most services.
 */
export const stampedCases: fc.Arbitrary<Case> = fc
  .record({
    drawn: randomCases,
    identity: fc.constantFrom<Mesh["identity"]>("none", "address", "address"),
    size: fc.integer({ min: 4, max: 6 }),
    callers: fc.tuple(...letters.map((_, number) => fc.nat({ max: Math.max(0, number - 1) }))),
    more: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { minLength: 2, maxLength: 5 }),
    second: fc.nat({ max: 15 }),
    closed: fc.nat({ max: 15 }),
    alone: fc.nat({ max: 11 }),
    contexts: fc.array(
      fc.record({
        anchored: chance(20),
        names: fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("b", "c", "d")),
        last: fc.constantFrom(".", "d", "e", "f"),
        kind: fc.constantFrom("from", "by", "avoiding", "version"),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ drawn, identity, size, callers, more, second, closed, alone, contexts: drafts }) => {
    const known = letters.slice(0, size);
    const tree = known.slice(1).map((to, at) => [known[callers[at + 1] ?? 0] ?? "a", to] as const);
    const others = more.flatMap(([from, to]) => {
      const ends = [known[from], known[to]] as const;
      return ends[0] === undefined || ends[1] === undefined || from === to
        ? []
        : [[ends[0], ends[1]] as const];
    });
    const pairs = new Map([...tree, ...others].map(([from, to]) => [`${from}>${to}`, { from, to, rate: 1 }]));
    const part = (name: string): Part => ({ text: name, pattern: `[${name === "b" ? "bB" : name}]` });
    const any: Part = { text: ".", pattern: "[a-zB]" };
    const through: Part = { text: ".*", pattern: "[a-zB]*" };
    const partsOf = ({ kind, names: [one, other], last }: (typeof drafts)[number]): readonly Part[] => {
      const end = last === "." || !known.includes(last) ? any : part(last);
      if (kind === "from") return [part(one), through, end];
      if (kind === "by") return [part(one), through, part(other), through, end];
      if (kind === "version") return [{ text: "b@v2", pattern: "b" }, through, end];
      return [part(one), { text: `[^${other}]*`, pattern: `[^${other === "b" ? "bB" : other}]*` }, end];
    };
    return {
      ...drawn,
      mesh: {
        identity,
        services: known.map((name, number) => ({
          ...{ name, entry: number === 0, origin: number === second, isStore: false, replicas: 1 },
          proxy: number === closed ? "never" : "any",
          // Now and then the one that takes no proxy.
          idAlone: number === (alone > 8 ? closed : alone),
        })),
        calls: [...pairs.values()],
      },
      // The third kind only passes connections on.
      dataplanes: drawn.dataplanes.map(({ sides: _, ...plane }, number) => ({
        ...plane,
        actions: number === 2 ? ["Connection.Allow", "Connection.Count"] : "all",
      })),
      policies: drawn.policies.slice(0, drafts.length).map((policy, number) => ({
        ...policy,
        act: "Request",
        mode: "enforce",
        anchored: drafts[number]?.anchored ?? false,
        parts: drafts[number] === undefined ? policy.parts : partsOf(drafts[number]),
        sections: policy.sections.slice(0, 1).map(({ heading }) => ({
          heading,
          operations: [{ action: { kind: "set", header: "h", value: "1" } }],
        })),
      })),
    };
  });

/** Cases in which a policy sends all requests to one version, or seems to, and others are for a version. */
export const routedCases: fc.Arbitrary<Case> = fc
  .record({
    drawn: randomCases,
    action: route,
    test: fc.option(when, { freq: 4 }),
    from: fc.constantFrom(".", "a"),
    parts: fc.constantFrom([{ text: "b@v1", pattern: "B" }], [{ text: "b@v2", pattern: "b" }]),
  })
  .map(({ drawn, action, test, from, parts }) => {
    const { mesh, dataplanes: planes } = drawn;
    const router: DraftPolicy = {
      ...{ name: "o", act: "Request", priority: 2, mode: "enforce", anchored: false },
      parts: [
        { text: from, pattern: from === "." ? "[a-zB]" : from },
        { text: "b", pattern: "[bB]" },
      ],
      sections: [{ heading: "either", operations: [test === null ? { action } : { when: test, action }] }],
    };
    const isCalled = mesh.calls.some((call) => call.from === "a" && call.to === "b");
    return {
      ...drawn,
      mesh: {
        ...mesh,
        calls: isCalled ? mesh.calls : [...mesh.calls, { from: "a", to: "b", rate: 1 }],
        services: mesh.services.map((each) => ({ ...each, proxy: "any", entry: each.name === "a" })),
      },
      dataplanes: planes.map(({ sides, ...plane }) => ({ ...plane, actions: "all" })),
      policies: [router, ...drawn.policies.map((each, index) => (index === 0 ? { ...each, parts } : each))],
    };
  });

/** Cases with much that proxies do themselves, behind policies, on one call, where time is short. */
export const lateCases: fc.Arbitrary<Case> = fc
  .record({
    drawn: randomCases,
    list: fc.array(
      fc.record({
        act: fc.constantFrom<Act>("Request", "Request", "Response"),
        priority: fc.nat({ max: 2 }),
        heading: fc.constantFrom<Side>("either", "either", "either", "egress", "ingress"),
        doing: fc.oneof(late, late, deny, count),
        passing: count,
        test: fc.option(when, { nil: undefined, freq: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    isShort: fc.boolean(),
  })
  .map(({ drawn, list, isShort }) => {
    const policyOf = (name: string, act: Act, priority: number, section: DraftSection): DraftPolicy => ({
      ...{ name, act, priority, mode: "enforce", anchored: false, sections: [section] },
      parts: [
        { text: "a", pattern: "a" },
        { text: "b", pattern: "[bB]" },
      ],
    });
    const short = policyOf("short", "Request", 0, {
      heading: "egress",
      operations: [{ action: { kind: "timeout", seconds: 2 } }],
    });
    return {
      ...drawn,
      mesh: {
        identity: "address",
        services: ["a", "b"].map((name) => ({
          ...{ name, entry: name === "a", origin: false, isStore: false, proxy: "any", replicas: 1 },
        })),
        calls: [{ from: "a", to: "b", rate: 1 }],
      },
      dataplanes: drawn.dataplanes.map((plane) => ({ ...plane, actions: "all", sides: {} })),
      policies: [
        ...(isShort ? [short] : []),
        ...list.map(({ act, priority, heading, doing, passing, test }, index) => {
          const action = act === "Request" ? doing : passing;
          const operation = test === undefined ? { action } : { action, when: test };
          const own = isCallers(operation) ? "either" : heading;
          return policyOf(`p${index}`, act, priority, { heading: own, operations: [operation] });
        }),
      ],
    };
  });
