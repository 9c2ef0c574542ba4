// Written by `npm run gen:abi` from abi/properties.ts.
import { widenOrNull } from "./byte-string";
import { bytes, property } from "./bytes";
import { Status } from "./enums";
import { Pairs, toPairs } from "./pair-list";
import { readBool, readFloat, readInt, readPairs, readString, setString, toBool, toInt } from "./property";

/** What the host knows of the stream at hand, of the plugin and of itself. `proxy_get_property`. */
export namespace properties {
  /**
   * Any property, a byte string; null where there is none. `path` is written as in Envoy's documentation: with points between its parts, and a
   * part that has points itself in brackets, as in `metadata.filter_metadata['envoy.filters.http.jwt_authn'].user`. `proxy_get_property`.
   */
  export function get(path: string): string | null {
    return readString(path);
  }

  /** A whole number of 64 bits, as attributes have; `missing` where there is none, and where it is none. `proxy_get_property`. */
  export function getInt(path: string, missing: i64 = -1): i64 {
    return readInt(path, missing);
  }

  /** A number as JSON and metadata have; `missing` where there is none, and where it is none. `proxy_get_property`. */
  export function getFloat(path: string, missing: f64 = NaN): f64 {
    return readFloat(path, missing);
  }

  /** A yes or no; `missing` where there is none, and where it is none. `proxy_get_property`. */
  export function getBool(path: string, missing: bool = false): bool {
    return readBool(path, missing);
  }

  /**
   * The names and values of a map, in no order, as `metadata.filter_metadata['com.acme']` is; of a list its items, each with an empty value; null where there is
   * none, and where it is neither. A value that is no text is as the host writes it: read it by its own path, with `getFloat`, `getBool` or `getPairs`. `proxy_get_property`.
   */
  export function getPairs(path: string): Pairs | null {
    return readPairs(path);
  }

  /** The properties of Envoy that begin with `request.`, of their types. */
  export class request {
    /** The path with the query; null where there is none. `request.path`, by `proxy_get_property`. */
    static get path(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 112, 97, 116, 104]), 12)));
    }

    /** The path without the query; null where there is none. `request.url_path`, by `proxy_get_property`. */
    static get urlPath(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 117, 114, 108, 95, 112, 97, 116, 104]), 16)));
    }

    /** The query without the question mark; null where there is none. `request.query`, by `proxy_get_property`. */
    static get query(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 113, 117, 101, 114, 121]), 13)));
    }

    /** The host that was asked for; null where there is none. `request.host`, by `proxy_get_property`. */
    static get host(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 104, 111, 115, 116]), 12)));
    }

    /** As in `https`; null where there is none. `request.scheme`, by `proxy_get_property`. */
    static get scheme(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 115, 99, 104, 101, 109, 101]), 14)));
    }

    /** As in `GET`; null where there is none. `request.method`, by `proxy_get_property`. */
    static get method(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 109, 101, 116, 104, 111, 100]), 14)));
    }

    /** The header `referer`; null where there is none. `request.referer`, by `proxy_get_property`. */
    static get referer(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 114, 101, 102, 101, 114, 101, 114]), 15)));
    }

    /** The header `user-agent`; null where there is none. `request.useragent`, by `proxy_get_property`. */
    static get useragent(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 117, 115, 101, 114, 97, 103, 101, 110, 116]), 17)));
    }

    /** The header `x-request-id`; null where there is none. `request.id`, by `proxy_get_property`. */
    static get id(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 105, 100]), 10)));
    }

    /** As in `HTTP/2`; null where there is none. `request.protocol`, by `proxy_get_property`. */
    static get protocol(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 112, 114, 111, 116, 111, 99, 111, 108]), 16)));
    }

    /** When its first byte came; in nanoseconds; -1 where there is none. `request.time`, by `proxy_get_property`. */
    static get time(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 116, 105, 109, 101]), 12)));
    }

    /** How long all took, once it has ended; in nanoseconds; -1 where there is none. `request.duration`, by `proxy_get_property`. */
    static get duration(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 100, 117, 114, 97, 116, 105, 111, 110]), 16)));
    }

    /** The bytes of the body that have come; -1 where there is none. `request.size`, by `proxy_get_property`. */
    static get size(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 115, 105, 122, 101]), 12)));
    }

    /** The same, with the headers where these are at hand; -1 where there is none. `request.total_size`, by `proxy_get_property`. */
    static get totalSize(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 116, 111, 116, 97, 108, 95, 115, 105, 122, 101]), 18)));
    }

    /** The headers, names in lower case; empty where there are none. `request.headers`, by `proxy_get_property`. */
    static get headers(): Pairs {
      return toPairs(property(bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 104, 101, 97, 100, 101, 114, 115]), 15)));
    }
  }

  /** The properties of Envoy that begin with `response.`, of their types. */
  export class response {
    /** The status; -1 where there is none. `response.code`, by `proxy_get_property`. */
    static get code(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101]), 13)));
    }

    /** Why it has this status, as in `via_upstream`; null where there is none. `response.code_details`, by `proxy_get_property`. */
    static get codeDetails(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101, 95, 100, 101, 116, 97, 105, 108, 115]), 21)));
    }

    /** Envoy's flags, by bits; -1 where there is none. `response.flags`, by `proxy_get_property`. */
    static get flags(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 102, 108, 97, 103, 115]), 14)));
    }

    /** The status of gRPC that trailers or headers say; where they say none, what the status of HTTP stands for, as 2 for 200; -1 where there is none. `response.grpc_status`, by `proxy_get_property`. */
    static get grpcStatus(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 103, 114, 112, 99, 95, 115, 116, 97, 116, 117, 115]), 20)));
    }

    /** The bytes of the body that have gone on; -1 where there is none. `response.size`, by `proxy_get_property`. */
    static get size(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 115, 105, 122, 101]), 13)));
    }

    /** The same, with the headers and trailers that are at hand; -1 where there is none. `response.total_size`, by `proxy_get_property`. */
    static get totalSize(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 116, 111, 116, 97, 108, 95, 115, 105, 122, 101]), 19)));
    }

    /** From the last byte of the request to the first of the response; in nanoseconds; -1 where there is none. `response.backend_latency`, by `proxy_get_property`. */
    static get backendLatency(): i64 {
      return toInt(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 98, 97, 99, 107, 101, 110, 100, 95, 108, 97, 116, 101, 110, 99, 121]), 24)));
    }

    /** The headers, names in lower case; empty where there are none. `response.headers`, by `proxy_get_property`. */
    static get headers(): Pairs {
      return toPairs(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 104, 101, 97, 100, 101, 114, 115]), 16)));
    }

    /** The trailers, names in lower case; empty where there are none. `response.trailers`, by `proxy_get_property`. */
    static get trailers(): Pairs {
      return toPairs(property(bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 0, 116, 114, 97, 105, 108, 101, 114, 115]), 17)));
    }
  }

  /** The properties of Envoy that begin with `source.`, of their types. */
  export class source {
    /** With the port, as in `10.0.0.1:8080`; null where there is none. `source.address`, by `proxy_get_property`. */
    static get address(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([115, 111, 117, 114, 99, 101, 0, 97, 100, 100, 114, 101, 115, 115]), 14)));
    }

    /** The port; -1 where there is none. `source.port`, by `proxy_get_property`. */
    static get port(): i64 {
      return toInt(property(bytes(memory.data<u8>([115, 111, 117, 114, 99, 101, 0, 112, 111, 114, 116]), 11)));
    }
  }

  /** The properties of Envoy that begin with `destination.`, of their types. */
  export class destination {
    /** With the port, as in `10.0.0.1:8080`; null where there is none. `destination.address`, by `proxy_get_property`. */
    static get address(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([100, 101, 115, 116, 105, 110, 97, 116, 105, 111, 110, 0, 97, 100, 100, 114, 101, 115, 115]), 19)));
    }

    /** The port; -1 where there is none. `destination.port`, by `proxy_get_property`. */
    static get port(): i64 {
      return toInt(property(bytes(memory.data<u8>([100, 101, 115, 116, 105, 110, 97, 116, 105, 111, 110, 0, 112, 111, 114, 116]), 16)));
    }
  }

  /** The properties of Envoy that begin with `connection.`, of their types. */
  export class connection {
    /** The number of the client's connection; -1 where there is none. `connection.id`, by `proxy_get_property`. */
    static get id(): i64 {
      return toInt(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 105, 100]), 13)));
    }

    /** Whether both ends have shown certificates; false where it is not known. `connection.mtls`, by `proxy_get_property`. */
    static get mtls(): bool {
      return toBool(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 109, 116, 108, 115]), 15)));
    }

    /** The name that TLS was asked for; null where there is none. `connection.requested_server_name`, by `proxy_get_property`. */
    static get requestedServerName(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 114, 101, 113, 117, 101, 115, 116, 101, 100, 95, 115, 101, 114, 118, 101, 114, 95, 110, 97, 109, 101]), 32)));
    }

    /** Why Envoy has closed it; null where there is none. `connection.termination_details`, by `proxy_get_property`. */
    static get terminationDetails(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 116, 101, 114, 109, 105, 110, 97, 116, 105, 111, 110, 95, 100, 101, 116, 97, 105, 108, 115]), 30)));
    }

    /** As in `TLSv1.3`; null where there is none. `connection.tls_version`, by `proxy_get_property`. */
    static get tlsVersion(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 116, 108, 115, 95, 118, 101, 114, 115, 105, 111, 110]), 22)));
    }

    /** The subject of this end's certificate; null where there is none. `connection.subject_local_certificate`, by `proxy_get_property`. */
    static get subjectLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 115, 117, 98, 106, 101, 99, 116, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 36)));
    }

    /** The subject of the other end's certificate; null where there is none. `connection.subject_peer_certificate`, by `proxy_get_property`. */
    static get subjectPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 115, 117, 98, 106, 101, 99, 116, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 35)));
    }

    /** The first DNS name of this end's certificate; null where there is none. `connection.dns_san_local_certificate`, by `proxy_get_property`. */
    static get dnsSanLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 100, 110, 115, 95, 115, 97, 110, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 36)));
    }

    /** The first DNS name of the other end's certificate; null where there is none. `connection.dns_san_peer_certificate`, by `proxy_get_property`. */
    static get dnsSanPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 100, 110, 115, 95, 115, 97, 110, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 35)));
    }

    /** The first URI of this end's certificate; null where there is none. `connection.uri_san_local_certificate`, by `proxy_get_property`. */
    static get uriSanLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 117, 114, 105, 95, 115, 97, 110, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 36)));
    }

    /** The first URI of the other end's certificate, its SPIFFE id; null where there is none. `connection.uri_san_peer_certificate`, by `proxy_get_property`. */
    static get uriSanPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 117, 114, 105, 95, 115, 97, 110, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 35)));
    }

    /** The digest of the other end's certificate, in hexadecimal digits; null where there is none. `connection.sha256_peer_certificate_digest`, by `proxy_get_property`. */
    static get sha256PeerCertificateDigest(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 0, 115, 104, 97, 50, 53, 54, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101, 95, 100, 105, 103, 101, 115, 116]), 41)));
    }
  }

  /** The properties of Envoy that begin with `upstream.`, of their types. */
  export class upstream {
    /** With the port, as in `10.0.0.1:8080`; null where there is none. `upstream.address`, by `proxy_get_property`. */
    static get address(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 97, 100, 100, 114, 101, 115, 115]), 16)));
    }

    /** The port; -1 where there is none. `upstream.port`, by `proxy_get_property`. */
    static get port(): i64 {
      return toInt(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 112, 111, 114, 116]), 13)));
    }

    /** This end's address, with the port; null where there is none. `upstream.local_address`, by `proxy_get_property`. */
    static get localAddress(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 108, 111, 99, 97, 108, 95, 97, 100, 100, 114, 101, 115, 115]), 22)));
    }

    /** Why the connection failed; null where there is none. `upstream.transport_failure_reason`, by `proxy_get_property`. */
    static get transportFailureReason(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 116, 114, 97, 110, 115, 112, 111, 114, 116, 95, 102, 97, 105, 108, 117, 114, 101, 95, 114, 101, 97, 115, 111, 110]), 33)));
    }

    /** How often it was tried, from 1 on; -1 where there is none. `upstream.request_attempt_count`, by `proxy_get_property`. */
    static get requestAttemptCount(): i64 {
      return toInt(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 114, 101, 113, 117, 101, 115, 116, 95, 97, 116, 116, 101, 109, 112, 116, 95, 99, 111, 117, 110, 116]), 30)));
    }

    /** As in `TLSv1.3`; null where there is none. `upstream.tls_version`, by `proxy_get_property`. */
    static get tlsVersion(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 116, 108, 115, 95, 118, 101, 114, 115, 105, 111, 110]), 20)));
    }

    /** The subject of this end's certificate; null where there is none. `upstream.subject_local_certificate`, by `proxy_get_property`. */
    static get subjectLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 115, 117, 98, 106, 101, 99, 116, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 34)));
    }

    /** The subject of the other end's certificate; null where there is none. `upstream.subject_peer_certificate`, by `proxy_get_property`. */
    static get subjectPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 115, 117, 98, 106, 101, 99, 116, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 33)));
    }

    /** The first DNS name of this end's certificate; null where there is none. `upstream.dns_san_local_certificate`, by `proxy_get_property`. */
    static get dnsSanLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 100, 110, 115, 95, 115, 97, 110, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 34)));
    }

    /** The first DNS name of the other end's certificate; null where there is none. `upstream.dns_san_peer_certificate`, by `proxy_get_property`. */
    static get dnsSanPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 100, 110, 115, 95, 115, 97, 110, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 33)));
    }

    /** The first URI of this end's certificate; null where there is none. `upstream.uri_san_local_certificate`, by `proxy_get_property`. */
    static get uriSanLocalCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 117, 114, 105, 95, 115, 97, 110, 95, 108, 111, 99, 97, 108, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 34)));
    }

    /** The first URI of the other end's certificate, its SPIFFE id; null where there is none. `upstream.uri_san_peer_certificate`, by `proxy_get_property`. */
    static get uriSanPeerCertificate(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 117, 114, 105, 95, 115, 97, 110, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101]), 33)));
    }

    /** The digest of the other end's certificate, in hexadecimal digits; null where there is none. `upstream.sha256_peer_certificate_digest`, by `proxy_get_property`. */
    static get sha256PeerCertificateDigest(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([117, 112, 115, 116, 114, 101, 97, 109, 0, 115, 104, 97, 50, 53, 54, 95, 112, 101, 101, 114, 95, 99, 101, 114, 116, 105, 102, 105, 99, 97, 116, 101, 95, 100, 105, 103, 101, 115, 116]), 39)));
    }
  }

  /** The properties of Envoy that begin with `xds.`, of their types. */
  export class xds {
    /** The cluster that the route leads to; null where there is none. `xds.cluster_name`, by `proxy_get_property`. */
    static get clusterName(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 99, 108, 117, 115, 116, 101, 114, 95, 110, 97, 109, 101]), 16)));
    }

    /** The name of the route; null where there is none. `xds.route_name`, by `proxy_get_property`. */
    static get routeName(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 114, 111, 117, 116, 101, 95, 110, 97, 109, 101]), 14)));
    }

    /** The name of the virtual host; null where there is none. `xds.virtual_host_name`, by `proxy_get_property`. */
    static get virtualHostName(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 118, 105, 114, 116, 117, 97, 108, 95, 104, 111, 115, 116, 95, 110, 97, 109, 101]), 21)));
    }

    /** The name of the filter chain; null where there is none. `xds.filter_chain_name`, by `proxy_get_property`. */
    static get filterChainName(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 102, 105, 108, 116, 101, 114, 95, 99, 104, 97, 105, 110, 95, 110, 97, 109, 101]), 21)));
    }

    /** 1 on the way in, 2 on the way out, 0 when it is not said; -1 where there is none. `xds.listener_direction`, by `proxy_get_property`. */
    static get listenerDirection(): i64 {
      return toInt(property(bytes(memory.data<u8>([120, 100, 115, 0, 108, 105, 115, 116, 101, 110, 101, 114, 95, 100, 105, 114, 101, 99, 116, 105, 111, 110]), 22)));
    }
  }

  /** The properties of Envoy that begin with `xds.node.`, of their types. */
  export class node {
    /** The id of this Envoy; null where there is none. `xds.node.id`, by `proxy_get_property`. */
    static get id(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 110, 111, 100, 101, 0, 105, 100]), 11)));
    }

    /** The cluster that this Envoy is of; null where there is none. `xds.node.cluster`, by `proxy_get_property`. */
    static get cluster(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([120, 100, 115, 0, 110, 111, 100, 101, 0, 99, 108, 117, 115, 116, 101, 114]), 16)));
    }

    /** What its bootstrap says of it besides; empty where there are none. `xds.node.metadata`, by `proxy_get_property`. */
    static get metadata(): Pairs {
      return toPairs(property(bytes(memory.data<u8>([120, 100, 115, 0, 110, 111, 100, 101, 0, 109, 101, 116, 97, 100, 97, 116, 97]), 17)));
    }
  }

  /** The properties of Envoy that begin with `plugin_`, of their types. */
  export class plugin {
    /** The name of the plugin; null where there is none. `plugin_name`, by `proxy_get_property`. */
    static get name(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([112, 108, 117, 103, 105, 110, 95, 110, 97, 109, 101]), 11)));
    }

    /** The `root_id` of the plugin; null where there is none. `plugin_root_id`, by `proxy_get_property`. */
    static get rootId(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([112, 108, 117, 103, 105, 110, 95, 114, 111, 111, 116, 95, 105, 100]), 14)));
    }

    /** The `vm_id` of the plugin; null where there is none. `plugin_vm_id`, by `proxy_get_property`. */
    static get vmId(): string | null {
      return widenOrNull(property(bytes(memory.data<u8>([112, 108, 117, 103, 105, 110, 95, 118, 109, 95, 105, 100]), 12)));
    }
  }
}

/**
 * Write the stream's filter state, which access logs and other filters can read: Envoy puts `wasm.` before the name, in which points are points.
 * `properties.get` reads it without `wasm.`, in brackets where it has points: `['team.tier']`. `proxy_set_property`.
 */
export function setProperty(name: string, value: string): Status {
  return setString(name, value);
}
