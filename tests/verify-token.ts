import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { TokenProvider } from "../controlplane/mesh/mesh.ts";

/** The claims of a bearer token as they were signed, when one of the providers has; as Envoy's JWT filter decides it. */
export function verifyToken(
  token: string,
  providers: ReadonlyMap<string, TokenProvider>,
  secondsNow: number = Date.now() / 1000,
): string | undefined {
  const [head = "", payload = "", signature = "", ...more] = token.split(".");
  const [header, claims] = [jsonOf(head), jsonOf(payload)];
  if (header === undefined || claims === undefined || more.length > 0) return undefined;
  const provider = [...providers.values()].find(({ issuer }) => issuer === claims["iss"]);
  if (provider === undefined) return undefined;
  const { audiences, jwks } = provider;
  const aud: readonly unknown[] = [claims["aud"]].flat();
  if (audiences.length > 0 && !audiences.some((each) => aud.includes(each))) return undefined;
  const { exp = Number.POSITIVE_INFINITY, nbf = 0 } = claims;
  if (Number(exp) <= secondsNow || Number(nbf) > secondsNow) return undefined;
  const keys: readonly JsonWebKey[] = JSON.parse(jwks).keys;
  const signed = keys.some((key) =>
    isSigned(`${head}.${payload}`, Buffer.from(signature, "base64url"), key, header["alg"]),
  );
  return signed ? Buffer.from(payload, "base64url").toString() : undefined;
}

type JsonWebKey = { readonly kty: string; readonly k?: string };

/** The key says which way it may be used: a token must not choose to have a public key taken for a secret. */
function isSigned(text: string, signature: Buffer, jwk: JsonWebKey, alg: unknown): boolean {
  const data = Buffer.from(text);
  if (jwk.kty === "oct") {
    const mac = createHmac("sha256", Buffer.from(jwk.k ?? "", "base64url"))
      .update(data)
      .digest();
    return alg === "HS256" && mac.length === signature.length && timingSafeEqual(mac, signature);
  }
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  if (jwk.kty === "EC")
    return alg === "ES256" && verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
  if (jwk.kty === "RSA") return alg === "RS256" && verify("sha256", data, key, signature);
  return alg === "EdDSA" && verify(null, data, key, signature);
}

function jsonOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
