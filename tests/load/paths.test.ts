import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { type Random, random } from "../../controlplane/mesh/random.ts";
import { type Build, build } from "../../controlplane/pipeline/build.ts";
import type { Target } from "../../controlplane/xds/address-map.ts";
import { visitedHeader } from "../../envoy/emulator/forwarded-headers.ts";
import type { CallTree, EmulatedService } from "../../envoy/emulator/service.ts";
import { type RunningMesh, startMesh } from "../e2e/start-mesh.ts";
import { seedOr } from "../seed.ts";

// Contexts that only the paths of requests decide, on the social network with its circle, and request trees at random. Which calls a policy is for is
// predicted from the paths alone, by JavaScript's regular expressions, and seen in the headers that services answer with.

const seed = seedOr();
const rounds = 8;
const roundsByIds = 4;
const roundsOfLoss = 4;
const requests = 650;
const atOnce = 12;
const changes = 4;
const afterwards = 100;
const meshFile = join(import.meta.dirname, "../../examples/meshes/social-network.yaml");
const cache = createChainCache();

/** A policy, and its context as a regular expression over letters of services. */
interface Drawn {
  readonly name: string;
  readonly text: string;
  readonly matches: RegExp;
}

type OnLost = "deny" | "skip";

interface Counts {
  requests: number;
  /** Those of which some call was asked about, was found to match, was found not to. */
  asked: number;
  matched: number;
  unmatched: number;
  /** Those of which some call was asked about behind a service that hands on an id alone, behind one without a proxy, on a path that passes a service twice. */
  joined: number;
  across: number;
  circled: number;
}

describe("paths of requests", () => {
  test("decide which calls a policy is for, and no other call meets it", { timeout: 600_000 }, async () => {
    process.stderr.write(`paths: seed ${seed}\n`);
    const draw = random(seed);
    const world = await readWorld();
    const counts = noCounts();
    for (let round = 0; round < rounds; round++) {
      const one = await drawn(draw, world);
      await using running = await startMesh(one.built, { as: (service) => busy(draw, service) });
      await concurrently(
        () => counts.requests >= (round + 1) * requests,
        async () => check(await asked(running, draw, world, one), { world, possible: [one], counts }),
      );
      await runsWherePlaced(running, one);
    }
    process.stderr.write(`paths: ${JSON.stringify(counts)}\n`);
    expect(counts.asked / counts.requests).toBeGreaterThan(0.4);
    expect(counts.matched / counts.asked).toBeGreaterThan(0.15);
    expect(counts.unmatched / counts.asked).toBeGreaterThan(0.15);
    expect(counts.across / counts.asked).toBeGreaterThan(0.15);
    expect(counts.circled / counts.asked).toBeGreaterThan(0.05);
  });

  test("decide it behind services that hand on an id alone, too", { timeout: 600_000 }, async () => {
    const draw = random(seed + 2);
    const counts = noCounts();
    for (let round = 0; round < roundsByIds; round++) {
      const world = await readWorld((mesh) => handingOnIds(draw, mesh));
      const one = await drawn(draw, world);
      await using running = await startMesh(one.built);
      await concurrently(
        () => counts.requests >= (round + 1) * requests,
        async () => check(await asked(running, draw, world, one), { world, possible: [one], counts }),
      );
      await runsWherePlaced(running, one);
    }
    process.stderr.write(`paths: by ids ${JSON.stringify(counts)}\n`);
    expect(counts.joined / counts.requests).toBeGreaterThan(0.2);
  });

  test("are lost behind a service that drops the header, and policies do as `onLost` says", {
    timeout: 600_000,
  }, async () => {
    const draw = random(seed + 3);
    const world = await readWorld();
    const counts = { requests: 0, denied: 0, skipped: 0, kept: 0 };
    for (let round = 0; round < roundsOfLoss; round++) {
      const onLost = round % 2 === 0 ? "deny" : "skip";
      const { one, dropping } = await drawnWithLoss(draw, world, { onLost, round });
      await using running = await startMesh(one.built, {
        as: (service) => ({
          ...busy(draw, service),
          drops: service.service === dropping ? ["tracestate"] : [],
        }),
      });
      await concurrently(
        () => counts.requests >= (round + 1) * requests,
        async () =>
          checkLost(await asked(running, draw, world, one), { world, one, onLost, dropping, counts }),
      );
      await runsWherePlaced(running, one);
    }
    process.stderr.write(`paths: lost ${JSON.stringify(counts)}\n`);
    for (const count of [counts.denied, counts.skipped, counts.kept])
      expect(count).toBeGreaterThan(requests / 10);
  });

  // Of an id that stands for several requests at a time the path is lost.
  test.each([
    { how: "by ids", changed: handingOnIds },
    { how: "all at once", as: busy },
  ])(
    "decide it while contexts and placements change, as before or as after, $how",
    {
      timeout: 600_000,
    },
    async ({ how, changed, as }) => {
      const draw = random(seed + 1);
      const world = await readWorld((mesh) => changed?.(draw, mesh) ?? mesh);
      const counts = noCounts();
      let moved = 0;
      let now = await drawn(draw, world);
      await using running = await startMesh(now.built, {
        as: (service) => as?.(draw, service) ?? service,
      });
      for (let change = 0; change < changes; change++) {
        const next = await drawn(draw, world, { last: now.built });
        const possible = [now, next];
        let isOver = false;
        const load = concurrently(
          () => isOver,
          async () =>
            check(await asked(running, draw, world, draw.pick(possible)), { world, possible, counts }),
        );
        await running.change(next.built).finally(() => {
          isOver = true;
        });
        await load;
        // From now on it is as after alone.
        let left = afterwards;
        await concurrently(
          () => left-- <= 0,
          async () => check(await asked(running, draw, world, next), { world, possible: [next], counts }),
        );
        await runsWherePlaced(running, next);
        if (!isDeepStrictEqual(proxiesOf(now), proxiesOf(next))) moved++;
        now = next;
      }
      process.stderr.write(`paths: while they change ${how} ${JSON.stringify({ ...counts, moved })}\n`);
      expect(moved).toBeGreaterThan(0);
      expect(counts.asked / counts.requests).toBeGreaterThan(0.4);
      expect(counts.matched / counts.asked).toBeGreaterThan(0.15);
      expect(counts.unmatched / counts.asked).toBeGreaterThan(0.15);
    },
  );
});

interface World {
  readonly mesh: Mesh;
  readonly source: { readonly path: string; readonly text: string };
  readonly letters: ReadonlyMap<string, string>;
}

function noCounts(): Counts {
  return { requests: 0, asked: 0, matched: 0, unmatched: 0, joined: 0, across: 0, circled: 0 };
}

/** The mesh with some services of which a trace, or the id of a request, is all that they hand on. */
function handingOnIds(draw: Random, mesh: string): string {
  const services = ["compose-post-service", "text-service", "social-graph-service", "user-service"];
  const lines = services.filter(() => draw.below(3) > 0).map((name) => `  ${name}: { protocol: http`);
  return lines.reduce(
    (text, line) => text.replace(line, `${line}, forwards: ${draw.pick(["traceparent", "x-request-id"])}`),
    mesh,
  );
}

/** A service that may make its calls all at once, and one of them again, and goes round the circle of the mesh twice. */
function busy(draw: Random, service: EmulatedService): EmulatedService {
  const { calls } = service;
  const callees = calls.filter(({ protocol }) => protocol !== "tcp");
  const again = callees.length > 0 && draw.below(4) === 0 ? [draw.pick(callees)] : [];
  return { ...service, calls: [...calls, ...again], isParallel: draw.below(2) === 0, passesMax: 2 };
}

async function readWorld(changed: (mesh: string) => string = (mesh) => mesh): Promise<World> {
  const source = { path: meshFile, text: changed(await readFile(meshFile, "utf8")) };
  const { mesh } = fromYaml(source);
  if (mesh === undefined) throw new Error(`${meshFile} cannot be read`);
  const letters = [...mesh.services.keys()].map(
    (name, number) => [name, String.fromCharCode(97 + number)] as const,
  );
  return { mesh, source, letters: new Map(letters) };
}

function entryOf(running: RunningMesh): Target {
  const entry = running.outside("nginx-thrift");
  if (entry === undefined) throw new Error("the mesh has an entry");
  return entry;
}

/** What is in force. */
interface Form {
  readonly built: Build;
  readonly policies: readonly Drawn[];
}

function proxiesOf({ built }: Form): readonly string[] {
  return built.placement.proxies.map(({ service }) => service).sort();
}

/** There are Envoys where placement has put them and nowhere else, once those have gone that were there before. */
async function runsWherePlaced(running: RunningMesh, form: Form): Promise<void> {
  await expect.poll(() => running.proxied()).toEqual(proxiesOf(form));
}

/** Policies of which some ask, and are for what some request leads to, and what they are built to, near to what is there. */
async function drawn(
  draw: Random,
  world: World,
  { last, onLost = "skip" }: { readonly last?: Build; readonly onLost?: OnLost } = {},
): Promise<Form> {
  const { source, letters } = world;
  for (;;) {
    const policies = ["p0", "p1", "p2"].map((name) => anyPolicy(draw, name, letters, onLost));
    const text = policies.map((policy) => policy.text).join("\n");
    const { build: built } = await build(
      { policies: [{ path: "paths.cup", text }], mesh: source },
      { cache, ...(last === undefined ? {} : { last }) },
    );
    if (built !== undefined && isForSome({ built, policies }, world)) return { built, policies };
  }
}

function isForSome(form: Form, world: World): boolean {
  return waysOf(world.mesh, ["nginx-thrift"]).some((way) =>
    metAt(form, world, way).some(({ name }) => asks(form, name, way.at(-2), way.at(-1) ?? "")),
  );
}

/** The same, and a service behind which some of what they ask is lost: the entry, and in later rounds one that leaves something to be met. */
async function drawnWithLoss(
  draw: Random,
  world: World,
  { onLost, round }: { readonly onLost: OnLost; readonly round: number },
): Promise<{ readonly one: Form; readonly dropping: string }> {
  for (;;) {
    const one = await drawn(draw, world, { onLost });
    const others = ["compose-post-service", "text-service", "user-service"];
    const dropping = round < 2 ? "nginx-thrift" : draw.pick(others);
    const ways = waysOf(world.mesh, ["nginx-thrift"]);
    const isLost = ways.some((way) => lostAt(one, dropping, way).length > 0);
    const isKept = ways.some((way) =>
      metAt(one, world, way).some((policy) => !lostAt(one, dropping, way).includes(policy)),
    );
    if (isLost && (isKept || round < 2)) return { one, dropping };
  }
}

/** Every way of a request, which passes no service twice. */
function waysOf(mesh: Mesh, way: readonly string[]): readonly (readonly string[])[] {
  const next = mesh.calls.filter(
    ({ from, to }) => from === way.at(-1) && !way.includes(to) && mesh.services.get(to)?.protocol !== "tcp",
  );
  return [way, ...next.flatMap(({ to }) => waysOf(mesh, [...way, to]))];
}

/** The policies that have lost what they ask of the last call of a way. */
function lostAt(one: Form, dropping: string, way: readonly string[]): readonly Drawn[] {
  const before = way.slice(0, -1);
  const to = way.at(-1) ?? "";
  return one.policies.filter(({ name }) => before.includes(dropping) && asks(one, name, before.at(-1), to));
}

/** Those whose contexts that call ends. */
function metAt(one: Form, { letters }: World, way: readonly string[]): readonly Drawn[] {
  const text = way.map((service) => letters.get(service)).join("");
  return one.policies.filter(({ matches }) => way.length > 1 && matches.test(text));
}

function anyPolicy(draw: Random, name: string, letters: World["letters"], onLost: OnLost): Drawn {
  const called = [
    "user-service",
    "social-graph-service",
    "post-storage-service",
    "user-mention-service",
    "url-shorten-service",
  ];
  const passed = [
    "compose-post-service",
    "text-service",
    "social-graph-service",
    "home-timeline-service",
    "user-service",
    "user-timeline-service",
  ];
  const [one, other, last] = [draw.pick(passed), draw.pick(passed), draw.pick(called)];
  const of = (service: string): string => letters.get(service) ?? "";
  const [text, pattern] = draw.pick([
    [`${one} -> .* -> ${last}`, `${of(one)}.*${of(last)}`],
    [`^nginx-thrift -> .* -> ${one} -> .* -> ${last}`, `^${of("nginx-thrift")}.*${of(one)}.*${of(last)}`],
    [`${one} -> [^${other}]* -> ${last}`, `${of(one)}[^${of(other)}]*${of(last)}`],
    [`nginx-thrift -> ${one} -> ${last}`, `${of("nginx-thrift")}${of(one)}${of(last)}`],
    [`(${one} | ${other}) -> . -> ${last}`, `(?:${of(one)}|${of(other)}).${of(last)}`],
  ] as const);
  const side = draw.pick(["", "[Ingress]", "[Egress]"]);
  return {
    name,
    text: `policy ${name} ( act (Request r) context ('${text}') onLost (${onLost}) ) { ${side} AddHeader(r, '${name}', '1'); }`,
    matches: new RegExp(`${pattern}$`),
  };
}

/** Services that are not called in this request, so that each has another tree, and maybe a state that it has not got. */
function askedFor(draw: Random, { mesh }: World, form: Form): OutgoingHttpHeaders {
  const skipped = [...mesh.services.values()].filter(
    ({ protocol }) => protocol === "tcp" || draw.below(5) === 0,
  );
  const names = skipped.map(({ name }) => name).filter((name) => name !== "nginx-thrift");
  const forged = draw.below(2) === 0 ? forgedState(draw, form) : {};
  // Where a service may be passed twice it is not called once it has been passed so often.
  return { [visitedHeader]: [...names, ...names].join(","), ...forged };
}

/** What says that a path has come to some state, in ways in which a library may read it. */
function forgedState(draw: Random, { built }: Form): OutgoingHttpHeaders {
  const [tables] = built.paths.known;
  const states = tables?.stamps.flatMap(({ first = "1", steps }) => [first, ...steps.values()]) ?? [];
  const member = `wire=${tables?.revision}.${draw.pick(states)}`;
  return draw.pick<OutgoingHttpHeaders>([
    { tracestate: `a=1,${member}` },
    { TraceState: `${member} , a=1` },
    { tracestate: [member, member] },
    { tracestate: ["a=1", ` ${member.replace("=", " = ")}`] },
    { tracestate: "a=1,wire=forged.1" },
  ]);
}

/** Each call of a tree met each policy as often as one of the forms that are possible has it. */
function check(
  tree: CallTree,
  {
    world,
    possible,
    counts,
  }: { readonly world: World; readonly possible: readonly Form[]; readonly counts: Counts },
): void {
  const met = new Set<string>();
  const hasProxy = (name: string): boolean =>
    possible.some(({ built }) => built.placement.proxies.some(({ service }) => service === name));
  const walk = (visit: CallTree, before: readonly string[]): void => {
    expect(visit.status).toBe(200);
    const path = [...before, visit.service];
    const text = path.map((service) => world.letters.get(service)).join("");
    for (const name of ["p0", "p1", "p2"]) {
      const times = (visit.headers?.[name] ?? []).flatMap((value) => value.split(",")).length;
      const verdicts = possible.map(({ policies }) =>
        Number(
          path.length > 1 && policies.some((policy) => policy.name === name && policy.matches.test(text)),
        ),
      );
      expect([path.join(" -> "), name, verdicts]).toEqual([
        path.join(" -> "),
        name,
        expect.arrayContaining([times]),
      ]);
      const isAsked = possible.some((form) => asks(form, name, before.at(-1), visit.service));
      if (isAsked) met.add("asked").add(times > 0 ? "matched" : "unmatched");
      if (isAsked && before.some((name) => world.mesh.services.get(name)?.forwards !== undefined))
        met.add("joined");
      if (isAsked && before.some((name) => !hasProxy(name))) met.add("across");
      if (isAsked && new Set(path).size < path.length) met.add("circled");
    }
    for (const each of visit.calls ?? []) walk(each, path);
  };
  walk(tree, []);
  counts.requests++;
  if (met.has("asked")) counts.asked++;
  if (met.has("matched")) counts.matched++;
  if (met.has("unmatched")) counts.unmatched++;
  if (met.has("joined")) counts.joined++;
  if (met.has("across")) counts.across++;
  if (met.has("circled")) counts.circled++;
}

/** Whether a policy asks, of calls from one service to another. */
function asks({ built }: Form, name: string, from: string | undefined, to: string): boolean {
  return (
    built.paths.known[0]?.asks.some(
      (asking) => asking.policy === name && asking.to === to && asking.from === from,
    ) === true
  );
}

/** What is asked about behind a service that drops the header is lost; all else is as it was. */
function checkLost(
  tree: CallTree,
  {
    world,
    one,
    onLost,
    dropping,
    counts,
  }: {
    readonly world: World;
    readonly one: Form;
    readonly onLost: OnLost;
    readonly dropping: string;
    readonly counts: Record<"requests" | "denied" | "skipped" | "kept", number>;
  },
): void {
  const walk = (visit: CallTree, before: readonly string[]): void => {
    const path = [...before, visit.service];
    const lost = lostAt(one, dropping, path);
    const met = metAt(one, world, path);
    const isDenied = onLost === "deny" && lost.length > 0;
    expect([path.join(" -> "), visit.status]).toEqual([path.join(" -> "), isDenied ? 403 : 200]);
    if (isDenied) counts.denied++;
    for (const policy of isDenied ? [] : one.policies) {
      const times = (visit.headers?.[policy.name] ?? []).flatMap((value) => value.split(",")).length;
      const isFor = !lost.includes(policy) && met.includes(policy);
      expect([path.join(" -> "), policy.name, times]).toEqual([
        path.join(" -> "),
        policy.name,
        Number(isFor),
      ]);
      if (lost.includes(policy)) counts.skipped++;
      else if (isFor) counts.kept++;
    }
    for (const each of visit.calls ?? []) walk(each, path);
  };
  walk(tree, []);
  counts.requests++;
}

/** What came of a request, with maybe a state that one may have where this is in force. */
function asked(running: RunningMesh, draw: Random, world: World, form: Form): Promise<CallTree> {
  return ask(entryOf(running), askedFor(draw, world, form));
}

async function ask({ address, port }: Target, headers: OutgoingHttpHeaders): Promise<CallTree> {
  const sent = get({ host: address, port, headers, agent });
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new Error("a response comes with its event");
  return JSON.parse(await textOf(response));
}

// A connection that a proxy lets go of would be used again by a request.
const agent = new Agent({ keepAlive: false });

async function concurrently(isOver: () => boolean, act: () => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    while (!isOver()) await act();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
