import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { Context, Expression } from "../language/context.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { anyContext } from "./any-mesh.test-helper.ts";
import { automaton } from "./automaton.ts";
import { type CallGraph, callGraph } from "./call-graph.ts";
import { contextMachines } from "./path-machine.ts";
import type { Point, Question, Stop } from "./projection.ts";

const names = ["a", "b", "c", "d", "e", "f"] as const;
const versionsOf = fc.constantFrom([], [], [], ["v1", "v2"]);

/**
 * Headers do not travel over connections: these meshes have none. Paths begin at one service or two, which stamp in any case, and more than one
 * leads to most others.
 */
const anyHttpMesh = fc
  .record({
    versions: fc.tuple(...names.map(() => versionsOf)),
    callers: fc.tuple(...names.map((_, number) => fc.nat({ max: Math.max(0, number - 1) }))),
    more: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), {
      minLength: 2,
      maxLength: 5,
    }),
    second: fc.nat({ max: 11 }),
  })
  .map(({ versions, callers, more, second }): Mesh => {
    const tree = names.slice(1).map((to, at) => [names[callers[at + 1] ?? 0] ?? "a", to] as const);
    const pairs = new Map([...tree, ...more].map((pair) => [pair.join(), pair]));
    return {
      name: "any",
      identity: "address",
      stateHeader: "tracestate",
      services: new Map(
        names.map((name, number) => [
          name,
          {
            name,
            entry: number === 0,
            origin: number === second,
            protocol: "http",
            port: 8080,
            replicas: 1,
            versions: new Map((versions[number] ?? []).map((version) => [version, { replicas: 1 }])),
            proxy: "any",
            endpoints: [],
          },
        ]),
      ),
      calls: [...pairs.values()]
        .filter(([from, to]) => from !== to)
        .map(([from, to]) => ({ from, to, rate: 1 })),
    };
  });

const span = { start: 0, end: 0 };
const anyName = fc.constantFrom<Expression>(
  ...names.map((name) => ({ kind: "service", name, span }) as const),
);
const through: Expression = {
  kind: "repeat",
  item: { kind: "any", except: [], span },
  min: 0,
  max: "infinity",
  span,
};
/** What is mostly asked: whether a request has come from one service, or by way of it. */
const anyDetour = fc.record({ anchored: fc.boolean(), one: anyName, other: anyName }).map(
  ({ anchored, one, other }): Context => ({
    anchored,
    expression: {
      kind: "sequence",
      items: [
        ...(anchored ? [through] : []),
        one,
        through,
        other,
        through,
        { kind: "any", except: [], span },
      ],
      span,
    },
  }),
);

/** Contexts, and the services that stamp. */
export interface Case {
  readonly mesh: Mesh;
  readonly contexts: readonly Context[];
  /** By the number of a service, whether it stamps. */
  readonly chosen: readonly boolean[];
  readonly knowsVersion: boolean;
  readonly knowsCaller: boolean;
  readonly isBehindStamp: boolean;
}

export const anyCase: fc.Arbitrary<Case> = fc.record({
  mesh: anyHttpMesh,
  contexts: fc.array(fc.oneof(anyContext, anyDetour), { minLength: 1, maxLength: 3 }),
  chosen: fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
  knowsVersion: fc.boolean(),
  knowsCaller: fc.boolean(),
  isBehindStamp: fc.boolean(),
});

/** Each context is asked on all calls. */
export function setUp({ mesh, contexts, chosen, knowsVersion, knowsCaller, isBehindStamp }: Case): {
  readonly graph: CallGraph;
  readonly questions: readonly [Question, ...Question[]];
  readonly stamps: ReadonlySet<number>;
} {
  const graph = callGraph(mesh);
  const inside = [...graph.calls.keys()].filter((call) => (graph.from[call] ?? -1) >= 0);
  const points: readonly Point[] = knowsCaller
    ? inside.map((call) => ({ calls: [call], knowsVersion, isBehindStamp }))
    : [...Map.groupBy(inside, (call) => graph.to[call]).values()].map((calls) => ({
        calls,
        knowsVersion,
        isBehindStamp,
      }));
  const machines = contextMachines(
    graph,
    contexts.map((context) => automaton(context, "may")),
  );
  const [first, ...others] = machines.map((machine) => ({ machine, points }));
  assert(first !== undefined, "there is a context");
  const stamps = new Set(
    [...graph.services.keys()].filter(
      (service) => chosen[service] === true || graph.starts.includes(service),
    ),
  );
  return { graph, questions: [first, ...others], stamps };
}

/** The names of the stops that stamp before a path is asked about at its end. */
export function stampedStops(
  { machine }: Question,
  path: readonly Stop[],
  { stamps, isBehindStamp }: { readonly stamps: ReadonlySet<number>; readonly isBehindStamp: boolean },
): readonly string[] {
  return path
    .slice(0, isBehindStamp ? path.length : -1)
    .filter(({ service }) => stamps.has(service))
    .map((stop) => letterName(machine, stop));
}

/** Every path of so many services at most, with the versions that they are met in. */
export function pathsOf(mesh: Mesh, lengthMax: number): readonly (readonly Stop[])[] {
  const graph = callGraph(mesh);
  const lettersOf = (service: number): readonly Stop[] => {
    const name = graph.services[service] ?? "";
    const versions = [...(mesh.services.get(name)?.versions.keys() ?? [])];
    return (versions.length === 0 ? [name] : versions.map((version) => `${name}@${version}`)).map((each) => ({
      service,
      name: each,
    }));
  };
  const paths: (readonly Stop[])[] = graph.starts.flatMap((service) =>
    lettersOf(service).map((stop) => [stop]),
  );
  for (const path of paths) {
    if (path.length === lengthMax || paths.length > 3_000) continue;
    const from = path.at(-1)?.service ?? -1;
    for (const [call, caller] of graph.from.entries())
      if (caller === from) for (const stop of lettersOf(graph.to[call] ?? 0)) paths.push([...path, stop]);
  }
  return paths.filter(({ length }) => length > 1);
}

export function callOf(mesh: Mesh, path: readonly Stop[]): number {
  const graph = callGraph(mesh);
  const [from, to] = path.slice(-2).map(({ service }) => graph.services[service]);
  return graph.calls.findIndex((call) => call.from === from && call.to === to);
}

export function matches({ machine }: Question, path: readonly Stop[]): boolean {
  const end = path.reduce((state, { service, name }) => {
    const all = machine.letters(service);
    const letter =
      all.find((each) => each.name === name) ?? all.find((each) => each.name === name.split("@")[0]);
    return machine.step(state, letter ?? { name, symbols: [] });
  }, machine.start);
  return machine.accepts(end);
}

/** A version that the context does not tell from others has the service's name alone. */
export function letterName(machine: Question["machine"], { service, name }: Stop): string {
  const all = machine.letters(service);
  return all.find((each) => each.name === name)?.name ?? all[0]?.name.split("@")[0] ?? name;
}
