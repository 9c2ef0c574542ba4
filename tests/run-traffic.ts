import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { Chain, Slot } from "../controlplane/codegen/module.ts";
import type { Build } from "../controlplane/pipeline/build.ts";
import { addressPlan } from "../controlplane/xds/address-plan.ts";
import { controlHeaders } from "../controlplane/xds/control-headers.ts";
import { decodeCluster, decodeListener, decodeRoutes, managersOf } from "../controlplane/xds/decode.ts";
import { reloadBackoffMs } from "../controlplane/xds/extension.ts";
import type { Route } from "../controlplane/xds/generated/envoy/config/route/v3/route_components_pb.ts";
import { HeaderMutationSchema as HeaderMutationFilterSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import type { HttpConnectionManager } from "../controlplane/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { HeaderMutationSchema } from "../controlplane/xds/generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { HttpProtocolOptionsSchema } from "../controlplane/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import type { Resource } from "../controlplane/xds/resource.ts";
import { slotsOf } from "../controlplane/xds/slots-of.ts";
import { proxyResources, wayOf } from "../controlplane/xds/snapshot.ts";
import {
  createHost,
  type Host,
  type HostResponse,
  type HostStream,
  localResponse,
  type PropertyValue,
} from "../filters/proxy-wasm-as/testing/index.ts";
import { logName, sumOf } from "./stats.ts";
import type { Arrival, Got, Traffic } from "./traffic.ts";
import { verifyToken } from "./verify-token.ts";

type Headers = readonly (readonly [string, string])[];
interface Passed {
  readonly kind: "passed";
  readonly headers: Headers;
  readonly cluster: string;
  /** What the filters of this proxy have open, in order. */
  readonly streams: readonly HostStream[];
}

/** What a proxy has answered itself, as it leaves this proxy. */
interface Answered {
  readonly kind: "answered";
  readonly answer: HostResponse;
}

/** What Envoy's router takes away when it has read it. What it does in time, and whether it tries again, is not told here. */
const routersOwn = [
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-max-retries",
  "x-envoy-retry-on",
  "x-envoy-retry-grpc-on",
];

/** Sends requests through the resources of a build, read as Envoy reads them, with its modules in the in-process host. */
export interface InProcessMesh {
  /** What becomes of a request: once for each version of the callee that it may go to. */
  send(request: Traffic): readonly Arrival[];
  /** What the modules have counted, and which lines they have logged how often. */
  stats(): ReadonlyMap<string, number>;
}

export function inProcessMesh(build: Build): InProcessMesh {
  const { mesh, chains } = build;
  const addresses = addressPlan(mesh);
  const snapshots = proxyResources({ mesh, addresses, ways: [wayOf(build)] });
  const hosts = new Map<string, Host>();
  const said: (readonly [string, number])[] = [];
  const end = (stream: HostStream): void => {
    stream.end();
    for (const { level, message } of stream.result().logs) said.push([logName(level, message), 1]);
  };

  const hostOf = (listener: string, slot: Slot): Host => {
    const key = `${listener} ${slot.name}`;
    const { configuration, module } = slot;
    const host =
      hosts.get(key) ??
      createHost(module.bytes, {
        configuration,
        failure: module.isFilterCode === true ? "reload" : module.failure,
        reloadBackoffMs: reloadBackoffMs(module) ?? 0,
        allowOnHeadersStopIteration: true,
      });
    hosts.set(key, host);
    return host;
  };

  /** One proxy: early mutations, route, the filters that the route switches on, route again when a filter asked for it. */
  const through = (
    service: string,
    direction: Chain["direction"],
    name: string,
    request: { readonly headers: Headers; readonly body: readonly string[]; readonly source: string },
  ): Passed | Answered | undefined => {
    const snapshot = snapshots.get(service);
    // Its own name goes on with that of its generation.
    const listener = [...(snapshot?.listeners.values() ?? [])].find((each) =>
      each.name.startsWith(`${name}/`),
    );
    if (snapshot === undefined || listener === undefined) return undefined;
    const [manager] = managersOf(decodeListener(listener));
    const rds = manager?.routeSpecifier.case === "rds" ? manager.routeSpecifier.value : undefined;
    const routes = snapshot.routes.get(rds?.routeConfigName ?? "");
    if (manager === undefined || routes === undefined) throw new Error(`${name} has no routes`);
    const slots = slotsOf(chains, service, direction, name.split("@")[1]);
    let headers = withoutNames(request.headers, strippedEarly(manager));
    const authority = headers.find(([key]) => key === ":authority")?.[1] ?? "";
    const host = decodeRoutes(routes).virtualHosts.find(({ domains }) =>
      domains.some((domain) => domain === "*" || domain === authority),
    );
    const choose = (): Route | undefined => host?.routes.find((route) => matches(route, headers));
    let route = choose();
    if (host === undefined || route === undefined) return { kind: "answered", answer: { status: 404 } };
    let isCleared = false;
    const streams: HostStream[] = [];
    // Why there is an answer: filters that it passes on its way back may ask.
    const facts: Record<string, PropertyValue> = {
      "source.address": `${request.source}:40000`,
      "xds.route_name": route.name,
    };
    const answered = (details: string, answer: HostResponse): Answered => {
      facts["response.code_details"] = details;
      return { kind: "answered", answer: back(streams, answer) };
    };
    for (const filter of manager.httpFilters) {
      if (filter.name === "envoy.filters.http.jwt_authn") headers = withClaims(headers);
      // A request that is held back for longer than its answer may take.
      const abort =
        filter.name === "envoy.filters.http.fault" ? headerOf(headers, controlHeaders.faultAbort) : undefined;
      if (abort !== undefined) {
        const said = manager.localReplyConfig?.mappers[0]?.body?.specifier;
        const reply = {
          status: Number(abort),
          headers: [],
          body: said?.case === "inlineString" ? said.value : "fault filter abort",
          details: "fault_filter_abort",
        };
        return answered(reply.details, localResponse(headerOf(headers, "content-type") ?? "", reply));
      }
      const slot = slots.find((candidate) => candidate.place === filter.name);
      if (slot === undefined || !(filter.name in host.typedPerFilterConfig)) continue;
      const stream = hostOf(name, slot).open({
        headers,
        body: request.body,
        properties: facts,
      });
      streams.push(stream);
      const result = stream.result();
      // Its own answer: nobody else's is asked for.
      if (result.localReply !== undefined) return answered(result.localReply.details, {});
      headers = result.requestHeaders;
      isCleared ||= result.calls.includes("call_foreign_function:clear_route_cache");
    }
    // The router asks again, when all filters have run.
    if (isCleared) route = choose() ?? route;
    const action = route.action.case === "route" ? route.action.value : undefined;
    const cluster = action?.clusterSpecifier.case === "cluster" ? action.clusterSpecifier.value : "";
    const known = snapshot.clusters.get(cluster);
    if (action === undefined || known === undefined)
      throw new Error(`the route ${route.name} leads to no cluster`);
    const rewritten =
      action.hostRewriteSpecifier.case === "hostRewriteHeader"
        ? headerOf(headers, action.hostRewriteSpecifier.value)
        : undefined;
    const sent = headers.map(
      ([key, value]) => [key, key === ":authority" ? (rewritten ?? value) : value] as const,
    );
    return {
      kind: "passed",
      headers: withoutNames(sent, [...host.requestHeadersToRemove, ...routersOwn, ...strippedLate(known)]),
      cluster,
      streams,
    };
  };

  /** The answer on its way back: the filters in the other order. */
  const back = (streams: readonly HostStream[], answer: HostResponse): HostResponse =>
    streams.toReversed().reduce((response, stream) => {
      stream.respond(response);
      const { response: passed } = stream.result();
      end(stream);
      if (passed === undefined) throw new Error("a filter holds the answer back for good");
      return { status: passed.status, headers: passed.headers, body: passed.body };
    }, answer);

  /** The claims of the bearer token, where it is a good one. */
  const withClaims = (headers: Headers): Headers => {
    const token = /^Bearer (.+)$/.exec(headerOf(headers, "authorization") ?? "")?.[1];
    const claims = token === undefined ? undefined : verifyToken(token, mesh.jwt ?? new Map());
    if (claims === undefined) return headers;
    return [...headers, [controlHeaders.claims, Buffer.from(claims).toString("base64url")]];
  };

  /** Whether one proxy lets a connection through: the filters of its listener in order. */
  const lets = (service: string, name: string, address: string): boolean | undefined => {
    const listener = [...(snapshots.get(service)?.listeners.values() ?? [])].find((each) =>
      each.name.startsWith(`${name}/`),
    );
    if (listener === undefined) return undefined;
    const filters = decodeListener(listener).filterChains.flatMap((chain) => chain.filters);
    const slots = chains.filter((chain) => chain.service === service).flatMap((chain) => chain.slots);
    return filters
      .flatMap((filter) => slots.find((slot) => slot.place === filter.name) ?? [])
      .every((slot) => hostOf(name, slot).connect({ address }).isOpen);
  };

  const connects = (from: string, to: string): boolean => {
    const out = lets(from, `outbound/${from}/${to}`, addresses.service(from).address);
    if (out === false) return false;
    return lets(to, `inbound/${to}`, out ? addresses.proxy(from) : addresses.service(from).address) ?? true;
  };

  return {
    stats: () => sumOf([...said, ...[...hosts.values()].flatMap(({ metrics }) => [...metrics])]),
    send({ from, to, method, path, headers, body, answer }) {
      const callee = mesh.services.get(to);
      if (callee === undefined) throw new Error(`the traffic calls ${to}, which the mesh does not have`);
      if (method === "TCP") {
        if (from === null) throw new Error("a connection has a caller in the mesh");
        return connects(from, to) ? [{ kind: "reached", service: to, headers: [] }] : [{ kind: "closed" }];
      }
      const first: Headers = [
        [":method", method],
        [":path", path],
        [":authority", to],
        ...headers.map(([name, value]) => [name.toLowerCase(), value] as const),
      ];
      const out =
        from === null
          ? undefined
          : through(from, "outbound", `outbound/${from}`, {
              headers: first,
              body,
              source: addresses.service(from).address,
            });
      if (out?.kind === "answered") return [arrivalOf(out.answer)];
      const sent = out?.headers ?? first;
      const version = out?.cluster.split("/")[0]?.split("|")[1];
      const all = callee.versions.size === 0 ? [undefined] : [...callee.versions.keys()];
      const source =
        from === null
          ? "203.0.113.7"
          : out === undefined
            ? addresses.service(from).address
            : addresses.proxy(from);
      const targets = version === undefined ? all : [version];
      const asked = answer ?? { status: 200, headers: [["content-type", "application/json"]], body: "{}\n" };
      return targets.map((target): Arrival => {
        const full = target === undefined ? to : `${to}@${target}`;
        const inside = through(to, "inbound", `inbound/${full}`, { headers: sent, body, source });
        // A request that may go to any version goes to one of them, and so does its answer come from one.
        const isSure = targets.length === 1;
        if (inside?.kind === "answered") {
          const answered = isSure ? back(out?.streams ?? [], inside.answer) : inside.answer;
          return arrivalOf(answered);
        }
        return {
          kind: "reached",
          service: to,
          ...(target === undefined ? {} : { version: target }),
          headers: inside?.headers ?? sent,
          ...(isSure
            ? { got: gotOf(back([...(out?.streams ?? []), ...(inside?.streams ?? [])], asked)) }
            : {}),
        };
      });
    },
  };
}

/** A proxy's answer as it comes to the caller. */
function arrivalOf(answer: HostResponse): Arrival {
  const { status = 200, body = "" } = answer;
  return { kind: "answer", status, body: String(body), got: gotOf(answer) };
}

function gotOf({ status = 200, headers = [] }: HostResponse): Got {
  return { status, headers: headers.map(([name, value]) => [name, String(value)] as const) };
}

function strippedEarly(manager: HttpConnectionManager): readonly string[] {
  return manager.earlyHeaderMutationExtensions
    .map((extension) => extension.typedConfig && anyUnpack(extension.typedConfig, HeaderMutationSchema))
    .flatMap((mutation) => mutation?.mutations ?? [])
    .flatMap(({ action }) => (action.case === "remove" ? [action.value] : []));
}

/** What the cluster's own filters take away. */
function strippedLate(cluster: Resource): readonly string[] {
  return Object.values(decodeCluster(cluster).typedExtensionProtocolOptions)
    .flatMap((options) => anyUnpack(options, HttpProtocolOptionsSchema)?.httpFilters ?? [])
    .map(({ configType }) =>
      configType.case === "typedConfig" ? anyUnpack(configType.value, HeaderMutationFilterSchema) : undefined,
    )
    .flatMap((filter) => filter?.mutations?.requestMutations ?? [])
    .flatMap(({ action }) => (action.case === "remove" ? [action.value] : []));
}

function headerOf(headers: Headers, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

/** Our routes match on the headers of the version and the copy and nothing else. */
function matches(route: Route, headers: Headers): boolean {
  return (route.match?.headers ?? []).every((matcher) => {
    const specifier = matcher.headerMatchSpecifier;
    const pattern = specifier.case === "stringMatch" ? specifier.value.matchPattern : undefined;
    const { version, mirror } = controlHeaders;
    if (![version, mirror].some((name) => name === matcher.name) || pattern?.case !== "exact")
      throw new Error(`the route ${route.name} matches in a way that the in-process mesh does not know`);
    return headers.some(([name, value]) => name === matcher.name && value === pattern.value);
  });
}

function withoutNames(headers: Headers, names: readonly string[]): Headers {
  return headers.filter(([name]) => !names.includes(name));
}
