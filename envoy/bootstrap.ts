/** What one Envoy needs to know before the control plane tells it the rest. */
export interface BootstrapOptions {
  /** How the control plane knows this Envoy. */
  readonly nodeId: string;
  /** The service that this Envoy stands beside. */
  readonly cluster: string;
  /** Where the admin interface listens: the Envoy's own loopback address. */
  readonly adminAddress: string;
  /** Defaults to 9901. */
  readonly adminPort?: number;
  readonly xdsAddress: string;
  readonly xdsPort: number;
  /** The address that connections to the control plane come from. Defaults to what the kernel chooses. */
  readonly bindAddress?: string;
  /** How this Envoy and the control plane show each other who they are. Defaults to plain text. */
  readonly xdsTls?: XdsTls;
  /** Whether this Envoy tells the control plane how much it sends where. Defaults to not. */
  readonly loadReports?: boolean;
}

/** PEM files, as the Envoy sees them, and who must be at the other end. */
export interface XdsTls {
  readonly certificate: string;
  readonly key: string;
  /** Who signs the control plane's certificate. */
  readonly authorities: string;
  /** The SPIFFE id of the control plane. */
  readonly server: string;
}

/** Where admin interfaces listen unless somebody says otherwise. */
export const usualAdminPort = 9901;

/** The name of the one static cluster, the control plane. */
export const xdsCluster = "wire-xds";

/**
 * How soon a lost control plane is tried again. Envoy's own default goes up to 30 s; a control plane that restarts
 * is back within a second or two, and refuses early when too many come at once.
 */
const reconnect = { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } };

/** One stream for all reports; Envoy tries again five seconds after it has ended. */
const loadStats = {
  api_type: "GRPC",
  transport_api_version: "V3",
  grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster } }],
};

/** A bootstrap as Envoy's JSON: everything but the admin interface and the control plane comes over delta ADS. */
export function bootstrap(options: BootstrapOptions): Readonly<Record<string, unknown>> {
  const ads = { ads: {}, resource_api_version: "V3" };
  return {
    node: { id: options.nodeId, cluster: options.cluster },
    admin: { address: socketAddress(options.adminAddress, options.adminPort ?? usualAdminPort) },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster, retry_policy: reconnect } }],
      },
      lds_config: ads,
      cds_config: ads,
    },
    ...(options.loadReports === true ? { cluster_manager: { load_stats_config: loadStats } } : {}),
    static_resources: { clusters: [controlPlane(options)] },
    // Counters are merged when someone asks for them and not every five seconds: idle proxies stay idle.
    stats_flush_on_admin: true,
    layered_runtime: { layers: [{ name: "static", static_layer: {} }] },
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type":
              "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            max_active_downstream_connections: 10_000,
          },
        },
      ],
    },
  };
}

/**
 * Always `envoy_grpc`: `google_grpc` cancels a stream silently at 4 MiB (P27). The keepalive finds a control
 * plane that vanished without closing its connection.
 */
function controlPlane(options: BootstrapOptions): Readonly<Record<string, unknown>> {
  return {
    name: xdsCluster,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: xdsCluster,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: socketAddress(options.xdsAddress, options.xdsPort) } }] },
      ],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "10s", timeout: "5s" } },
        },
      },
    },
    ...(options.xdsTls === undefined ? {} : { transport_socket: tls(options.xdsTls) }),
    ...(options.bindAddress === undefined
      ? {}
      : { upstream_bind_config: { source_address: socketAddress(options.bindAddress, 0) } }),
  };
}

function tls({ certificate, key, authorities, server }: XdsTls): Readonly<Record<string, unknown>> {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      common_tls_context: {
        alpn_protocols: ["h2"],
        tls_certificates: [{ certificate_chain: { filename: certificate }, private_key: { filename: key } }],
        validation_context: {
          trusted_ca: { filename: authorities },
          match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: server } }],
        },
      },
    },
  };
}

function socketAddress(address: string, port: number): Readonly<Record<string, unknown>> {
  return { socket_address: { address, port_value: port } };
}
