import fc from "fast-check";
import { expect, test } from "vitest";
import { fromYaml } from "./from-yaml.ts";
import { generateAlibaba } from "./generate-alibaba.ts";
import { idHeaders, type Mesh, type Service } from "./mesh.ts";
import { plainMesh, plainService } from "./suite.ts";
import { toYaml } from "./to-yaml.ts";

test("a line for each service, and one for what it calls", () => {
  const mesh = plainMesh(
    "shop",
    [plainService("frontend", { entry: true, replicas: 2 }), plainService("null"), plainService("12")],
    [
      { from: "frontend", to: "null", rate: 1 },
      { from: "frontend", to: "12", rate: 0.25 },
    ],
  );
  expect(toYaml(mesh)).toBe(`name: shop
identity: address
services:
  frontend: { entry: true, replicas: 2 }
  "null": {}
  "12": {}
calls:
  frontend: [ "null", { to: "12", rate: 0.25 } ]
`);
});

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,6}[a-z0-9])?(\/[a-z0-9]([-a-z0-9]{0,6}[a-z0-9])?)?$/);
const replicas = fc.integer({ min: 0, max: 20 });

function service(own: string): fc.Arbitrary<Service> {
  return fc
    .record({
      entry: fc.boolean(),
      origin: fc.boolean(),
      forwards: fc.constantFrom(undefined, ...idHeaders),
      protocol: fc.constantFrom("http", "grpc", "tcp"),
      port: fc.constantFrom(8080, 6379, 1, 65_535),
      replicas,
      versions: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9]([-_.A-Za-z0-9]{0,5}[A-Za-z0-9])?$/), replicas, {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      proxy: fc.constantFrom("any", "never", "envoy"),
    })
    .map(({ versions, forwards, ...rest }): Service => {
      const all = new Map(Object.entries(versions).map(([tag, count]) => [tag, { replicas: count }]));
      const total = [...all.values()].reduce((sum, version) => sum + version.replicas, 0);
      const [first] = all.keys();
      return plainService(own, {
        ...rest,
        protocol: rest.protocol as Service["protocol"],
        ...(forwards === undefined || rest.protocol === "tcp" ? {} : { forwards }),
        versions: all,
        ...(all.size === 0 ? {} : { replicas: total }),
        endpoints:
          first === undefined || rest.entry
            ? []
            : [
                { address: "10.1.0.7", port: 80 },
                { address: "fd00::7", port: 81, version: first },
              ],
      });
    });
}

const price = fc.double({ min: 1e-9, max: 1e9, noNaN: true });

const meshes: fc.Arbitrary<Mesh> = fc
  .uniqueArray(
    name.filter((each) => each !== "outside"),
    { minLength: 1, maxLength: 5 },
  )
  .chain((names) =>
    fc.record({
      services: fc.tuple(...names.map(service)),
      calls: fc.uniqueArray(
        fc.record({
          from: fc.constantFrom(...names),
          to: fc.constantFrom(...names),
          rate: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1e9, noNaN: true })),
        }),
        { selector: ({ from, to }) => `${from} ${to}`, maxLength: 8 },
      ),
      stateHeader: fc.constantFrom("tracestate", "baggage", "header:x-path"),
      jwt: fc.constantFrom(
        undefined,
        new Map([["us", { issuer: "a: b", audiences: ["c"], jwks: '{"keys":[{"kty":"oct","k":"a"}]}' }]]),
      ),
      accessLog: fc.boolean(),
      decisionLog: fc.option(fc.double({ min: 0, minExcluded: true, max: 1, noNaN: true }), {
        nil: undefined,
      }),
      prices: fc.option(fc.record({ cpu: price, memory: price }), { nil: undefined }),
    }),
  )
  .map(({ services, calls, stateHeader, jwt, accessLog, decisionLog, prices }) => {
    const grouped = [...Map.groupBy(calls, ({ from }) => from).values()].flat();
    const [first, ...rest] = services;
    return {
      ...plainMesh(
        "any",
        [...(first === undefined ? [] : [{ ...first, entry: true, endpoints: [] }]), ...rest],
        grouped.filter(({ from, to }) => from !== to),
      ),
      // Services may share addresses where these say nothing of who calls.
      identity: "none",
      stateHeader,
      ...(jwt === undefined ? {} : { jwt }),
      ...(accessLog ? { accessLog } : {}),
      ...(decisionLog === undefined ? {} : { decisionLog }),
      ...(prices === undefined ? {} : { prices }),
    };
  });

test("what is written reads as the same mesh", () => {
  fc.assert(
    fc.property(meshes, (mesh) => {
      const { mesh: read, diagnostics } = fromYaml({ path: "mesh.yaml", text: toYaml(mesh) });
      expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(read).toEqual(mesh);
      expect([...(read?.services.keys() ?? [])]).toEqual([...mesh.services.keys()]);
    }),
  );
});

test("a mesh of thousands of services", () => {
  const mesh = generateAlibaba({ seed: 3, services: 3000 });
  const { mesh: read, diagnostics } = fromYaml({ path: "mesh.yaml", text: toYaml(mesh) });
  // There are not so many addresses here, which is worth a warning.
  expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["MSH0209", "warning"]]);
  expect(read).toEqual(mesh);
});
