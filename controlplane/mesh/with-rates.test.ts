import fc from "fast-check";
import { expect, test } from "vitest";
import { fromYaml } from "./from-yaml.ts";
import { rateMax } from "./limits.ts";
import type { Mesh } from "./mesh.ts";
import { toYaml } from "./to-yaml.ts";
import { withRates } from "./with-rates.ts";

function read(text: string): Mesh {
  const { mesh, diagnostics } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error(JSON.stringify(diagnostics));
  return mesh;
}

const yaml = `# A shop.
name: shop
services: { a: { entry: true }, b: {}, c: {}, d: {} }
calls:
  a: [b, { to: c, rate: 5 }, "d"] # three
  b:
    - c # plain
    - to: d  # in a block
    -   rate: 7 # first
        to: a
  c: [{ to: d }, { rate: 2, to: a }]
`;

test("rates are written where they are, or where they have a place, and nothing else changes", () => {
  const { text, written } = withRates(yaml, [
    { from: "a", to: "b", rate: 2.5 },
    { from: "a", to: "c", rate: 6 },
    { from: "a", to: "d", rate: 0 },
    { from: "b", to: "c", rate: 1 },
    { from: "b", to: "d", rate: 3 },
    { from: "b", to: "a", rate: 8 },
    { from: "c", to: "d", rate: 4 },
    { from: "c", to: "a", rate: 2 },
    { from: "c", to: "b", rate: 9 },
  ]);
  expect(text).toBe(`# A shop.
name: shop
services: { a: { entry: true }, b: {}, c: {}, d: {} }
calls:
  a: [{ to: b, rate: 2.5 }, { to: c, rate: 6 }, { to: "d", rate: 0 }] # three
  b:
    - c # plain
    - to: d  # in a block
      rate: 3
    -   rate: 8 # first
        to: a
  c: [{ to: d, rate: 4 }, { rate: 2, to: a }]
`);
  expect(written.map(({ from, to }) => `${from}>${to}`)).toEqual(["a>b", "a>c", "a>d", "b>d", "b>a", "c>d"]);
});

test("a mesh file in JSON stays one", () => {
  const text = `{ "name": "shop", "services": { "a": { "entry": true }, "b": {}, "c": {} },
    "calls": { "a": ["b", { "to": "c" }] } }`;
  const next = withRates(text, [
    { from: "a", to: "b", rate: 2 },
    { from: "a", to: "c", rate: 3 },
  ]).text;
  expect(JSON.parse(next)).toMatchObject({
    calls: {
      a: [
        { to: "b", rate: 2 },
        { to: "c", rate: 3 },
      ],
    },
  });
});

test("what is written is what is read, and the rest as it was", () => {
  const rate = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ min: 0, max: rateMax, noNaN: true }));
  const pairs = [
    ["a", "b"],
    ["a", "c"],
    ["b", "c"],
    ["c", "a"],
  ] as const;
  const base = read("name: m\nservices: { a: { entry: true }, b: { entry: true }, c: {} }\n");
  const before = fc
    .subarray([...pairs])
    .chain((calls) =>
      fc.tuple(
        ...calls.map(([from, to]) => fc.record({ from: fc.constant(from), to: fc.constant(to), rate })),
      ),
    );
  const after = fc.array(
    fc.record({ from: fc.constantFrom("a", "b", "c"), to: fc.constantFrom("a", "b", "c"), rate }),
  );
  fc.assert(
    fc.property(before, after, (calls, rates) => {
      const mesh: Mesh = {
        ...base,
        services: new Map([...base.services].map(([name, each]) => [name, { ...each, entry: true }])),
        calls,
      };
      const next = read(withRates(toYaml(mesh), rates).text);
      const latest = new Map(rates.map((each) => [`${each.from}>${each.to}`, each.rate]));
      const key = ({ from, to }: Mesh["calls"][number]): string => `${from}>${to}`;
      expect(new Map(next.calls.map((call) => [key(call), call.rate]))).toEqual(
        new Map(calls.map((call) => [key(call), latest.get(key(call)) ?? call.rate])),
      );
      expect(next.services).toEqual(mesh.services);
    }),
  );
});
