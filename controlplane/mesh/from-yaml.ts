import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { unreadable, unwritable } from "../language/check-header.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import { firstErrors } from "../language/first-errors.ts";
import { suggest } from "../language/nearest.ts";
import { notText } from "../language/not-text.ts";
import { type Reporter, type ReportOptions, reporterFor } from "../language/reporter.ts";
import type { Source, Span } from "../language/source.ts";
import { checkEndpoints, type Listed } from "./check-endpoints.ts";
import { checkSize, total } from "./check-size.ts";
import { ipAddress } from "./ip-address.ts";
import { keySetFault } from "./key-set-fault.ts";
import { processesMax, rateMax, versionsMax } from "./limits.ts";
import {
  type Call,
  type Endpoint,
  idHeaders,
  type Mesh,
  type Prices,
  type Protocol,
  type Service,
  type TokenProvider,
} from "./mesh.ts";

const identities = ["none", "address", "mtls"] as const;
/** `envoy` is the one data plane so far. */
const protocols: readonly Protocol[] = ["http", "grpc", "tcp"];
/** Of these a state may be a part, if at all, and not the whole. */
const ofTracing: readonly string[] = ["tracestate", "baggage", ...idHeaders];
/** What HTTP, gRPC and proxies have given a meaning already, beside what no policy may write. */
const ofOthers =
  /^(accept|access-control|content|cookie|forwarded|grpc|if|proxy|sec|x-forwarded)(-.*)?$|^(alt-used|authorization|cache-control|date|dnt|early-data|from|idempotency-key|last-event-id|link|max-forwards|origin|pragma|prefer|priority|range|referer|save-data|server-timing|set-cookie|traceresponse|trailer|upgrade-insecure-requests|user-agent|via|want-digest|warning|x-http-method-override|x-real-ip|x-requested-with)$/;
const meshKeys = [
  "name",
  "identity",
  "stateHeader",
  "jwt",
  "accessLog",
  "decisionLog",
  "prices",
  "services",
  "calls",
  "endpoints",
];
const serviceKeys = ["entry", "origin", "forwards", "protocol", "port", "replicas", "versions", "proxy"];
// Lower case: a proxy compares the names of hosts without regard to case.
const serviceName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/;
const outside = "outside";
const anyName = /^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/;
const stateHeader = /^(tracestate|baggage|header:[!#$%&'*+.^_`|~0-9a-z-]+)$/i;

/** Read a mesh file (design §7), YAML or JSON. `mesh` is absent when there are errors. Services may be pinned to these data planes. */
export function fromYaml(
  source: Source,
  dataplanes: readonly string[] = ["envoy"],
): {
  readonly mesh?: Mesh;
  readonly diagnostics: readonly Diagnostic[];
} {
  const foreign = notText(source);
  if (foreign.length > 0) return { diagnostics: foreign };
  const reporter = reporterFor(source);
  const document = parseDocument(source.text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    // Below: the library compares each key with all before it, which takes seconds where there are thousands.
    uniqueKeys: false,
  });
  const said = new Set<string>();
  for (const error of document.errors) {
    const [start, end] = error.pos;
    const [message = ""] = error.message.split("\n");
    // The library says it once for each collection that is open there.
    if (said.has(`${start} ${message}`)) continue;
    said.add(`${start} ${message}`);
    reporter.report(
      "MSH0101",
      { start, end: Math.max(end, start + 1) },
      `${message.charAt(0).toLowerCase()}${message.slice(1)}`,
    );
  }
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        const span = spanOf(key);
        if (name === undefined || span === undefined) continue;
        if (seen.has(name)) reporter.report("MSH0101", span, `the key \`${name}\` is there twice`);
        seen.add(name);
      }
    },
    Alias(_, alias) {
      reporter.report(
        "MSH0103",
        spanOf(alias) ?? { start: 0, end: 0 },
        `a mesh file has no aliases: \`*${alias.source}\` is one`,
        {
          help: "write out what it stands for",
        },
      );
    },
  });
  if (reporter.diagnostics.length > 0) return { diagnostics: firstErrors(source, reporter.diagnostics) };
  const mesh = readMesh(
    { node: document.contents ?? undefined, span: { start: 0, end: firstLine(source) } },
    dataplanes,
    reporter,
  );
  const diagnostics = firstErrors(source, reporter.diagnostics);
  return hasErrors(diagnostics) ? { diagnostics } : { mesh, diagnostics };
}

/** Whether a mesh may be called so. */
export function isMeshName(name: string): boolean {
  return anyName.test(name);
}

/** A value and the place to show when something is wrong with it. */
interface Value {
  readonly node: Node | undefined;
  readonly span: Span;
}

interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Value;
}

function firstLine(source: Source): number {
  return source.text.split("\n", 1)[0]?.length ?? 0;
}

function readMesh(root: Value, dataplanes: readonly string[], reporter: Reporter): Mesh {
  const entries = entriesOf(root, reporter, "a mesh file", meshKeys);
  const at = (key: string) => entries.find((entry) => entry.key === key);
  for (const key of ["name", "services"]) {
    if (!at(key) && isMap(root.node))
      reporter.report("MSH0104", root.span, `the mesh has no \`${key}\``, { help: `add \`${key}:\`` });
  }
  const services = new Map<string, Service>();
  const identity = readIdentity(at("identity"), reporter);
  const listed = readEndpoints(at("endpoints"), reporter);
  const endpoints = new Map(
    listed.map((each) => [each.service, each.endpoints.map(({ endpoint }) => endpoint)]),
  );
  for (const entry of at("services") ? entriesOf(at("services")?.value, reporter, "`services`") : []) {
    const service = readService(entry, { endpoints: endpoints.get(entry.key) ?? [], dataplanes }, reporter);
    if (service) services.set(entry.key, service);
  }
  checkEndpoints(listed, { services, identity }, reporter);
  checkSize(services.values(), at("services")?.keySpan ?? root.span, reporter);
  const calls = readCalls(at("calls"), services, reporter);
  const jwt = readTokenProviders(at("jwt"), reporter);
  const accessLog = flag(at("accessLog"), reporter);
  const decisionLog = share(at("decisionLog"), reporter);
  const prices = readPrices(at("prices"), reporter);
  if (!hasErrors(reporter.diagnostics)) checkReached(at("services"), { services, calls }, reporter);
  return {
    name: readName(at("name"), reporter) ?? "",
    identity,
    stateHeader: readStateHeader(at("stateHeader"), reporter) ?? "tracestate",
    services,
    calls,
    ...(jwt === undefined ? {} : { jwt }),
    ...(accessLog ? { accessLog } : {}),
    ...(decisionLog === 0 ? {} : { decisionLog }),
    ...(prices === undefined ? {} : { prices }),
  };
}

function readService(
  entry: Entry,
  {
    endpoints,
    dataplanes,
  }: { readonly endpoints: readonly Endpoint[]; readonly dataplanes: readonly string[] },
  reporter: Reporter,
): Service | undefined {
  if (!serviceName.test(entry.key)) {
    reporter.report("MSH0103", entry.keySpan, `\`${entry.key}\` is not a DNS label`, {
      help: "lower-case letters, digits and hyphens; `namespace/name` where namespaced",
    });
    return undefined;
  }
  if (entry.key === outside) {
    reporter.report("MSH0103", entry.keySpan, `a service cannot be called \`${outside}\``, {
      help: "rename it: this is what requests that come from no service are said to be from",
    });
    return undefined;
  }
  // `rate:` with nothing behind it is a service with all defaults.
  const entries = isNothing(entry.value)
    ? []
    : entriesOf(entry.value, reporter, `service \`${entry.key}\``, serviceKeys);
  const at = (key: string) => entries.find((inner) => inner.key === key);
  const protocol = oneOf(at("protocol"), protocols, reporter) ?? "http";
  const forwards = oneOf(at("forwards"), ["state", ...idHeaders], reporter) ?? "state";
  if (forwards !== "state" && protocol === "tcp")
    reporter.report(
      "MSH0103",
      at("forwards")?.value.span ?? entry.keySpan,
      `\`${entry.key}\` is a store, which hands on no header`,
      {
        help: "leave out `forwards`: what a connection leads to has no path",
      },
    );
  const versions = readVersions(at("versions"), reporter);
  const replicas = whole(at("replicas"), 0, processesMax, reporter);
  const inVersions = total(versions);
  if (replicas !== undefined && versions.size > 0 && replicas !== inVersions) {
    const span = at("replicas")?.value.span ?? entry.keySpan;
    reporter.report(
      "MSH0103",
      span,
      `\`${entry.key}\` has ${replicas} replicas, its versions have ${inVersions}`,
      {
        help: "leave it out: the versions say how many there are",
      },
    );
  }
  return {
    name: entry.key,
    entry: flag(at("entry"), reporter),
    origin: flag(at("origin"), reporter),
    ...(forwards === "state" ? {} : { forwards }),
    protocol,
    port: whole(at("port"), 1, 65_535, reporter) ?? (protocol === "tcp" ? 6379 : 8080),
    replicas: replicas ?? (versions.size === 0 ? 1 : inVersions),
    versions,
    proxy: oneOf(at("proxy"), ["any", "never", ...dataplanes], reporter) ?? "any",
    endpoints,
  };
}

function readVersions(
  entry: Entry | undefined,
  reporter: Reporter,
): ReadonlyMap<string, { readonly replicas: number }> {
  const versions = new Map<string, { readonly replicas: number }>();
  if (!entry) return versions;
  for (const version of entriesOf(entry.value, reporter, "`versions`")) {
    const inner = isNothing(version.value)
      ? []
      : entriesOf(version.value, reporter, `version \`${version.key}\``, ["replicas"]);
    const replicas = whole(
      inner.find(({ key }) => key === "replicas"),
      0,
      processesMax,
      reporter,
    );
    if (anyName.test(version.key)) versions.set(version.key, { replicas: replicas ?? 1 });
    else
      reporter.report("MSH0103", version.keySpan, `\`${version.key}\` is not the name of a version`, {
        help: "letters, digits, hyphens, dots and underscores",
      });
  }
  if (versions.size > versionsMax) {
    reporter.report(
      "MSH0209",
      entry.keySpan,
      `there are ports for ${versionsMax} versions, not for ${versions.size}`,
      {
        help: "leave some of the versions out",
      },
    );
  }
  return versions;
}

function readCalls(
  entry: Entry | undefined,
  services: ReadonlyMap<string, Service>,
  reporter: Reporter,
): readonly Call[] {
  if (!entry || isNothing(entry.value)) return [];
  const calls: Call[] = [];
  const pairs = new Set<string>();
  const known = (name: string, span: Span): boolean => {
    if (services.has(name)) return true;
    reporter.report("MSH0201", span, `\`calls\` names an unknown service \`${name}\``, {
      ...suggest(name, services.keys(), `add \`${name}\` to \`services\``, span),
    });
    return false;
  };
  for (const caller of entriesOf(entry.value, reporter, "`calls`")) {
    const knownCaller = known(caller.key, caller.keySpan);
    for (const item of itemsOf(caller.value, reporter, `the calls of \`${caller.key}\``)) {
      const call = readCall(caller.key, item, reporter);
      if (!call || !known(call.to, call.span) || !knownCaller) continue;
      const { to, rate, span } = call;
      if (to === caller.key) {
        reporter.report("MSH0202", span, `service \`${to}\` calls itself`, {
          help: "leave the call out: it never passes a proxy",
        });
      } else if (pairs.has(`${caller.key} ${to}`)) {
        reporter.report("MSH0103", span, `the call from \`${caller.key}\` to \`${to}\` is given twice`, {
          help: "add the rates up in one of them",
        });
      } else {
        pairs.add(`${caller.key} ${to}`);
        calls.push({ from: caller.key, to, rate });
      }
    }
  }
  return calls;
}

function readCall(
  from: string,
  item: Value,
  reporter: Reporter,
): { readonly to: string; readonly rate: number; readonly span: Span } | undefined {
  if (!isMap(item.node)) {
    const to = text(item, `a call of \`${from}\``, "the name of a service", reporter);
    return to === undefined ? undefined : { to, rate: 1, span: item.span };
  }
  const entries = entriesOf(item, reporter, "a call", ["to", "rate"]);
  const target = entries.find(({ key }) => key === "to");
  if (!target) {
    reporter.report("MSH0104", item.span, "this call has no `to`", {
      help: "write `{ to: SERVICE, rate: 10 }`",
    });
    return undefined;
  }
  const to = text(target.value, "`to`", "the name of a service", reporter);
  const rate = entries.find(({ key }) => key === "rate");
  return to === undefined ? undefined : { to, rate: readRate(rate, reporter), span: target.value.span };
}

function readRate(entry: Entry | undefined, reporter: Reporter): number {
  if (!entry) return 1;
  const rate = scalar(entry.value);
  if (typeof rate === "number" && rate >= 0 && rate <= rateMax) return rate;
  wrong(entry.value.span, "`rate`", `a number of requests per second, from 0 to ${rateMax}`, reporter);
  return 1;
}

function readEndpoints(entry: Entry | undefined, reporter: Reporter): readonly Listed[] {
  if (!entry || isNothing(entry.value)) return [];
  return entriesOf(entry.value, reporter, "`endpoints`").map(({ key, keySpan, value }) => ({
    service: key,
    keySpan,
    endpoints: itemsOf(value, reporter, `the endpoints of \`${key}\``).flatMap((item) => {
      const endpoint = readEndpoint(item, reporter);
      return endpoint === undefined ? [] : [{ endpoint, span: item.span }];
    }),
  }));
}

function readEndpoint(item: Value, reporter: Reporter): Endpoint | undefined {
  const entries = entriesOf(item, reporter, "an endpoint", ["address", "port", "version"]);
  const at = (key: string) => entries.find((inner) => inner.key === key);
  const missing = ["address", "port"].find((key) => !at(key));
  if (missing !== undefined) {
    if (isMap(item.node))
      reporter.report("MSH0104", item.span, `this endpoint has no \`${missing}\``, {
        help: `add \`${missing}\``,
      });
    return undefined;
  }
  const address = readAddress(at("address"), reporter);
  const port = whole(at("port"), 1, 65_535, reporter);
  const version = at("version");
  const tag = version && text(version.value, "`version`", "the name of a version", reporter);
  if (address === undefined || port === undefined) return undefined;
  return { address, port, ...(tag === undefined ? {} : { version: tag }) };
}

function readAddress(entry: Entry | undefined, reporter: Reporter): string | undefined {
  if (!entry) return undefined;
  const found = scalar(entry.value);
  const address = typeof found === "string" ? ipAddress(found) : undefined;
  if (address === undefined)
    wrong(entry.value.span, "`address`", "an IP address", reporter, {
      help: "write it as in `10.1.0.7` or `fd00::7`",
    });
  return address;
}

/** Paths begin at entries and origins: what none of them leads to has no requests, and no policy for them. */
function checkReached(
  entry: Entry | undefined,
  { services, calls }: Pick<Mesh, "services" | "calls">,
  reporter: Reporter,
): void {
  const reached = new Set(
    [...services.values()].filter((service) => service.entry || service.origin).map(({ name }) => name),
  );
  if (reached.size === 0) {
    reporter.report("MSH0205", entry?.keySpan ?? { start: 0, end: 0 }, "no request ever enters this mesh", {
      help: "mark the services that take requests from outside with `entry: true`",
    });
    return;
  }
  const callees = Map.groupBy(calls, (call) => call.from);
  for (const name of reached) for (const call of callees.get(name) ?? []) reached.add(call.to);
  if (!isMap(entry?.value.node)) return;
  for (const { key } of entry.value.node.items) {
    const name = isScalar(key) ? String(key.value) : "";
    if (!services.has(name) || reached.has(name)) continue;
    reporter.report("MSH0206", spanOf(key) ?? entry.keySpan, `no request reaches \`${name}\``, {
      severity: "warning",
      help: `add a call to it, or mark it with \`entry: true\` or, when it starts requests itself, \`origin: true\``,
    });
  }
}

/** `{ cpu: 0.03, memory: 0.004 }` */
function readPrices(entry: Entry | undefined, reporter: Reporter): Prices | undefined {
  if (!entry) return undefined;
  const entries = entriesOf(entry.value, reporter, "`prices`", ["cpu", "memory"]);
  const price = (key: "cpu" | "memory"): number | undefined => {
    const found = entries.find((inner) => inner.key === key);
    if (!found) {
      if (isMap(entry.value.node))
        reporter.report("MSH0104", entry.keySpan, `\`prices\` has no \`${key}\``, {
          help: "write `{ cpu: 0.03, memory: 0.004 }`: what a CPU costs, and a GiB in the same time",
        });
      return undefined;
    }
    const value = scalar(found.value);
    if (typeof value === "number" && value >= 1 / rateMax && value <= rateMax) return value;
    wrong(found.value.span, `\`${key}\``, `a price, from ${1 / rateMax} to ${rateMax}`, reporter);
    return undefined;
  };
  const [cpu, memory] = [price("cpu"), price("memory")];
  return cpu === undefined || memory === undefined ? undefined : { cpu, memory };
}

/** With `mtls` callers are known as with `address`; that proxies do not speak it yet concerns only who runs them. */
function readIdentity(entry: Entry | undefined, reporter: Reporter): Mesh["identity"] {
  const identity = oneOf(entry, identities, reporter) ?? "none";
  if (entry && identity === "mtls") {
    reporter.report(
      "MSH0204",
      entry.value.span,
      "what `identity: mtls` leads to can be seen and not run yet",
      {
        severity: "warning",
        help: "to run it, write `identity: address`, when every service sends from its own known addresses",
      },
    );
  }
  return identity;
}

function readName(entry: Entry | undefined, reporter: Reporter): string | undefined {
  if (!entry) return undefined;
  const name = text(entry.value, `\`${entry.key}\``, "a name", reporter);
  if (name === undefined || isMeshName(name)) return name;
  wrong(entry.value.span, `\`${entry.key}\``, "letters, digits and hyphens", reporter);
  return undefined;
}

/** `{ providers: { NAME: { issuer, audiences, jwks } } }` */
function readTokenProviders(
  entry: Entry | undefined,
  reporter: Reporter,
): ReadonlyMap<string, TokenProvider> | undefined {
  if (!entry) return undefined;
  const providers = entriesOf(entry.value, reporter, "`jwt`", ["providers"])[0];
  const named = providers === undefined ? [] : entriesOf(providers.value, reporter, "`providers`");
  if (isMap(entry.value.node) && named.length === 0)
    reporter.report("MSH0104", entry.keySpan, "`jwt` has no provider", {
      help: "write `{ providers: { NAME: { issuer: URL, jwks: { keys: [...] } } } }`",
    });
  return new Map(
    named.flatMap((each): [string, TokenProvider][] => {
      const provider = readTokenProvider(each, reporter);
      return provider === undefined ? [] : [[each.key, provider]];
    }),
  );
}

function readTokenProvider(provider: Entry, reporter: Reporter): TokenProvider | undefined {
  const what = `the provider \`${provider.key}\``;
  const entries = entriesOf(provider.value, reporter, what, ["issuer", "audiences", "jwks"]);
  const at = (key: string) => entries.find((inner) => inner.key === key);
  const missing = ["issuer", "jwks"].find((key) => !at(key));
  if (missing !== undefined) {
    if (isMap(provider.value.node))
      reporter.report("MSH0104", provider.keySpan, `${what} has no \`${missing}\``, {
        help: `add \`${missing}\``,
      });
    return undefined;
  }
  const [issuerEntry, keys, list] = [at("issuer"), at("jwks"), at("audiences")];
  const issuer = issuerEntry && text(issuerEntry.value, "`issuer`", "what tokens have as `iss`", reporter);
  const jwks = keys && readKeySet(keys.value, reporter);
  const audiences = list
    ? itemsOf(list.value, reporter, "`audiences`").flatMap(
        (item) => text(item, "an audience", "what tokens have as `aud`", reporter) ?? [],
      )
    : [];
  return issuer === undefined || jwks === undefined ? undefined : { issuer, audiences, jwks };
}

/** A JSON Web Key Set, as a map or as JSON in a string. */
function readKeySet(value: Value, reporter: Reporter): string | undefined {
  const { node } = value;
  const json = isMap(node)
    ? JSON.stringify(node.toJSON())
    : text(value, "`jwks`", "a JSON Web Key Set", reporter);
  if (json === undefined) return undefined;
  const fault = keySetFault(json);
  if (fault === undefined) return json;
  reporter.report("MSH0103", value.span, `\`jwks\` ${fault.message}`, { help: fault.help });
  return undefined;
}

/** Why a header cannot be all state: it means something else, or services take it for one that does, as they take `x_path` for `x-path`. */
function takenHeader(name: string): string | undefined {
  const own = name.toLowerCase();
  for (const each of new Set([own, own.replaceAll("_", "-")])) {
    const problem = unwritable(each, "SetHeader", "request") ?? unreadable(each, "request");
    if (problem !== undefined) return problem.message;
    if (ofOthers.test(each)) return "it means something else to services, libraries or proxies";
    if (ofTracing.includes(each)) return "tracing libraries write it";
  }
  return undefined;
}

function readStateHeader(entry: Entry | undefined, reporter: Reporter): string | undefined {
  if (!entry) return undefined;
  const value = scalar(entry.value);
  if (typeof value !== "string" || !stateHeader.test(value)) {
    wrong(entry.value.span, "`stateHeader`", "`tracestate`, `baggage` or `header:NAME`", reporter);
    return undefined;
  }
  const [, name] = value.split(":");
  // All of that header is the state: not of one that means something else already.
  const taken = name === undefined ? undefined : takenHeader(name);
  if (taken === undefined) return value.toLowerCase();
  reporter.report("MSH0103", entry.value.span, `\`${value}\` cannot hold the state of paths: ${taken}`, {
    help: "choose a name of your own, such as `header:x-path`",
  });
  return undefined;
}

function oneOf<T extends string>(
  entry: Entry | undefined,
  choices: readonly T[],
  reporter: Reporter,
): T | undefined {
  if (!entry) return undefined;
  const value = scalar(entry.value);
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    const all = choices.map((candidate) => `\`${candidate}\``).join(" or ");
    wrong(
      entry.value.span,
      `\`${entry.key}\``,
      all,
      reporter,
      suggest(String(value), choices, `write ${all}`, entry.value.span),
    );
  }
  return choice;
}

function whole(entry: Entry | undefined, min: number, max: number, reporter: Reporter): number | undefined {
  if (!entry) return undefined;
  const value = scalar(entry.value);
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  wrong(entry.value.span, `\`${entry.key}\``, `a whole number from ${min} to ${max}`, reporter);
  return undefined;
}

function flag(entry: Entry | undefined, reporter: Reporter): boolean {
  if (!entry) return false;
  const value = scalar(entry.value);
  if (typeof value === "boolean") return value;
  wrong(entry.value.span, `\`${entry.key}\``, "`true` or `false`", reporter);
  return false;
}

/** 0 where it is not given. */
function share(entry: Entry | undefined, reporter: Reporter): number {
  if (!entry) return 0;
  const value = scalar(entry.value);
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  wrong(entry.value.span, `\`${entry.key}\``, "a share, from 0 to 1", reporter);
  return 0;
}

function text(value: Value, what: string, wanted: string, reporter: Reporter): string | undefined {
  const found = scalar(value);
  if (typeof found === "string" && found !== "") return found;
  wrong(value.span, what, wanted, reporter);
  return undefined;
}

function wrong(
  span: Span,
  what: string,
  wanted: string,
  reporter: Reporter,
  options: ReportOptions = { help: `write ${wanted}` },
): void {
  reporter.report("MSH0103", span, `${what} takes ${wanted}`, options);
}

function scalar({ node }: Value): unknown {
  return isScalar(node) ? node.value : undefined;
}

function isNothing({ node }: Value): boolean {
  return node === undefined || (isScalar(node) && node.value === null);
}

function spanOf(node: unknown): Span | undefined {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
  return range ? { start: range[0], end: Math.max(range[1], range[0] + 1) } : undefined;
}

/** The pairs of a map. Keys that are not among `keys`, when given, are reported and left out. */
function entriesOf(
  value: Value | undefined,
  reporter: Reporter,
  what: string,
  keys?: readonly string[],
): readonly Entry[] {
  if (!value) return [];
  if (!isMap(value.node)) {
    wrong(value.span, what, "a map of keys and values", reporter);
    return [];
  }
  return value.node.items.flatMap((pair): Entry[] => {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    const keySpan = spanOf(pair.key) ?? value.span;
    if (keys && !keys.includes(key)) {
      reporter.report("MSH0102", keySpan, `unknown key \`${key}\` in ${what}`, {
        ...suggest(key, keys, `it has \`${keys.join("`, `")}\``, keySpan),
      });
      return [];
    }
    const node =
      isScalar(pair.value) || isMap(pair.value) || isSeq(pair.value) || isAlias(pair.value)
        ? pair.value
        : undefined;
    return [{ key, keySpan, value: { node, span: spanOf(node) ?? keySpan } }];
  });
}

function itemsOf(value: Value, reporter: Reporter, what: string): readonly Value[] {
  if (isNothing(value)) return [];
  if (!isSeq(value.node)) {
    wrong(value.span, what, "a list", reporter);
    return [];
  }
  return value.node.items.map((item) => {
    const node = isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? item : undefined;
    return { node, span: spanOf(node) ?? value.span };
  });
}
