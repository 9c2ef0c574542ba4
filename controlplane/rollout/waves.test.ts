import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { type Build, build } from "../pipeline/build.ts";
import { layOut } from "../xds/lay-out.ts";
import { byName, type Resources } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type InForce, inForceOf, type WaveSize, waves } from "./waves.ts";

const cache = createChainCache();
const mesh = {
  path: "mesh.yaml",
  text: `name: small
identity: address
services:
  frontend: { entry: true, protocol: http }
  rate: { protocol: http }
  geo: { protocol: http }
calls:
  frontend: [rate, geo]
`,
};

async function built(side: string, value: string, context = "frontend -> *"): Promise<Build> {
  const text = `policy mark ( act (Request r) context ('${context}') ) { [${side}] SetHeader(r, 'mark', '${value}'); }`;
  const result = await build({ policies: [{ path: "mark.cup", text }], mesh }, { cache });
  if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return result.build;
}

const first = await built("Ingress", "one");

/** As a rollout from the first build would have it. */
function wavesTo(next: Build, sizes: readonly WaveSize[]) {
  return waves(inForceOf(first, []), inForceOf({ ...next, chains: layOut(next, first) }, []), sizes);
}

const canary: WaveSize = { kind: "count", count: 1 };

describe("of builds", () => {
  test("new text of a policy goes from wave to wave", async () => {
    expect(wavesTo(await built("Ingress", "two"), [canary])).toEqual({
      kind: "staged",
      waves: [["geo"], ["rate"]],
    });
  });

  test("what changes nothing has no waves", () => {
    expect(wavesTo(first, [canary])).toEqual({ kind: "staged", waves: [] });
  });

  test("a policy that moves comes to all proxies", async () => {
    expect(wavesTo(await built("Egress", "one"), [canary])).toEqual({ kind: "atOnce", because: "moved" });
  });

  test("so does one for other calls", async () => {
    const next = await built("Ingress", "one", "frontend -> rate");
    expect(wavesTo(next, [canary])).toEqual({ kind: "atOnce", because: "moved" });
  });
});

function resources(version: string): Resources {
  return byName([{ name: "a", typeUrl: typeUrl.extension, version, bytes: new Uint8Array() }]);
}

/** Proxies with these versions of their filter, and with these routes. */
function holding(filters: readonly string[], route = "same"): InForce {
  const [same, routes] = [resources("same"), resources(route)];
  const snapshots = filters.map((version, index) => {
    const rest = { listeners: same, clusters: same, endpoints: same, routes };
    return [`s${String(index).padStart(3, "0")}`, { ...rest, extensions: resources(version) }] as const;
  });
  return { placement: { proxies: [] }, snapshots: new Map(snapshots) };
}

test("other routes come to all proxies", () => {
  expect(waves(holding(["1"]), holding(["2"], "other"), [canary])).toEqual({
    kind: "atOnce",
    because: "rerouted",
  });
});

test("shares are of the proxies that change, and are rounded up", () => {
  const [before, after] = [holding(Array(20).fill("1")), holding(Array(20).fill("2"))];
  const shares = [0.11, 0.5, 1].map((share) => ({ kind: "share", share }) as const);
  const plan = waves(before, after, [canary, ...shares]);
  expect(plan.kind === "staged" && plan.waves.map(({ length }) => length)).toEqual([1, 2, 7, 10]);
});

test("each proxy that changes is in one wave, no other is in any, and no wave ends beyond its size", () => {
  const size = fc.oneof(
    fc.record({ kind: fc.constant("count" as const), count: fc.nat(30) }),
    fc.record({ kind: fc.constant("share" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.array(size, { maxLength: 5 }),
      (changes, sizes) => {
        const before = holding(changes.map(() => "1"));
        const after = holding(changes.map((is) => (is ? "2" : "1")));
        const plan = waves(before, after, sizes);
        if (plan.kind !== "staged") throw new Error("only filters differ");
        const changed = [...after.snapshots.keys()].filter((_, index) => changes[index]);
        expect(plan.waves.flat()).toEqual(changed);
        expect(plan.waves.every(({ length }) => length > 0)).toBe(true);
        const [begin] = sizes
          .map((each) => (each.kind === "count" ? each.count : Math.ceil(each.share * changed.length)))
          .filter((count) => count > 0);
        if (changed.length > 0)
          expect(plan.waves[0]).toHaveLength(Math.min(begin ?? changed.length, changed.length));
      },
    ),
  );
});
