/** What a property is: a byte string, a whole number, a yes or no, the nanoseconds of a duration or since 1970, or names and values. */
export type PropertyType = "string" | "int" | "bool" | "nanoseconds" | "map";

type Group = Readonly<Record<string, readonly [type: PropertyType, doc: string]>>;

const address: Group = {
  address: ["string", "With the port, as in `10.0.0.1:8080`."],
  port: ["int", "The port."],
};

const tls: Group = {
  tls_version: ["string", "As in `TLSv1.3`."],
  subject_local_certificate: ["string", "The subject of this end's certificate."],
  subject_peer_certificate: ["string", "The subject of the other end's certificate."],
  dns_san_local_certificate: ["string", "The first DNS name of this end's certificate."],
  dns_san_peer_certificate: ["string", "The first DNS name of the other end's certificate."],
  uri_san_local_certificate: ["string", "The first URI of this end's certificate."],
  uri_san_peer_certificate: ["string", "The first URI of the other end's certificate, its SPIFFE id."],
  sha256_peer_certificate_digest: [
    "string",
    "The digest of the other end's certificate, in hexadecimal digits.",
  ],
};

/** The properties that Envoy has, by group and name; the path joins the two. */
export const properties: Readonly<Record<string, Group>> = {
  request: {
    path: ["string", "The path with the query."],
    url_path: ["string", "The path without the query."],
    query: ["string", "The query without the question mark."],
    host: ["string", "The host that was asked for."],
    scheme: ["string", "As in `https`."],
    method: ["string", "As in `GET`."],
    referer: ["string", "The header `referer`."],
    useragent: ["string", "The header `user-agent`."],
    id: ["string", "The header `x-request-id`."],
    protocol: ["string", "As in `HTTP/2`."],
    time: ["nanoseconds", "When its first byte came."],
    duration: ["nanoseconds", "How long all took, once it has ended."],
    size: ["int", "The bytes of the body that have come."],
    total_size: ["int", "The same, with the headers where these are at hand."],
    headers: ["map", "The headers, names in lower case."],
  },
  response: {
    code: ["int", "The status."],
    code_details: ["string", "Why it has this status, as in `via_upstream`."],
    flags: ["int", "Envoy's flags, by bits."],
    grpc_status: [
      "int",
      "The status of gRPC that trailers or headers say; where they say none, what the status of HTTP stands for, as 2 for 200.",
    ],
    size: ["int", "The bytes of the body that have gone on."],
    total_size: ["int", "The same, with the headers and trailers that are at hand."],
    backend_latency: ["nanoseconds", "From the last byte of the request to the first of the response."],
    headers: ["map", "The headers, names in lower case."],
    trailers: ["map", "The trailers, names in lower case."],
  },
  source: address,
  destination: address,
  connection: {
    id: ["int", "The number of the client's connection."],
    mtls: ["bool", "Whether both ends have shown certificates."],
    requested_server_name: ["string", "The name that TLS was asked for."],
    termination_details: ["string", "Why Envoy has closed it."],
    ...tls,
  },
  upstream: {
    ...address,
    local_address: ["string", "This end's address, with the port."],
    transport_failure_reason: ["string", "Why the connection failed."],
    request_attempt_count: ["int", "How often it was tried, from 1 on."],
    ...tls,
  },
  xds: {
    cluster_name: ["string", "The cluster that the route leads to."],
    route_name: ["string", "The name of the route."],
    virtual_host_name: ["string", "The name of the virtual host."],
    filter_chain_name: ["string", "The name of the filter chain."],
    listener_direction: ["int", "1 on the way in, 2 on the way out, 0 when it is not said."],
  },
  node: {
    id: ["string", "The id of this Envoy."],
    cluster: ["string", "The cluster that this Envoy is of."],
    metadata: ["map", "What its bootstrap says of it besides."],
  },
  plugin: {
    name: ["string", "The name of the plugin."],
    root_id: ["string", "The `root_id` of the plugin."],
    vm_id: ["string", "The `vm_id` of the plugin."],
  },
};

/** The path of a property, with zero bytes between its parts. Those of the plugin have one part, those of the node are in `xds`. */
export function pathOf(group: string, name: string): string {
  if (group === "plugin") return `plugin_${name}`;
  return group === "node" ? `xds\0node\0${name}` : `${group}\0${name}`;
}
