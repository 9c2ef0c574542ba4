import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { WireError } from "../error/wire-error.ts";
import { boundToSpiffeId, nodeMark } from "../server/bound-to-spiffe-id.ts";
import { identitiesOf } from "../server/http2-transport.ts";
import { isLoopback } from "../server/is-loopback.ts";
import type { Credentials } from "../server/transport.ts";
import type { XdsServerOptions } from "../server/xds-server.ts";
import { followFiles } from "./follow-files.ts";
import { usageError } from "./usage-error.ts";

export interface XdsListeningOptions {
  readonly xdsPort: number;
  /** 127.0.0.1 by default. */
  readonly xdsHost?: string;
  /** PEM files: the server's certificate and its key, and who signs the proxies' certificates. */
  readonly xdsCert?: string;
  readonly xdsKey?: string;
  readonly xdsCa?: string;
  /** The SPIFFE id of a proxy, `{node}` standing for its service; by default the server's own with another last part. */
  readonly xdsIdentity?: string;
  readonly xdsPlaintext?: boolean;
  /** SPIFFE ids that may see the status of all proxies. */
  readonly xdsOperator?: readonly string[];
}

/** Where Envoys connect and which of them may, with the credentials that replace the first ones. */
export interface XdsListening extends Disposable {
  readonly server: Pick<XdsServerOptions, "credentials" | "refuses" | "seesAll" | "plaintext"> & {
    readonly listen: { readonly host: string; readonly port: number };
  };
  /** Calls back with the credentials whenever their files have changed. */
  follow(rotate: (credentials: Credentials) => void): void;
}

export async function xdsListening(
  options: XdsListeningOptions,
  progress: (line: string) => void,
): Promise<XdsListening> {
  const { xdsHost: host = "127.0.0.1", xdsPort: port, xdsPlaintext: plaintext = false } = options;
  const paths = [options.xdsCert, options.xdsKey, options.xdsCa].filter((path) => path !== undefined);
  const listen = { host, port };
  if (plaintext && paths.length > 0)
    throw usageError("--xds-plaintext and certificates do not go together: give one of the two");
  if (paths.length === 0) {
    if (options.xdsIdentity !== undefined)
      throw usageError("--xds-identity is of certificates: give --xds-cert, --xds-key and --xds-ca with it");
    if (options.xdsOperator !== undefined)
      throw usageError("--xds-operator is of certificates: give --xds-cert, --xds-key and --xds-ca with it");
    if (!plaintext && !isLoopback(host))
      throw usageError(
        `others reach the xDS server on \`${host}\`: give --xds-cert, --xds-key and --xds-ca, or --xds-plaintext where the network is to be trusted`,
      );
    return { server: { listen, plaintext }, follow: () => {}, [Symbol.dispose]: () => {} };
  }
  if (paths.length < 3)
    throw usageError("--xds-cert, --xds-key and --xds-ca go together: proxies show certificates too");

  let rotate: (credentials: Credentials) => void = () => {};
  const files = await followFiles({
    paths,
    parse: (texts) => credentialsIn(paths, texts),
    changed: (credentials) => {
      rotate(credentials);
      progress("xDS: new connections get the certificates that the files have now");
    },
    refused: (why) => progress(`wire: ${why}: the certificates that were there go on`),
  });
  return {
    server: {
      listen,
      credentials: files.first,
      seesAll: ({ identities: [identity, ...more] }) =>
        identity !== undefined && more.length === 0 && (options.xdsOperator ?? []).includes(identity),
      refuses: boundToSpiffeId(options.xdsIdentity ?? neighbours(paths[0] ?? "", files.first)),
    },
    follow: (call) => {
      rotate = call;
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}

/** What certificate, key and authorities say, where they are some and fit each other. */
function credentialsIn(paths: readonly string[], texts: readonly string[]): Credentials {
  const [certPath = "", keyPath = "", caPath = ""] = paths;
  const [certificate = "", key = "", clientAuthorities = ""] = texts;
  const parsed = of(certPath, "no certificate in PEM", () => new X509Certificate(certificate));
  const privateKey = of(keyPath, "no private key in PEM, or one with a password", () =>
    createPrivateKey(key),
  );
  of(caPath, "no certificate in PEM", () => new X509Certificate(clientAuthorities));
  if (!parsed.checkPrivateKey(privateKey))
    throw new WireError("certificate", `the key in ${keyPath} is not that of the certificate in ${certPath}`);
  if (parsed.validToDate.getTime() < Date.now())
    throw new WireError("certificate", `the certificate in ${certPath} has expired: ${parsed.validTo}`);
  try {
    // What stands behind the first certificate, and what TLS takes of keys, is read by this alone.
    createSecureContext({ cert: certificate, key, ca: clientAuthorities });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new WireError("certificate", `TLS does not take the certificates in ${certPath}: ${why}`, {
      cause,
    });
  }
  return { certificate, key, clientAuthorities };
}

function of<Value>(path: string, fault: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new WireError("certificate", `${path} has ${fault}`, { cause });
  }
}

/** The ids beside the server's own: `spiffe://mesh/ns/shop/sa/{node}` for `spiffe://mesh/ns/shop/sa/wire`. */
function neighbours(path: string, { certificate }: Credentials): string {
  const [identity = "", ...more] = identitiesOf(new X509Certificate(certificate).subjectAltName);
  const last = identity.lastIndexOf("/");
  if (more.length > 0 || !/^spiffe:\/\/[^/]+\/./.test(identity))
    throw new WireError(
      "certificate",
      `the certificate in ${path} has no SPIFFE id to take those of the proxies from: give --xds-identity, as spiffe://mesh/ns/shop/sa/${nodeMark}`,
    );
  return `${identity.slice(0, last + 1)}${nodeMark}`;
}
