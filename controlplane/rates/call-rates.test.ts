import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { callRates, type ProxyLoad } from "./call-rates.ts";

function meshOf(text: string): Mesh {
  const { mesh, diagnostics } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error(JSON.stringify(diagnostics));
  return mesh;
}

const mesh = meshOf(`
name: small
services: { front: { entry: true }, search: {}, geo: {}, rate: {} }
calls:
  front: [{ to: search, rate: 6 }, { to: geo, rate: 3 }]
  search: [{ to: geo, rate: 1 }, { to: rate, rate: 2 }]
`);

const load = (perSecond: number, seconds = 60) => ({ perSecond, seconds, requests: perSecond * seconds });

function proxies(loads: Readonly<Record<string, { in?: number; out?: Readonly<Record<string, number>> }>>) {
  return new Map(
    Object.entries(loads).map(([service, { in: inbound, out = {} }]): [string, ProxyLoad] => [
      service,
      {
        outbound: new Map(Object.entries(out).map(([callee, rate]) => [callee, load(rate)])),
        ...(inbound === undefined ? {} : { inbound: load(inbound) }),
      },
    ]),
  );
}

/** As `front -> geo 3 counted`. */
function shown(...args: Parameters<typeof proxies>): readonly string[] {
  return callRates(mesh, proxies(...args)).map(
    ({ from, to, rate, basis }) => `${from ?? "outside"} -> ${to} ${rate} ${basis}`,
  );
}

describe("a call is known", () => {
  test("by the caller's proxy, whatever the callee's counts", () => {
    expect(shown({ front: { out: { search: 5, geo: 0 } }, search: { in: 4 } })).toEqual([
      "front -> search 5 counted",
      "front -> geo 0 counted",
    ]);
  });

  test("by the callee's where it is the only one of which nobody else tells", () => {
    expect(shown({ rate: { in: 7 } })).toEqual(["search -> rate 7 remainder"]);
    expect(shown({ front: { in: 9 } })).toEqual(["outside -> front 9 remainder"]);
    expect(shown({ front: { out: { geo: 3, search: 6 } }, geo: { in: 10 } })).toEqual([
      "front -> search 6 counted",
      "front -> geo 3 counted",
      "search -> geo 7 remainder",
    ]);
  });

  test("as a share of it where there are several, by what the mesh file says of them", () => {
    expect(shown({ geo: { in: 8 } })).toEqual(["front -> geo 6 split", "search -> geo 2 split"]);
  });

  test("by nobody where neither has a proxy", () => {
    expect(shown({})).toEqual([]);
  });

  test("never as less than nothing: a callee that denies counts fewer than its callers", () => {
    expect(shown({ front: { out: { geo: 3 } }, geo: { in: 1 } })).toContain("search -> geo 0 remainder");
  });
});

test("where the mesh file says that callers call at no rate, they share alike", () => {
  const idle = meshOf(`
name: idle
services: { a: { origin: true }, b: { origin: true }, c: {} }
calls: { a: [{ to: c, rate: 0 }], b: [{ to: c, rate: 0 }] }
`);
  expect(callRates(idle, proxies({ c: { in: 4 } })).map(({ rate, declared }) => [rate, declared])).toEqual([
    [2, 0],
    [2, 0],
  ]);
});

test("what comes to a callee is what its callers are said to send, wherever proxies are", () => {
  const rates = fc.record({ front: fc.nat(100), search: fc.nat(100) });
  fc.assert(
    fc.property(rates, fc.boolean(), fc.boolean(), (sent, ofFront, ofSearch) => {
      const all = callRates(
        mesh,
        proxies({
          geo: { in: sent.front + sent.search },
          ...(ofFront ? { front: { out: { geo: sent.front } } } : {}),
          ...(ofSearch ? { search: { out: { geo: sent.search } } } : {}),
        }),
      ).filter(({ to }) => to === "geo");
      expect(all).toHaveLength(2);
      expect(all.reduce((sum, { rate }) => sum + rate, 0)).toBeCloseTo(sent.front + sent.search, 9);
      if (ofFront || ofSearch)
        expect(all.map(({ rate }) => rate)).toEqual([
          expect.closeTo(sent.front, 9),
          expect.closeTo(sent.search, 9),
        ]);
    }),
  );
});
