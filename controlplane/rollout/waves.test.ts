import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { type Build, build } from "../pipeline/build.ts";
import { layOut } from "../xds/lay-out.ts";
import { byName, type Resources } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { changedProxies, type InForce, inForceOf, type WaveSize, waves } from "./waves.ts";

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

const policy = (name: string, context: string, body: string): string =>
  `policy ${name} ( act (Request r) context ('${context}') ) { ${body} }`;

async function built(side: string, value: string, context = "frontend -> *"): Promise<Build> {
  return builtOf(policy("mark", context, `[${side}] SetHeader(r, 'mark', '${value}');`));
}

async function builtOf(text: string): Promise<Build> {
  const result = await build({ policies: [{ path: "mark.cup", text }], mesh }, { cache });
  if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return result.build;
}

const first = await built("Ingress", "one");

/** As a rollout from the first build would have it. */
function wavesTo(next: Build, sizes: readonly WaveSize[], before = first) {
  return waves(inForceOf(before, []), inForceOf({ ...next, chains: layOut(next, before) }, []), sizes);
}

const canary: WaveSize = { kind: "count", count: 1 };

describe("of builds", () => {
  test("new text of a policy goes from wave to wave", async () => {
    expect(wavesTo(await built("Ingress", "two"), [canary])).toEqual({
      kind: "staged",
      waves: [["geo"], ["rate"]],
    });
  });

  test("a policy that comes, or goes, does so from wave to wave", async () => {
    const mark = policy("mark", "frontend -> *", "[Ingress] SetHeader(r, 'mark', 'one');");
    const more = policy("more", "frontend -> rate", "[Ingress] SetHeader(r, 'more', 'one');");
    const both = await builtOf(mark + more);
    expect(wavesTo(both, [canary])).toEqual({ kind: "staged", waves: [["rate"]] });
    expect(wavesTo(first, [canary], both)).toEqual({ kind: "staged", waves: [["rate"]] });
  });

  test("the services that are named come first", async () => {
    const named: WaveSize = { kind: "services", services: ["rate", "frontend"] };
    expect(wavesTo(await built("Ingress", "two"), [named])).toEqual({
      kind: "staged",
      waves: [["rate"], ["geo"]],
    });
  });

  test("one of both sides of a call comes to all proxies", async () => {
    const sided = (value: string): string =>
      policy(
        "mark",
        "frontend -> rate",
        `[Egress] SetHeader(r, 'a', '${value}'); [Ingress] SetHeader(r, 'b', '${value}');`,
      );
    const [before, after] = [await builtOf(sided("one")), await builtOf(sided("two"))];
    expect(wavesTo(after, [canary], before)).toEqual({ kind: "atOnce", because: "two-sided" });
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

test("proxies of which no filter changes are nobody's concern", () => {
  expect(changedProxies(holding(["1"]), holding(["1"], "other"))).toEqual([]);
  expect(changedProxies(holding(["1", "1"]), holding(["1", "2"]))).toEqual(["s001"]);
  expect(changedProxies(holding(["1"]), holding(["1", "1"]))).toEqual(["s001"]);
  expect(changedProxies(holding(["1", "1"]), holding(["1", "2"], "other"))).toEqual(["s000", "s001"]);
});

test("shares are of the proxies that change, and are rounded up", () => {
  const [before, after] = [holding(Array(20).fill("1")), holding(Array(20).fill("2"))];
  const shares = [0.11, 0.5, 1].map((share) => ({ kind: "share", share }) as const);
  const plan = waves(before, after, [canary, ...shares]);
  expect(plan.kind === "staged" && plan.waves.map(({ length }) => length)).toEqual([1, 2, 7, 10]);
});

test("each proxy that changes is in one wave, no other is in any, and no wave ends beyond its size", () => {
  const names = [...Array(30).keys()].map((index) => `s${String(index).padStart(3, "0")}`);
  const size: fc.Arbitrary<WaveSize> = fc.oneof(
    fc.record({ kind: fc.constant("services" as const), services: fc.subarray(names, { maxLength: 3 }) }),
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
        expect(plan.waves.flat().toSorted()).toEqual(changed);
        expect(plan.waves.every(({ length }) => length > 0)).toBe(true);
        const [begin] = sizes.map((each) => sizeOf(each, changed)).filter((count) => count > 0);
        if (changed.length > 0)
          expect(plan.waves[0]).toHaveLength(Math.min(begin ?? changed.length, changed.length));
      },
    ),
  );
});

function sizeOf(size: WaveSize, changed: readonly string[]): number {
  if (size.kind === "count") return size.count;
  if (size.kind === "share") return Math.ceil(size.share * changed.length);
  return size.services.filter((service) => changed.includes(service)).length;
}
