import { ipAddress } from "../ip-address.ts";
import type { Protocol } from "../mesh.ts";
import type { Span, SpanKind } from "./span.ts";

/** By name; numbers and truth values as texts. */
export type Attributes = ReadonlyMap<string, string>;

/** What the semantic conventions of OpenTelemetry say of a call, in their present and their earlier names. */
export function callOf(attributes: Attributes, kind: SpanKind | undefined): Pick<Span, "protocol" | "peer"> {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => attributes.get(name)).find((value) => value !== undefined && value !== "");
  const store = first("db.system.name", "db.system", "db.type");
  const broker = first("messaging.system", "message_bus.destination");
  const isMessage =
    kind === "producer" || kind === "consumer" || (broker !== undefined && store === undefined);
  const protocol: Protocol | undefined =
    store !== undefined || isMessage
      ? "tcp"
      : first("rpc.system.name", "rpc.system", "rpc.service", "grpc.status_code") !== undefined
        ? "grpc"
        : first("http.request.method", "http.method", "http.url", "url.full") !== undefined
          ? "http"
          : undefined;
  const named = first("service.peer.name", "peer.service");
  const address = [
    first("server.address", "net.peer.name", "peer.hostname", "network.peer.address", "net.sock.peer.name"),
    urlHost(first("url.full", "http.url")),
    first("http.host"),
  ]
    .map((host) => (host === undefined ? undefined : nameOfHost(host)))
    .find((host) => host !== undefined);
  // Stores that nothing names are told apart by what they are and which database it is.
  const database = first("db.namespace", "db.name", "db.instance");
  const byKind =
    store === undefined ? broker : [store, database].filter((part) => part !== undefined).join("-");
  const peer = named ?? address ?? byKind;
  return { ...(protocol === undefined ? {} : { protocol }), ...(peer === undefined ? {} : { peer }) };
}

function urlHost(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.hostname;
}

/** Addresses and `localhost` name nobody; of a Kubernetes service, its name. */
function nameOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (name === "" || name === "localhost" || ipAddress(name.replace(/^\[|\]$/g, "")) !== undefined)
    return undefined;
  return /^([^.]+)\.[^.]+\.svc(?:\..*)?$/.exec(name)?.[1] ?? name;
}
