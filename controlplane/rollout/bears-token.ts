import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an `Authorization` header has the token (RFC 6750), in a time that does not tell how much of it is right. */
export function bearsToken(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(hash(given), hash(token));
}

/** Equally long whatever is hashed, as the comparison needs. */
function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
