import fc from "fast-check";
import type { Context, Expression, Name } from "../language/context.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";

const span = { start: 0, end: 0 };
const names = ["a", "b", "c", "d", "e", "f", "g"] as const;

/** Small meshes with cycles, stores that call others, versions, entries and origins, and services that nothing leads to. */
export const anyMesh: fc.Arbitrary<Mesh> = fc
  .integer({ min: 1, max: names.length })
  .chain((size) => {
    const here = names.slice(0, size);
    const services = fc.tuple(...here.map((name) => anyService(name)));
    const pairs = here.flatMap((from) =>
      here.filter((to) => to !== from).map((to) => ({ from, to, rate: 1 })),
    );
    return fc.record({
      services,
      calls: fc.shuffledSubarray(pairs, { maxLength: Math.min(2 * size, pairs.length) }),
    });
  })
  .map(({ services, calls }) => ({
    name: "any",
    identity: "address",
    stateHeader: "tracestate",
    services: new Map(services.map((service) => [service.name, service])),
    calls,
  }));

function anyService(name: string): fc.Arbitrary<Service> {
  return fc
    .record({
      entry: fc.boolean(),
      origin: fc.integer({ min: 0, max: 4 }),
      isTcp: fc.integer({ min: 0, max: 3 }),
      versions: fc.constantFrom([], [], ["v1"], ["v1", "v2"]),
    })
    .map(({ entry, origin, isTcp, versions }) => ({
      name,
      entry,
      origin: origin === 0,
      protocol: isTcp === 0 ? "tcp" : "http",
      port: 8080,
      replicas: 1,
      versions: new Map(versions.map((version) => [version, { replicas: 1 }])),
      proxy: "any",
      endpoints: [],
    }));
}

const anyName: fc.Arbitrary<Name> = fc
  .record({ name: fc.constantFrom(...names), version: fc.constantFrom(undefined, undefined, "v1", "v2") })
  .map(({ name, version }) => (version === undefined ? { name, span } : { name, version, span }));

const someNames = fc.array(anyName, { minLength: 1, maxLength: 3 });

const { expression } = fc.letrec<{ expression: Expression; atom: Expression }>((tie) => ({
  atom: fc.oneof(
    anyName.map((name): Expression => ({ kind: "service", ...name })),
    fc.constant<Expression>({ kind: "any", except: [], span }),
    someNames.map((except): Expression => ({ kind: "any", except, span })),
    someNames.map((listed): Expression => ({ kind: "set", names: listed, span })),
  ),
  expression: fc.oneof(
    { maxDepth: 3, depthIdentifier: "expression" },
    { weight: 2, arbitrary: tie("atom") },
    {
      weight: 3,
      arbitrary: fc
        .array(tie("expression"), { minLength: 2, maxLength: 3 })
        .map((items): Expression => ({ kind: "sequence", items, span })),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(tie("expression"), { minLength: 2, maxLength: 3 })
        .map((options): Expression => ({ kind: "choice", options, span })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({
          item: tie("expression"),
          min: fc.constantFrom<0 | 1>(0, 1),
          max: fc.constantFrom<1 | "infinity">(1, "infinity"),
        })
        .map(({ item, min, max }): Expression => ({ kind: "repeat", item, min, max, span })),
    },
  ),
}));

export const anyContext: fc.Arbitrary<Context> = fc.record({
  anchored: fc.integer({ min: 0, max: 3 }).map((one) => one === 0),
  expression,
});
