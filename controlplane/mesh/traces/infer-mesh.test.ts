import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromYaml } from "../from-yaml.ts";
import type { Protocol } from "../mesh.ts";
import { toYaml } from "../to-yaml.ts";
import { drift } from "./drift.ts";
import { inferMesh, labelled } from "./infer-mesh.ts";
import { createObservations, type Observer } from "./observations.ts";

function observed(observe: (observer: Observer) => void) {
  const observations = createObservations();
  observe(observations.on("clock"));
  return observations.result();
}

const names = ["a", "b", "c_d", "c-d", "Outside", "x/y"] as const;
const name = fc.constantFrom(...names);
const protocol = fc.constantFrom<Protocol>("http", "grpc", "tcp");
const any = fc
  .record({
    calls: fc.array(fc.tuple(name, name, protocol, fc.integer({ min: 1, max: 50 })), { maxLength: 12 }),
    outside: fc.array(name, { maxLength: 2 }),
    started: fc.array(name, { maxLength: 2 }),
    seconds: fc.constantFrom(0, 0.5, 1, 100),
  })
  .map(({ calls, outside, started, seconds }) =>
    observed((observer) => {
      for (const [from, to, by, count] of calls) for (let n = 0; n < count; n++) observer.call(from, to, by);
      for (const each of outside) observer.fromOutside(each, "http");
      for (const each of started) observer.started(each);
      observer.at(0, seconds * 1000);
    }),
  );

describe("inferMesh", () => {
  test("whatever was observed makes a mesh file without a word against it, and without drift", () => {
    fc.assert(
      fc.property(any, (seen) => {
        fc.pre(seen.services.size > 0);
        const found = labelled(seen, 1);
        const { mesh } = inferMesh(found, "m");
        const read = fromYaml({ path: "m", text: toYaml(mesh) });
        expect(read.diagnostics).toEqual([]);
        expect(read.mesh).toEqual(mesh);
        const { unobserved, ...rest } = drift(mesh, found, {
          ...{ factor: 2, seconds: seen.seconds, showStarts: true },
        });
        expect(rest).toEqual({ undeclared: [], rates: [], unobservedOrigins: [], undeclaredOrigins: [] });
        // Entries that are guessed were not seen.
        expect(unobserved.filter(({ from }) => from !== null)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("rates over the time, of a share of the requests", () => {
    const seen = observed((observer) => {
      for (let n = 0; n < 30; n++) observer.call("a", "b", "grpc");
      observer.call("a", "a", "grpc");
      observer.fromOutside("a", "http");
      observer.instance("b", "b-0");
      observer.instance("b", "b-1");
      observer.at(1000, 61_000);
    });
    const found = labelled(seen, 0.005);
    expect(found.toItself).toBe(1);
    const { mesh, notes } = inferMesh(found, "m");
    expect(mesh.calls).toEqual([{ from: "a", to: "b", rate: 100 }]);
    expect(mesh.services.get("b")).toMatchObject({ protocol: "grpc", replicas: 2, entry: false });
    expect(mesh.services.get("a")).toMatchObject({ entry: true, origin: false });
    expect(notes).toEqual([]);
  });

  test("rates of unlike clocks are added, each over its own time; of too short a time there are none", () => {
    const observations = createObservations();
    const [first, second, short] = ["first", "second", "short"].map((clock) => observations.on(clock));
    const times = { first: [0, 10_000], second: [5e12, 5e12 + 100_000], short: [0, 10] };
    for (const [observer, [from, to]] of [
      [first, times.first],
      [second, times.second],
      [short, times.short],
    ] as const) {
      observer?.at(from ?? 0, to);
    }
    first?.fromOutside("a", "http");
    for (let n = 0; n < 20; n++) first?.call("a", "b", "http");
    for (let n = 0; n < 50; n++) second?.call("a", "b", "http");
    second?.call("a", "c", "http");
    short?.call("a", "d", "http");
    const seen = observations.result();
    expect(seen.seconds).toBe(100);
    const found = labelled(seen, 0.5);
    expect(found).toMatchObject({
      calls: [
        { from: null, to: "a", count: 1, rate: 0.2 },
        { from: "a", to: "b", count: 70, rate: 5 },
        { from: "a", to: "c", count: 1, rate: 0.02 },
        { from: "a", to: "d", count: 1, rate: undefined },
      ],
      addedUp: 1,
    });
    expect(inferMesh(found, "m").notes).toEqual([
      "the traces of 1 of the calls are of less than a second: these have no rates",
    ]);
  });

  test("what had to be guessed is told", () => {
    const seen = observed((observer) => {
      observer.call("c_d", "c-d", "http");
      observer.call("p", "q", "http");
      observer.call("q", "p", "http");
    });
    const { mesh, notes } = inferMesh(labelled(seen, 1), "m");
    expect([...mesh.services.values()].filter(({ entry }) => entry).map((service) => service.name)).toEqual([
      expect.stringMatching(/^c-d-[0-9a-f]{8}$/),
      "p",
    ]);
    expect(notes).toEqual([
      "`c-d` and `c_d` would all be `c-d`: only one is",
      "the traces are of less than a second: calls have no rates",
      expect.stringMatching(/^no request is known to reach `c-d-[0-9a-f]{8}`, `p`: taken for entries/),
    ]);
  });
});

describe("drift", () => {
  const { mesh } = fromYaml({
    path: "m",
    text: `name: m
services: { a: { entry: true }, b: {}, c: {}, d: { entry: true } }
calls:
  a: [{ to: b, rate: 10 }, { to: c, rate: 10 }, { to: d, rate: 0.001 }]
  b: [c]
`,
  });
  if (mesh === undefined) throw new Error("the mesh is well");
  const compare = (factor: number, observe: (observer: Observer) => void) => {
    const seen = observed((observer) => {
      observe(observer);
      observer.at(0, 10_000);
    });
    return drift(mesh, labelled(seen, 1), { factor, seconds: 10, showStarts: true });
  };
  const times = (count: number, act: () => void) => Array.from({ length: count }).forEach(act);

  test("calls that are missing on either side, and rates more than a factor apart", () => {
    const found = compare(3, (observer) => {
      times(100, () => observer.fromOutside("a", "http"));
      times(100, () => observer.call("a", "b", "http"));
      times(31, () => observer.call("a", "c", "http"));
      times(500, () => observer.call("b", "c", "http"));
      times(2, () => observer.call("c", "new", "tcp"));
      observer.fromOutside("c", "http");
    });
    expect(found).toEqual({
      // A call once in a thousand seconds may not have come in ten; `b -> c` says no rate.
      unobserved: [{ from: null, to: "d" }],
      undeclared: [
        { from: null, to: "c", count: 1, rate: 0.1 },
        { from: "c", to: "new", count: 2, rate: 0.2 },
      ],
      rates: [{ from: "a", to: "c", declared: 10, observed: 3.1 }],
      ...{ unobservedOrigins: [], undeclaredOrigins: [] },
    });
  });

  test("within the factor, and of too few requests, there is none", () => {
    const observe = (observer: Observer) => {
      for (const entry of ["a", "d"]) observer.fromOutside(entry, "http");
      times(34, () => observer.call("a", "b", "http"));
      times(299, () => observer.call("a", "c", "http"));
      times(9, () => observer.call("a", "d", "http"));
      observer.call("b", "c", "http");
    };
    const none = {
      ...{ unobserved: [], undeclared: [], rates: [] },
      ...{ unobservedOrigins: [], undeclaredOrigins: [] },
    };
    expect(compare(3, observe)).toEqual(none);
    expect(compare(2, observe).rates.map(({ to }) => to)).toEqual(["b", "c"]);
  });
  test("who starts requests, where the traces show it", () => {
    const { mesh: declared } = fromYaml({
      path: "m",
      text: `name: m
services: { a: { entry: true }, b: { origin: true }, c: { origin: true }, store: { protocol: tcp } }
calls: { a: [b], b: [store], c: [store] }
`,
    });
    if (declared === undefined) throw new Error("the mesh is well");
    const found = labelled(
      observed((observer) => {
        observer.fromOutside("a", "http");
        observer.call("a", "b", "http");
        observer.call("b", "store", "tcp");
        observer.call("c", "store", "tcp");
        // A message that leads to no call is no request.
        for (const service of ["a", "a", "b", "store"]) observer.started(service);
      }),
      1,
    );
    const options = { factor: 3, seconds: 0 };
    expect(drift(declared, found, { ...options, showStarts: true })).toEqual({
      ...{ unobserved: [], undeclared: [], rates: [] },
      unobservedOrigins: ["c"],
      undeclaredOrigins: [{ service: "a", count: 2 }],
    });
    expect(drift(declared, found, { ...options, showStarts: false }).unobservedOrigins).toEqual([]);
  });
});
