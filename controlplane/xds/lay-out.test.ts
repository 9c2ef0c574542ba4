import { describe, expect, test } from "vitest";
import type { Chain, Module, Slot } from "../codegen/module.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { PlacedCall, Placement } from "../placement/placement.ts";
import { laidAsKept, layoutOf } from "./laid-chain.ts";
import { layOut } from "./lay-out.ts";

const { mesh } = fromYaml({
  path: "mesh.yaml",
  text: `name: small
identity: address
services:
  web: { entry: true }
  rate: {}
  geo: {}
  db: { protocol: tcp }
calls: { web: [rate, geo, db], geo: [rate] }
`,
});
if (mesh === undefined) throw new Error("the mesh cannot be read");

/** `where` is `SERVICE SIDE`. */
interface Placed {
  readonly policy: string;
  readonly where: string;
  readonly calls: readonly PlacedCall[];
}

interface Filter {
  readonly policies: readonly string[];
  readonly failure?: Module["failure"];
  readonly actions?: readonly string[];
  readonly configuration?: string;
}

function slot({ policies, failure = "open", actions = [], configuration = "" }: Filter): Slot {
  const module = {
    ...{ sha256: "00", bytes: new Uint8Array([0]), policies, failure },
    ...{ actions, tags: [], imports: [], exports: [] },
  };
  return { name: `wire/${policies.join("+")}/${configuration}`, vmId: "vm", module, configuration };
}

/** A build of these filters on the way out of `web`, and of more chains. */
function built(placed: readonly Placed[], filters: readonly Filter[], more: readonly Chain[] = []) {
  const services = [...new Set(placed.map(({ where }) => where.split(" ")[0] ?? ""))];
  const placement: Placement = {
    ...{ status: "optimal", cost: 0, bound: 0, unmatched: [] },
    proxies: services.map((service) => ({
      ...{ service, dataplane: "envoy", stamps: false },
      policies: placed
        .filter(({ where }) => where.startsWith(`${service} `))
        .map(({ policy, where, calls }) => ({
          ...{ policy, calls },
          ...(where.endsWith("egress")
            ? { side: "egress", section: "egress" }
            : { side: "ingress", section: "ingress" }),
        })),
    })),
  };
  const out: Chain = { service: "web", direction: "outbound", slots: filters.map(slot) };
  return { mesh: mesh as NonNullable<typeof mesh>, placement, chains: [out, ...more] };
}

const toRate: readonly PlacedCall[] = [["web", "rate"]];
const toBoth: readonly PlacedCall[] = [...toRate, ["web", "geo"]];
const egress = (policy: string, calls = toRate): Placed => ({ policy, where: "web egress", calls });

type Unlaid = ReturnType<typeof built>;

/** Whether the chain on the way out of `web` keeps its listeners, and which places its slots take then. */
function change(before: Unlaid, next: Unlaid): "another generation" | readonly number[] {
  const laid = { ...before, chains: layOut(before) };
  const after = layOut(next, laid);
  const [from, to] = [laid.chains[0], after[0]];
  if (from?.generation !== to?.generation) return "another generation";
  expect(to?.places).toEqual(from?.places);
  return to?.slots.map(({ place }) => Number(place.split("/").at(-1))) ?? [];
}

const one = built([egress("a")], [{ policies: ["a"] }]);

describe("a chain keeps its listeners", () => {
  test("when code or parameters of its policies change", () => {
    expect(change(one, built([egress("a")], [{ policies: ["a"], configuration: "new" }]))).toEqual([2]);
  });

  test("when a policy comes into a module that is there, and when it goes", () => {
    const two = built([egress("a"), egress("b", toBoth)], [{ policies: ["a", "b"] }]);
    expect(change(one, two)).toEqual([2]);
    expect(change(two, one)).toEqual([2]);
  });

  test("when a module comes before, between or after those that are there: it takes a spare place of its kind", () => {
    const f = { policies: ["f"], failure: "closed" } as const;
    const [a, b] = [{ policies: ["a"] }, { policies: ["b"] }];
    const placed = [egress("a"), egress("b")];
    const more = [...placed, egress("f")];
    expect(change(built(placed, [a, b]), built(more, [f, a, b]))).toEqual([0, 2, 5]);
    expect(change(built(placed, [a, b]), built(more, [a, f, b]))).toEqual([2, 3, 5]);
    expect(change(built(placed, [a, b]), built(more, [a, b, { ...f, failure: "open" }]))).toEqual([2, 5, 7]);
    expect(change(built(more, [a, f, b]), built(placed, [a, b]))).toEqual([2, 8]);
  });

  test("when a module takes the place of another, which is one change", () => {
    expect(change(one, built([egress("b")], [{ policies: ["b"] }]))).toEqual([2]);
  });

  test("when its policies are for more calls, or for fewer", () => {
    const wide = built([egress("a", toBoth)], [{ policies: ["a"] }]);
    expect(change(one, wide)).toEqual([2]);
    expect(change(wide, one)).toEqual([2]);
  });
});

describe("a chain gets other listeners", () => {
  const ingress = (policy: string): Placed => ({ policy, where: "rate ingress", calls: toRate });
  const inbound = (policies: readonly string[]): Chain => ({
    service: "rate",
    direction: "inbound",
    slots: [slot({ policies })],
  });

  test("when what it enforces was, or will be, enforced elsewhere", () => {
    const there = built([egress("b"), ingress("a")], [{ policies: ["b"] }], [inbound(["a"])]);
    const here = built([egress("a"), egress("b")], [{ policies: ["a", "b"] }]);
    expect(change(there, here)).toBe("another generation");
    expect(change(here, there)).toBe("another generation");
  });

  test("when what it enforces goes on in another module of its own", () => {
    const together = built([egress("a"), egress("b")], [{ policies: ["a", "b"] }]);
    const apart = built([egress("a"), egress("b")], [{ policies: ["a"] }, { policies: ["b"] }]);
    expect(change(together, apart)).toBe("another generation");
    expect(change(apart, together)).toBe("another generation");
    const turned = built([egress("a"), egress("b")], [{ policies: ["b"] }, { policies: ["a"] }]);
    expect(change(apart, turned)).toBe("another generation");
  });

  test("when it changes in two places", () => {
    const three = built(
      [egress("a"), egress("b"), egress("c")],
      [{ policies: ["a"] }, { policies: ["b"] }, { policies: ["c"] }],
    );
    expect(change(one, three)).toBe("another generation");
    const before = built([egress("a"), egress("b")], [{ policies: ["a"] }, { policies: ["b"] }]);
    const after = built([egress("a"), egress("c")], [{ policies: ["c"] }, { policies: ["a"] }]);
    expect(change(before, after)).toBe("another generation");
  });

  test("when a module fails another way, or needs something else of Envoy", () => {
    expect(change(one, built([egress("a")], [{ policies: ["a"], failure: "closed" }]))).toBe(
      "another generation",
    );
    const mirrors = built([egress("a")], [{ policies: ["a"], actions: ["Mirror"] }]);
    expect(change(one, mirrors)).toBe("another generation");
  });

  test("when all of its spare places of a kind are taken", () => {
    const grown = ["b", "c"].reduce(
      ({ laid, filters, placed }, policy) => {
        const more = { filters: [...filters, { policies: [policy] }], placed: [...placed, egress(policy)] };
        const next = built(more.placed, more.filters);
        return { ...more, laid: { ...next, chains: layOut(next, laid) } };
      },
      { laid: { ...one, chains: layOut(one) }, filters: [{ policies: ["a"] }], placed: [egress("a")] },
    );
    const generations = [layOut(one), grown.laid.chains].map(([chain]) => chain?.generation);
    expect(generations[0]).not.toBe(generations[1]);
    expect(grown.laid.chains[0]?.slots.map(({ place }) => place.split("/").at(-1))).toEqual(["2", "5", "8"]);
  });

  test("and another name than those that it has, whatever these are called", () => {
    const two = built([egress("a"), egress("b")], [{ policies: ["a", "b"] }]);
    // `b` has come in place, and goes to the other side: what stays would be called as it is.
    const laid = { ...two, chains: layOut(two, { ...one, chains: layOut(one) }) };
    const [after] = layOut(built([egress("a"), ingress("b")], [{ policies: ["a"] }], [inbound(["b"])]), laid);
    expect(layOut(one)[0]?.generation).toBe(laid.chains[0]?.generation);
    expect(after?.generation).not.toBe(laid.chains[0]?.generation);
  });

  test("for connections, when anything changes that lets them in", () => {
    const store = (configuration: string): Unlaid =>
      built(
        [],
        [],
        [{ service: "db", direction: "inbound", slots: [slot({ policies: ["s"], configuration })] }],
      );
    const laid = { ...store("one"), chains: layOut(store("one")) };
    const generation = (configuration: string) => layOut(store(configuration), laid)[1]?.generation;
    expect(generation("one")).toBe(laid.chains[1]?.generation);
    expect(generation("two")).not.toBe(laid.chains[1]?.generation);
    expect(laid.chains[1]?.places.map(({ name }) => name)).toEqual(
      laid.chains[1]?.slots.map(({ name }) => name),
    );
  });
});

test("a layout that was kept is the same again", () => {
  const two = built([egress("a"), egress("b")], [{ policies: ["a", "b"] }]);
  const laid = layOut(two, { ...one, chains: layOut(one) });
  expect(laidAsKept(layOut(two), laid.map(layoutOf))).toEqual(laid);
  expect(layOut(two)).not.toEqual(laid);
});
