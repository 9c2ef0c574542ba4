import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Chain, Module } from "../../controlplane/codegen/module.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Build } from "../../controlplane/pipeline/build.ts";
import { noPaths } from "../../controlplane/placement/path-tables.ts";
import type { Placement } from "../../controlplane/placement/placement.ts";
import { type AddressPlan, addressPlan } from "../../controlplane/xds/address-plan.ts";
import { strippedHeaders } from "../../controlplane/xds/control-headers.ts";
import { layOut } from "../../controlplane/xds/lay-out.ts";
import { actModule, text } from "../act-module.ts";
import { type RunningMesh, startMesh } from "./start-mesh.ts";

// What a filter decides is carried out by its Envoy, and by nobody else's word. The filters here do what a header asks for, so that one
// mesh shows all of it; its services are this file's own, which can be slow, fail, and say what they were sent.

const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = { ...keys.publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256" };
const meshFile = {
  path: "mesh.yaml",
  text: JSON.stringify({
    name: "acts",
    identity: "address",
    jwt: { providers: { us: { issuer: "https://us.example", audiences: ["shop"], jwks: { keys: [jwk] } } } },
    services: {
      frontend: { entry: true },
      rate: { versions: { v1: { replicas: 3 }, v2: {} } },
      kept: { replicas: 4 },
      geo: { entry: true },
      mid: {},
      leaf: {},
    },
    calls: { frontend: ["rate", "kept", "geo", "mid"], mid: ["leaf"] },
  }),
};

/** What a service says: who it is, and what it was sent. */
interface Seen {
  readonly service: string;
  readonly version?: string;
  readonly at: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly attempt?: number;
  /** What `leaf` answered to `mid`. */
  readonly next?: Answer;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

const seen: Seen[] = [];
const attempts = new Map<string, number>();
const logs = new Map<string, string>();
const stack = new AsyncDisposableStack();
let running: RunningMesh;
let place: AddressPlan;

beforeAll(async () => {
  const { mesh, diagnostics } = fromYaml(meshFile);
  if (mesh === undefined) throw new Error(JSON.stringify(diagnostics));
  place = addressPlan(mesh);
  for (const service of mesh.services.keys()) {
    for (const { address, port, version } of place.instances(service))
      await serve(address, port, { service, ...(version === undefined ? {} : { version }), at: address });
  }
  running = stack.use(
    await startMesh(await buildOf(mesh), {
      without: [...mesh.services.keys()],
      onLog: (service, chunk) => logs.set(service, (logs.get(service) ?? "") + chunk),
    }),
  );
});
afterAll(() => stack.disposeAsync());

async function serve(
  address: string,
  port: number,
  self: Pick<Seen, "service" | "version" | "at">,
): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    void answerTo(self, incoming.url ?? "", incoming.headers).then(({ status, body }) => {
      outgoing.writeHead(status, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
}

async function answerTo(
  self: Pick<Seen, "service" | "version" | "at">,
  path: string,
  headers: IncomingHttpHeaders,
): Promise<{ readonly status: number; readonly body: Seen }> {
  const one = (name: string): string => String(headers[name] ?? "");
  const key = `${self.service} ${one("x-request-id")}`;
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  await new Promise((resolve) => setTimeout(resolve, Number(one(`x-slow-${self.service}`))));
  const target = running.target(self.service, "leaf");
  const forwarded = ["x-request-id", "baggage", "x-act-mid", "x-slow-leaf"].filter((name) => name in headers);
  const next =
    self.service === "mid" && target !== undefined
      ? await ask(target, "leaf", "/", Object.fromEntries(forwarded.map((name) => [name, one(name)])))
      : undefined;
  const body = { ...self, path, headers, attempt, ...(next === undefined ? {} : { next }) };
  seen.push(body);
  return { status: attempt <= Number(one("x-fails")) ? 503 : 200, body };
}

function ask(
  target: { readonly address: string; readonly port: number },
  host: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: target.address, port: target.port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, milliseconds: performance.now() - start }),
      );
    });
    sent.setHeader("host", host);
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
    sent.on("error", reject);
    sent.end();
  });
}

let requests = 0;

/** A request by `frontend`, through its proxy. */
async function call(
  to: string,
  headers: Readonly<Record<string, string>> = {},
  path = "/",
): Promise<Answer & { readonly id: string; readonly saw: Partial<Seen> }> {
  const target = running.target("frontend", to);
  if (target?.via !== "proxy") throw new Error(`frontend does not call ${to} through its proxy`);
  const id = headers["x-request-id"] ?? `request-${requests++}`;
  const answer = await ask(target, to, path, { "x-request-id": id, ...headers });
  return { ...answer, id, saw: answer.body.startsWith("{") ? JSON.parse(answer.body) : {} };
}

/** The filter of `frontend` and `mid`: `x-act` names what it does, `NAME` or `NAME+NAME`. */
async function acts(policy: string, by: string): Promise<Module> {
  const decisions: Readonly<Record<string, string>> = {
    delay: "injectDelay(400000000, 100);",
    abort: "injectAbort(429, 100);",
    timeout: "setTimeout(500000000);",
    retry: `setRetries(3, ${text("5xx")});`,
    v1: `routeToVersion(${text("rate")}, ${text("v1")});`,
    v2: `routeToVersion(${text("rate")}, ${text("v2")});`,
    mirror: `mirror(${text("rate")}, ${text("v2")}, 100);`,
    split: `splitByWeight(${text("rate")}, ${text("v1")}, 1, ${text("rate")}, 0); splitByWeight(${text("rate")}, ${text("v1")}, 3, ${text("v2")}, 1);`,
    hash: `setHashKey(header(${text("x-key")}));`,
    path: `rewritePath(${text("/other path")});`,
    host: `rewriteHost(${text("geo")});`,
    deadline: "setDeadline(1000000000);",
    later: "setDeadline(9000000000);",
  };
  const body = Object.entries(decisions)
    .map(([name, decision]) => `  if (wants(${text(name)})) { ${decision} }\n`)
    .join("");
  return actModule({
    policy,
    actions: [
      "InjectDelay",
      "InjectAbort",
      "Mirror",
      "SetHashKey",
      "RewriteHost",
      "SetDeadline",
      "SetRetries",
    ],
    imports: [
      `{ Bytes, header, lengthOf, MISSING, pointerOf } from "bytes"`,
      `{ mirror, rewriteHost, rewritePath, routeToVersion, setHashKey, splitByWeight } from "actions/routing"`,
      `{ injectAbort, injectDelay, setDeadline, setRetries, setTimeout } from "actions/resilience"`,
    ],
    body: `${body}}

function wants(name: Bytes): bool {
  const asked = header(${text(by)});
  if (asked == MISSING || lengthOf(asked) < lengthOf(name)) return false;
  for (let i: usize = 0; i <= lengthOf(asked) - lengthOf(name); i++) {
    if (memory.compare(pointerOf(asked) + i, pointerOf(name), lengthOf(name)) == 0) return true;
  }
  return false;`,
  });
}

/** The filter of `geo`: shows the claims to the service and tags the access log with who asks. */
function claims(): Promise<Module> {
  return actModule({
    policy: "claims",
    actions: ["GetClaim", "TagAccessLog"],
    tags: ["who"],
    imports: [
      `{ header, MISSING } from "bytes"`,
      `{ verifiedClaims } from "claims"`,
      `{ getClaim } from "actions/access"`,
      `{ setHeader } from "actions/headers"`,
      `{ tagAccessLog } from "actions/telemetry"`,
    ],
    body: `  const found = verifiedClaims();
  if (found != MISSING) setHeader(${text("x-claims")}, found);
  const level = getClaim(${text("level")});
  if (level != MISSING) setHeader(${text("x-level")}, level);
  const who = header(${text("x-who")});
  if (who != MISSING) tagAccessLog(${text("who")}, who);`,
  });
}

/** A build as the pipeline makes it, with these modules. */
async function buildOf(mesh: Mesh): Promise<Build> {
  const modules = {
    frontend: await acts("acts", "x-act"),
    mid: await acts("acts-again", "x-act-mid"),
    geo: await claims(),
    kept: await actModule({ policy: "nothing", actions: [], imports: [], body: "" }),
  };
  const chains = Object.entries(modules).map(([service, module]): Chain => {
    const direction = service === "frontend" || service === "mid" ? "outbound" : "inbound";
    const vmId = `wire/${service}/${direction}`;
    const [policy] = module.policies;
    const configuration = `@self\t${service}\n${policy}\t${direction}\t*\tenforce\n`;
    return { service, direction, slots: [{ name: `${vmId}/${policy}`, vmId, module, configuration }] };
  });
  const placement: Placement = {
    ...{ status: "optimal", cost: 4, bound: 4, unmatched: [] },
    proxies: chains.map(({ service, direction, slots }) => ({
      ...{ service, dataplane: "envoy", stamps: false },
      policies: slots.flatMap(({ module }) =>
        module.policies.map((policy) => ({
          policy,
          side: direction === "outbound" ? ("egress" as const) : ("ingress" as const),
          section: "either" as const,
          calls: mesh.calls
            .filter(({ from, to }) => service === (direction === "outbound" ? from : to))
            .map(({ from, to }) => [from, to] as const),
        })),
      ),
    })),
  };
  return {
    input: { policies: [], mesh: meshFile },
    ...{ mesh, policies: [], placement, chains: layOut({ mesh, placement, chains }) },
    modules: Object.values(modules),
    generated: new Map(),
    dataplanes: [],
    paths: noPaths,
  };
}

describe("resilience", () => {
  test("a delay holds the request back", async () => {
    const plain = await Promise.all([call("rate"), call("rate"), call("rate")]);
    expect(Math.min(...plain.map((answer) => answer.milliseconds))).toBeLessThan(390);
    const { status, milliseconds, saw } = await call("rate", { "x-act": "delay" });
    expect(status).toBe(200);
    expect(milliseconds).toBeGreaterThan(395);
    expect(reserved(saw)).toEqual([]);
  });

  test("an abort answers in the place of the service", async () => {
    const { status, id } = await call("rate", { "x-act": "abort" });
    expect(status).toBe(429);
    expect(seen.some(({ headers }) => headers["x-request-id"] === id)).toBe(false);
  });

  test("a timeout ends the request with 504", async () => {
    const { status, milliseconds } = await call("rate", { "x-act": "timeout", "x-slow-rate": "2000" });
    expect(status).toBe(504);
    expect(milliseconds).toBeGreaterThan(490);
    expect(milliseconds).toBeLessThan(1_900);
    const { saw } = await call("rate", { "x-act": "timeout" });
    expect(reserved(saw)).toEqual([]);
  });

  test("retries go on until a service answers well", async () => {
    expect((await call("rate", { "x-fails": "2" })).status).toBe(503);
    const { status, saw } = await call("rate", { "x-act": "retry", "x-fails": "2" });
    expect([status, saw.attempt]).toEqual([200, 3]);
    // Each attempt is made elsewhere, as long as there is a choice, by whatever key the first one was placed.
    for (const act of Array.from({ length: 20 }, () => ["retry", "retry+hash"]).flat()) {
      const { id } = await call("rate", { "x-act": act, "x-key": "a", "x-fails": "2" });
      const tried = seen.filter(({ headers }) => headers["x-request-id"] === id).map(({ at }) => at);
      expect(new Set(tried).size).toBe(3);
    }
    expect(reserved(saw)).toEqual([]);
  });

  test("a deadline shrinks from hop to hop", async () => {
    const asks = { "x-act": "deadline", "x-act-mid": "later" };
    const quick = await call("mid", asks);
    expect(quick.status).toBe(200);
    const leaf: Seen = JSON.parse(quick.saw.next?.body ?? "{}");
    expect(leaf.headers["baggage"]).toBe(quick.saw.headers?.["baggage"]);
    expect(leaf.headers["baggage"]).toMatch(/^wire-deadline=\d{13}$/);
    expect([...reserved(leaf), ...reserved(quick.saw)]).toEqual([]);

    // The first hop takes half of the second, so the other half is all that the second has for a service that takes two.
    const before = seen.length;
    const slow = await call("mid", { ...asks, "x-slow-mid": "500", "x-slow-leaf": "2000" });
    expect(slow.milliseconds).toBeLessThan(1_900);
    await expect.poll(() => seen.slice(before).find(({ service }) => service === "mid")?.next).toBeDefined();
    const next = seen.slice(before).find(({ service }) => service === "mid")?.next;
    expect(next?.status).toBe(504);
    expect(next?.milliseconds).toBeLessThan(700);

    // Nothing is left for the second hop, which does not even try.
    const late = await call("mid", { ...asks, "x-slow-mid": "1200" });
    expect(late.status).toBe(504);
    await expect
      .poll(() => seen.filter(({ service }) => service === "mid").at(-1)?.next?.body)
      .toMatch(/deadline/);
    expect(
      seen.some(({ service, headers }) => service === "leaf" && headers["x-request-id"] === late.id),
    ).toBe(false);
  });
});

describe("routing", () => {
  test("a version is picked, or one of two by weight", async () => {
    for (const version of ["v1", "v2"])
      for (let n = 0; n < 4; n++)
        expect((await call("rate", { "x-act": version })).saw.version).toBe(version);
    const versions = await Promise.all(
      Array.from({ length: 80 }, (_, n) => call("rate", { "x-act": "split", "x-request-id": `split-${n}` })),
    );
    const again = await Promise.all(
      versions.map(({ id }) => call("rate", { "x-act": "split", "x-request-id": id })),
    );
    expect(again.map(({ saw }) => saw.version)).toEqual(versions.map(({ saw }) => saw.version));
    const second = versions.filter(({ saw }) => saw.version === "v2").length;
    expect(second).toBeGreaterThan(5);
    expect(second).toBeLessThan(40);
    expect(versions.flatMap(({ saw }) => reserved(saw))).toEqual([]);
  });

  test("a copy goes to another version, and says nothing of itself", async () => {
    const { id, saw } = await call("rate", { "x-act": "v1+mirror" }, "/copied?a=b");
    expect(saw.version).toBe("v1");
    const copies = () =>
      seen.filter(({ version, headers }) => version === "v2" && headers["x-request-id"] === id);
    await expect.poll(() => copies().length).toBe(1);
    const [copy] = copies();
    expect([copy?.path, copy?.headers.host]).toEqual(["/copied?a=b", "rate"]);
    expect([copy ?? {}, saw].flatMap(reserved)).toEqual([]);
    const plain = await call("rate", { "x-act": "mirror" });
    expect(plain.status).toBe(200);
  });

  test.each(["rate", "kept"])("equal keys go to the same replica of %s", async (service) => {
    const where = async (key: string): Promise<ReadonlySet<unknown>> => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => call(service, key === "" ? {} : { "x-act": "hash", "x-key": key })),
      );
      expect(answers.flatMap(({ saw }) => reserved(saw))).toEqual([]);
      return new Set(answers.map(({ saw }) => saw.at));
    };
    const each = await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map(where));
    expect(each.map(({ size }) => size)).toEqual(each.map(() => 1));
    expect(new Set(each.flatMap((places) => [...places])).size).toBeGreaterThan(1);
    expect((await where("")).size).toBeGreaterThan(1);
  });

  test("another path or host does not lead elsewhere", async () => {
    const path = await call("rate", { "x-act": "path+v2" }, "/asked?a=b");
    expect([path.saw.version, path.saw.path]).toEqual(["v2", "/other%20path?a=b"]);
    for (const act of ["host", "host+v2"]) {
      const { saw } = await call("rate", { "x-act": act });
      expect([saw.service, saw.headers?.host]).toEqual(["rate", "geo"]);
      expect(reserved(saw)).toEqual([]);
    }
    expect((await call("rate")).saw.headers?.host).toBe("rate");
  });
});

describe("claims and the access log", () => {
  const payload = { iss: "https://us.example", aud: "shop", sub: "ann", level: 3, exp: 4_000_000_000 };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = (head: object, claims: object, by: (text: string) => Buffer): string => {
    const body = `${part(head)}.${part(claims)}`;
    return `${body}.${by(body).toString("base64url")}`;
  };
  const own = (body: string): Buffer =>
    sign("sha256", Buffer.from(body), { key: keys.privateKey, dsaEncoding: "ieee-p1363" });
  const head = { alg: "ES256", kid: "one" };
  const ofToken = async (token: string): Promise<unknown> => {
    const { status, saw } = await call("geo", { authorization: `Bearer ${token}` });
    expect(status).toBe(200);
    // What passes is left as it is.
    expect(saw.headers?.["authorization"]).toBe(`Bearer ${token}`);
    expect(reserved(saw)).toEqual([]);
    const { "x-claims": all, "x-level": level } = saw.headers ?? {};
    return all === undefined && level === undefined ? undefined : [all, level];
  };

  test("claims are those of a token that was verified", async () => {
    expect(await ofToken(signed(head, payload, own))).toEqual([JSON.stringify(payload), "3"]);
  });

  test("a token that was not has none", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const forged = (body: string): Buffer =>
      sign("sha256", Buffer.from(body), { key: other, dsaEncoding: "ieee-p1363" });
    const mac = (body: string): Buffer => createHmac("sha256", JSON.stringify(jwk)).update(body).digest();
    const tokens = [
      signed(head, payload, forged),
      signed({ alg: "none" }, payload, () => Buffer.alloc(0)),
      signed({ alg: "HS256" }, payload, mac),
      signed(head, { ...payload, iss: "https://them.example" }, own),
      signed(head, { ...payload, aud: "bank" }, own),
      signed(head, { ...payload, exp: 1_000_000_000 }, own),
      "nonsense",
    ];
    for (const token of tokens) expect(await ofToken(token)).toBeUndefined();
    const { saw } = await call("geo", { "x-wire-claims": part(payload) });
    expect([saw.headers?.["x-claims"], ...reserved(saw)]).toEqual([undefined]);
  });

  test("a tag is in the request's line", async () => {
    const tagged = await call("geo", { "x-who": 'a "b"' }, "/logged");
    const plain = await call("geo", {}, "/logged");
    const line = (id: string): unknown =>
      (logs.get("geo") ?? "")
        .split("\n")
        .filter((text) => text.startsWith("{") && text.includes(`"${id}"`))
        .map((text) => JSON.parse(text))[0];
    await expect.poll(() => line(plain.id), { timeout: 5_000 }).toBeDefined();
    expect(line(tagged.id)).toMatchObject({
      ...{ service: "geo", direction: "inbound", method: "GET", path: "/logged", status: 200, host: "geo" },
      tags: { who: 'a "b"' },
    });
    expect(line(plain.id)).not.toHaveProperty("tags.who");
    expect(logs.get("kept") ?? "").not.toContain('"status"');
  });
});

describe("control headers from outside", () => {
  const values: Readonly<Record<string, string>> = {
    "x-envoy-upstream-rq-timeout-ms": "50",
    "x-envoy-upstream-rq-per-try-timeout-ms": "50",
    "x-envoy-upstream-stream-duration-ms": "50",
    "x-envoy-upstream-rq-timeout-alt-response": "1",
    "x-envoy-max-retries": "3",
    "x-envoy-retry-on": "5xx,gateway-error",
    "x-envoy-retry-grpc-on": "unavailable",
    "x-envoy-fault-delay-request": "2000",
    "x-envoy-fault-abort-request": "418",
    "x-envoy-fault-abort-grpc-request": "5",
    "x-wire-version": "v2",
    "x-wire-mirror": "v2",
    "x-wire-hash": "k",
    "x-wire-host": "elsewhere",
    "x-wire-budget": "1",
  };

  test.each(strippedHeaders)("%s does nothing and does not arrive", async (name) => {
    const headers = { [name]: values[name] ?? "1", "x-fails": "1" };
    // An application behind its own proxy, through another one's, and straight into an entry.
    for (const service of ["rate", "kept"]) {
      const { status, milliseconds, saw } = await call(service, {
        ...headers,
        "x-slow-rate": "80",
        "x-slow-kept": "80",
      });
      expect([status, saw.attempt, saw.headers?.host]).toEqual([503, 1, service]);
      expect(milliseconds).toBeLessThan(1_000);
      expect(reserved(saw)).toEqual([]);
    }
    const entry = running.outside("geo");
    if (entry === undefined) throw new Error("geo is an entry");
    const id = `outside-${name}`;
    const answer = await ask(entry, "geo", "/", { ...headers, "x-request-id": id, "x-slow-geo": "80" });
    const saw: Seen = JSON.parse(answer.body);
    expect([answer.status, saw.attempt]).toEqual([503, 1]);
    expect(reserved(saw)).toEqual([]);
    const copies = seen.filter(
      ({ version, headers: sent }) => version === "v2" && sent["x-request-id"] === id,
    );
    expect(copies).toEqual([]);
  });

  test("neither a version nor a replica can be picked", async () => {
    const sent = { "x-wire-version": "v2", "x-wire-hash": "k", "x-wire-mirror": "v2" };
    for (const service of ["rate", "kept"]) {
      const answers = await Promise.all(Array.from({ length: 12 }, () => call(service, sent)));
      expect(new Set(answers.map(({ saw }) => saw.at)).size).toBeGreaterThan(1);
    }
  });
});

/** The control headers that a service was sent: none ever should be. */
function reserved(saw: Partial<Seen>): readonly string[] {
  return strippedHeaders.filter((name) => saw.headers?.[name] !== undefined);
}
