import { strict as assert } from "node:assert";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import type { Mode } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Dataplane, defaultDataplanes } from "./dataplane.ts";
import { explainPlacement } from "./explain.ts";
import { pathsOf, pathTables } from "./path-tables.ts";
import type { Placement } from "./placement.ts";
import { place } from "./solve.ts";
import { nextStep, type Running } from "./under-way.ts";

const meshText = `
name: shop
identity: address
services:
  web: { entry: true }
  cart: {}
  api: {}
  rate: {}
calls:
  web: [cart, api]
  cart: [api]
  api: [rate]
`;
const meshOf = (text: string) => fromYaml({ path: "mesh.yaml", text }).mesh;

/** What runs where each of these policies has this context, and does this, where nothing else is said of it. */
async function running(
  contexts: Readonly<Record<string, string>>,
  {
    mesh = meshOf(meshText),
    body = "SetHeader(request, 'x', '1');",
    bodies = {},
    mode = "enforce",
    dataplanes = defaultDataplanes,
  }: {
    readonly mesh?: Mesh | undefined;
    readonly body?: string;
    readonly bodies?: Readonly<Record<string, string>>;
    readonly mode?: Mode;
    readonly dataplanes?: readonly Dataplane[];
  } = {},
): Promise<Running> {
  assert(mesh !== undefined, "the mesh has no errors");
  const text = Object.entries(contexts)
    .map(
      ([name, context]) =>
        `policy ${name} ( act (Request request) context ('${context}') mode (${mode}) ) { ${bodies[name] ?? body} }`,
    )
    .join("\n---\n");
  const { policies } = checkPolicies([{ path: "p.cup", text }], mesh);
  const { placement } = await place(policies, mesh, { dataplanes });
  assert(placement !== undefined, "there is a placement");
  const tables = pathTables(placement, policies, { mesh, dataplanes });
  assert(tables === undefined || !("kind" in tables), "there are few states");
  return { mesh, policies, dataplanes, placement, paths: pathsOf(tables) };
}

function stepsTo(from: Running, to: Running): readonly string[] {
  const texts: string[] = [];
  for (let current = from; current !== to; ) {
    const step = nextStep(current, to, current !== from);
    assert(texts.length < 4, "a change is made of three");
    const next: Running =
      step.kind === "wanted"
        ? to
        : { ...(step.kind === "taught" ? current : to), placement: step.placement, paths: step.paths };
    const { begin, known } = next.paths;
    const said = known.map(({ revision, asks }) => {
      const own = asks.map(({ policy, side, states, others }) => `${policy} ${side} ${states}/${others}`);
      const name = revision === to.paths.begin ? "new" : revision === from.paths.begin ? "old" : revision;
      return `${name}(${own.join(", ")})`;
    });
    const stamps = next.placement.proxies.filter((proxy) => proxy.stamps).map(({ service }) => service);
    const first = begin === to.paths.begin ? "new" : begin === from.paths.begin ? "old" : "nothing";
    texts.push(
      `${step.kind}: begins ${begin === undefined ? "nothing" : first}; ${said.join(" ")}; stamps ${stamps}`,
    );
    current = next;
  }
  return texts;
}

test("states come in three steps, and what began without one is judged as it was", async () => {
  const decided = await running({ p: "api -> rate" });
  const asked = await running({ p: "cart -> api -> rate", q: "cart -> api -> rate" });
  expect(stepsTo(decided, asked)).toEqual([
    "taught: begins nothing; new(); stamps cart,web",
    expect.stringMatching(
      /^both: begins new; new\(.*\) -\(p egress all\/, p ingress all\/, q egress \/all, q ingress \/all\); stamps cart,web$/,
    ),
    expect.stringMatching(/^wanted: begins new; new\(.*\); stamps cart,web$/),
  ]);
});

test.each<readonly [string, string]>([
  ["cart -> api -> rate", "which proxies know by their states"],
  ["api -> rate", "which have no state"],
])("what was only tried out, for %s, does nothing to requests of before, %s", async (context) => {
  const tried = await running({ p: context }, { mode: "audit" });
  const meant = await running({ p: "^web -> api -> rate" });
  const [, both] = stepsTo(tried, meant);
  const before = tried.paths.begin === undefined ? "-" : "old";
  expect(both).toContain(` ${before}(p egress /all, p ingress /all)`);
});

test("and they go in three: nobody asks, then paths begin without one, and last services stamp no more", async () => {
  const asked = await running({ p: "cart -> api -> rate" });
  const decided = await running({ p: "api -> rate" });
  expect(stepsTo(asked, decided)).toEqual([
    "both: begins old; old(); stamps cart,web",
    "both: begins nothing; old(); stamps cart,web",
    "wanted: begins nothing; ; stamps ",
  ]);
});

test("they are known while requests have them, though a change comes meanwhile that asks nothing either", async () => {
  const asked = await running({ p: "cart -> api -> rate" });
  let now = asked;
  const [decided, other] = [await running({ p: "api -> rate" }), await running({ p: "cart -> api" })];
  for (const [to, mayForget] of [
    [decided, false] as const,
    [decided, true] as const,
    [other, false] as const,
  ]) {
    const step = nextStep(now, to, mayForget);
    assert(step.kind === "both", "requests have states");
    now = { ...to, placement: step.placement, paths: step.paths };
  }
  const again = await running({ p: "web -> api -> rate" });
  const { kind, paths } = { paths: now.paths, ...nextStep(now, again, false) };
  expect(kind).toBe("taught");
  expect(paths.known.map(({ revision }) => revision)).toContain(asked.paths.begin);
});

test("why a service stamps that does so for requests under way alone is said", async () => {
  const asked = await running({ p: "cart -> api -> rate" });
  const decided = await running({ p: "api -> rate" });
  const step = nextStep(asked, decided, false);
  assert(step.kind === "both", "services that stamp go last");
  expect(explainPlacement(step.placement, decided.policies, decided.mesh)).toEqual([
    expect.stringMatching(/^api: p at egress for api -> rate/),
    "cart: requests that are under way have states of before",
    "web: requests that are under way have states of before",
  ]);
});

test("a change that needs no other states is one step, and so is one without any", async () => {
  const [asked, again] = [
    await running({ p: "cart -> api -> rate" }),
    await running({ p: "cart -> api -> rate" }),
  ];
  expect(stepsTo(asked, again)).toHaveLength(1);
  expect(stepsTo(await running({ p: "api -> rate" }), await running({ q: "web -> api" }))).toHaveLength(1);
});

test("a step that has been made is not made again, wherever the process that made it ended", async () => {
  const [from, to] = [
    await running({ p: "cart -> api -> rate" }),
    await running({ p: "web -> api -> rate", q: "cart -> api" }),
  ];
  const taught = nextStep(from, to, false);
  assert(taught.kind === "taught", "others have to know the states first");
  const kept: Running = structuredClone({ ...from, placement: taught.placement, paths: taught.paths });
  expect(nextStep(kept, to, true).kind).toBe("both");
});

test("a change that comes while requests of before are under way does not forget their states", async () => {
  const [from, to] = [
    await running({ p: "cart -> api -> rate" }),
    await running({ p: "cart -> api -> rate", q: "web -> api -> rate" }),
  ];
  const taught = nextStep(from, to, false);
  assert(taught.kind === "taught", "others have to know the states first");
  const both = nextStep({ ...from, placement: taught.placement, paths: taught.paths }, to, true);
  assert(both.kind === "both", "then paths begin with them");
  const now: Running = { ...to, placement: both.placement, paths: both.paths };
  // Of other policies, that ask nothing of paths.
  const more = await running({ p: "cart -> api -> rate", q: "web -> api -> rate", r: "web -> api" });
  const next = nextStep(now, more, false);
  assert(next.kind === "both", "the old states are still known");
  expect(next.paths).toEqual(both.paths);
  expect(nextStep({ ...more, placement: next.placement, paths: next.paths }, more, true).kind).toBe("wanted");
});

describe("where callers are not known, a policy that changes its side", () => {
  const mesh = meshOf(meshText.replace("identity: address", "identity: none"));
  const ingress = { mesh, body: "[Ingress] SetHeader(request, 'x', '1');" };
  const egress = { mesh, body: "[Egress] SetHeader(request, 'x', '1');" };
  const sidesIn = ({ proxies }: Placement): readonly string[] =>
    proxies.flatMap(({ service, policies }) => policies.map(({ side }) => `${service} ${side}`));

  test("is on both, and on each for the requests of one revision", async () => {
    const before = await running({ p: "cart -> api -> rate" }, ingress);
    const after = await running({ p: "^web -> api -> rate" }, egress);
    const [old] = before.paths.known[0]?.asks ?? [];
    const [young] = after.paths.known[0]?.asks ?? [];
    const [there, here] = [`${old?.states}/${old?.others}`, `${young?.states}/${young?.others}`];
    const [taught, both] = stepsTo(before, after);
    expect(taught).toContain(`new(p ingress /all, p egress ${here}) old(p ingress ${there}, p egress /all)`);
    expect(both).toContain(`new(p egress ${here}, p ingress /all) old(p egress /all, p ingress ${there})`);
    const [, back] = stepsTo(after, before);
    expect(back).toContain(`new(p ingress ${there}, p egress /all) old(p ingress /all, p egress ${here})`);
    const step = nextStep(before, after, false);
    assert(step.kind === "taught", "others have to know the states first");
    expect(sidesIn(step.placement)).toEqual(["api egress", "rate ingress"]);
  });

  test("is there among others in their order", async () => {
    const contexts = { q: "cart -> api -> rate", p: "^web -> api -> rate", r: "cart -> api -> rate" };
    const before = await running(contexts, egress);
    const after = await running(contexts, ingress);
    const step = nextStep(before, after, false);
    assert(step.kind === "taught", "others have to know the states first");
    const order = step.placement.proxies
      .filter(({ service }) => service === "rate")
      .map(({ policies }) => policies.map(({ policy }) => policy));
    expect(order).toEqual([["p", "q", "r"]]);
  });

  test.each([
    ["comes in order with it", "SetHeader(request, 'x', '2');", ["api p,q", "rate p,q"]],
    [
      "is judged with it",
      "if (GetHeader(request, 'x') == '2') { Allow(request, '*', '*'); }",
      ["api p,q", "rate p,q"],
    ],
    ["has nothing to do with it", "SetHeader(request, 'y', '2');", ["api p,q", "rate p"]],
  ])("has one with it that %s", async (_, own, placed) => {
    const body = own.includes("Allow") ? "Allow(request, '*', '*');" : "SetHeader(request, 'x', '1');";
    const at = (heading: string) => ({ mesh, bodies: { p: `${heading} ${body}`, q: `${heading} ${own}` } });
    const before = await running({ p: "cart -> api -> rate", q: "api -> rate" }, at("[Ingress]"));
    const after = await running({ p: "^web -> api -> rate", q: "api -> rate" }, at("[Egress]"));
    const taught = nextStep(before, after, false);
    assert(taught.kind === "taught", "others have to know the states first");
    const both = nextStep({ ...before, placement: taught.placement, paths: taught.paths }, after, true);
    assert(both.kind === "both", "then paths begin with them");
    const policiesIn = both.placement.proxies.map(
      ({ service, policies }) => `${service} ${policies.map(({ policy }) => policy)}`,
    );
    expect(policiesIn.filter((each) => !each.endsWith(" "))).toEqual(placed);
    const [, said] = stepsTo(before, after);
    if (!placed.includes("rate p,q")) expect(said).not.toContain("q ");
    else
      expect(said).toMatch(
        /new\(.*q egress all\/, q ingress \/all\) old\(.*q egress \/all, q ingress all\/\)/,
      );
  });

  test("loses nothing of who has not begun paths with a state before", async () => {
    const text = meshText.replace("cart: {}", "cart: {}\n  batch: { origin: true }");
    const nightly = meshOf(
      `${text.replace("identity: address", "identity: none").replace("calls:", "calls:\n  batch: [rate]")}`,
    );
    const context = { p: "cart -> api -> rate" };
    const before = await running(context, { ...egress, mesh: nightly });
    const after = await running(context, { ...ingress, mesh: nightly });
    expect(before.paths.known[0]?.stamps.map(({ service }) => service)).toEqual(["cart", "web"]);
    expect(after.paths.known[0]?.stamps.map(({ service }) => service)).toEqual(["batch", "cart", "web"]);
    const [taught, both] = stepsTo(before, after);
    expect(taught).toContain(" -(p ingress /all); stamps batch,cart,web");
    // What began without a state may still come by others, and is lost where one was asked for: on its way out.
    expect(both).toContain(" -(p ingress /all); stamps batch,cart,web");
  });

  test("nor what has come on without a state by a service that does not ask", async () => {
    const text = meshText.replace("cart: {}", "cart: {}\n  batch: { origin: true }\n  mail: {}");
    const calls = "calls:\n  batch: [mail]\n  mail: [rate]";
    const nightly = meshOf(text.replace("identity: address", "identity: none").replace("calls:", calls));
    const context = { p: "cart -> api -> rate" };
    const before = await running(context, { ...egress, mesh: nightly });
    const after = await running(context, { ...ingress, mesh: nightly });
    const [taught, both] = stepsTo(before, after);
    // From `api` it has lost its state, which is said of the side that asked, and from `mail` it never had one.
    for (const step of [taught, both]) expect(step).toContain(" -(p ingress /all); stamps batch,cart,web");
  });

  test("and changes once more meanwhile is asked of what is to come on the side alone that it has there", async () => {
    const before = await running({ p: "cart -> api -> rate" }, ingress);
    const between = await running({ p: "^web -> api -> rate" }, egress);
    const contexts = { p: "cart -> api -> rate", q: "web -> api -> rate" };
    const afters = [await running(contexts, egress), await running(contexts, ingress)];
    const first = nextStep(before, between, false);
    assert(first.kind === "taught", "others have to know the states first");
    const known: Running = { ...before, placement: first.placement, paths: first.paths };
    const second = nextStep(known, between, true);
    assert(second.kind === "both", "then paths begin with them");
    const begun: Running = { ...between, placement: second.placement, paths: second.paths };
    const saidIn = ({ known }: Running["paths"], revision: string | undefined): readonly string[] => {
      const tables = known.find((each) => each.revision === revision);
      const own = (tables?.asks ?? []).filter(({ policy }) => policy === "p");
      return own.map(({ side, states, others }) => `${side} ${states}/${others}`).sort();
    };
    for (const now of [known, begun]) {
      for (const after of afters) {
        const { kind, placement, paths } = {
          paths: now.paths,
          placement: now.placement,
          ...nextStep(now, after, false),
        };
        expect(kind).toBe("taught");
        const [asked = ""] = saidIn(after.paths, after.paths.begin);
        const nobody = asked.startsWith("egress") ? "ingress /all" : "egress /all";
        expect(saidIn(paths, after.paths.begin)).toEqual([asked, nobody].sort());
        // What is under way is judged as it was.
        for (const { revision } of now.paths.known)
          expect(saidIn(paths, revision)).toEqual(saidIn(now.paths, revision));
        expect(sidesIn(placement)).toEqual(["api egress", "rate ingress"]);
        const calls = placement.proxies.flatMap(({ policies }) => policies.map((each) => each.calls));
        expect(calls).toEqual([[["api", "rate"]], [["api", "rate"]]]);
      }
    }
  });

  test("and comes to further calls after that loses no request that began before", async () => {
    const calls = "a: [b, d, e], b: [c], c: [d], d: [e], e: [d, c]";
    const circle = meshOf(
      `name: circle\nidentity: none\nservices: { a: { entry: true }, b: { versions: { v1: {}, v2: {} } }, c: {}, d: {}, e: {} }\ncalls: { ${calls} }\n`,
    );
    const context = { p: "c -> .* -> c -> .* -> ." };
    const before = await running(context, { ...egress, mesh: circle });
    const between = await running(context, { ...ingress, mesh: circle });
    const after = await running({ p: "b@v2 -> .* -> ." }, { ...egress, mesh: circle });
    let now = before;
    for (const to of [between, after]) {
      const { placement, paths } = { ...now, ...nextStep(now, to, false) };
      now = { ...now, placement, paths };
    }
    const step = nextStep(now, after, true);
    assert(step.kind === "both", "then paths begin with them");
    const saidAt = (of: string | undefined): readonly string[] =>
      step.paths.known
        .filter(({ revision }) => revision === of)
        .flatMap(({ asks }) => asks.map(({ side, from, to }) => `${side} ${from ?? "*"} ${to}`))
        .sort();
    expect(saidAt(after.paths.begin)).toContain("egress b c");
    expect(saidAt(before.paths.begin)).toEqual(saidAt(after.paths.begin));
    expect(saidAt(between.paths.begin)).toEqual(saidAt(after.paths.begin));
  });

  test("is not in a proxy of a kind that has come there and does not have its actions", async () => {
    const dataplanes: readonly Dataplane[] = [
      { name: "full", cost: 2, actions: "all" },
      { name: "small", cost: 1, actions: ["Deny"] },
    ];
    const set = "SetHeader(request, 'x', '1');";
    const before = await running(
      { p: "cart -> api -> rate" },
      { mesh, dataplanes, body: `[Ingress] ${set}` },
    );
    const after = await running(
      { p: "^web -> api -> rate", q: "api -> rate" },
      { mesh, dataplanes, bodies: { p: `[Egress] ${set}`, q: "[Ingress] Deny(request);" } },
    );
    const taught = nextStep(before, after, false);
    assert(taught.kind === "taught", "others have to know the states first");
    const both = nextStep({ ...before, placement: taught.placement, paths: taught.paths }, after, true);
    assert(both.kind === "both", "then paths begin with them");
    const kinds = both.placement.proxies.map(
      ({ service, dataplane, policies }) => `${service} ${dataplane} ${policies.map((each) => each.policy)}`,
    );
    expect(kinds).toEqual(["api full p", "cart small ", "rate small q", "web small "]);
  });

  test("is asked on its own what it was on the other one, where what it does now cannot be there", async () => {
    const before = await running({ p: "cart -> api -> rate" }, ingress);
    const after = await running(
      { p: "^web -> api -> rate" },
      { mesh, body: "[Egress] SetTimeout(request, 2s);" },
    );
    const old = before.paths.known[0];
    // `rate` does not stamp, and leaves them as they are.
    expect(old?.stamps.map(({ service }) => service)).toEqual(["cart", "web"]);
    const [asked] = old?.asks ?? [];
    const [, both] = stepsTo(before, after);
    expect(both).toContain(`old(p egress ${asked?.states}/${asked?.others})`);
  });

  test("and is so by the states in front of the stamp of who is called, where that stamps", async () => {
    const log = meshOf(
      "name: log\nidentity: none\nservices: { web: { entry: true }, cart: {}, api: {}, rate: {}, log: {}, end: {} }\ncalls: { web: [cart, api], cart: [api], api: [rate, log], rate: [log], log: [end] }\n",
    );
    const q = "cart -> api -> rate -> log -> end";
    const set = "SetHeader(request, 'y', '1');";
    const before = await running({ p: "cart -> api -> rate", q }, { mesh: log, body: `[Ingress] ${set}` });
    const after = await running(
      { p: "^web -> api -> rate", q },
      { mesh: log, bodies: { p: "[Egress] SetTimeout(request, 2s);", q: `[Ingress] ${set}` } },
    );
    const [, both] = stepsTo(before, after);
    const old = before.paths.known[0];
    const asked = old?.asks.find(({ policy }) => policy === "p")?.states ?? [];
    const steps = [...(old?.stamps.find(({ service }) => service === "rate")?.steps ?? [])];
    const inFront = steps.flatMap(([from, to]) => (asked.includes(to) ? [from] : []));
    expect(inFront).not.toEqual([]);
    expect(inFront).not.toEqual(asked);
    expect(both).toMatch(new RegExp(`old\\(p egress ${inFront}/`));
  });
});

test("where callers are not known any more, a policy that changes its side meanwhile is on one for each revision", async () => {
  const known = meshOf(meshText);
  const unknown = meshOf(meshText.replace("identity: address", "identity: none"));
  const before = await running(
    { p: "cart -> api -> rate" },
    { mesh: known, body: "[Ingress] SetHeader(request, 'x', '1');" },
  );
  const after = await running(
    { p: "cart -> api -> rate" },
    { mesh: unknown, body: "[Egress] SetHeader(request, 'x', '1');" },
  );
  const [old] = before.paths.known[0]?.asks.filter(({ side }) => side === "ingress") ?? [];
  const [young] = after.paths.known[0]?.asks ?? [];
  const [taught] = stepsTo(before, after);
  expect(taught).toContain(`old(p ingress ${old?.states}/${old?.others}, p egress /all)`);
  expect(taught).toContain(`new(p ingress /all, p egress ${young?.states}/${young?.others})`);
});

test("and on the way out of a service that had no proxy, where what comes in is for some callers alone", async () => {
  const circle = (identity: string) =>
    meshOf(
      `name: circle\nidentity: ${identity}\nservices: { a: { entry: true }, b: {}, c: {}, d: {}, e: {} }\ncalls: { a: [b, d], b: [c, d], c: [d], d: [e], e: [c] }\n`,
    );
  const body = "[Ingress] SetHeader(request, 'x', '1');";
  const context = { p: "a -> .* -> d -> .* -> d" };
  const before = await running(context, { mesh: circle("address"), body });
  const after = await running(context, { mesh: circle("none"), body });
  for (const { placement } of [before, after])
    expect(placement.proxies.map(({ service }) => service)).not.toContain("c");
  const [old] = before.paths.known[0]?.asks.filter(({ side }) => side === "egress") ?? [];
  const [, both] = stepsTo(before, after);
  expect(both).toContain(` old(p ingress /all, p egress ${old?.states}/${old?.others})`);
});
