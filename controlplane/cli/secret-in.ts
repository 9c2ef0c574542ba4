import { WireError } from "../error/wire-error.ts";

/** What a secret is called where it is asked for. */
export type SecretKind = "token" | "key";

const lengthMin = 16;

/** The secret that a file holds: one word of what a header can carry (RFC 6750), long enough that nobody guesses it. */
export function secretIn(path: string, text: string, kind: SecretKind): string {
  const secret = text.trim();
  if (secret.length >= lengthMin && /^[\w.~+/=-]+$/.test(secret)) return secret;
  throw new WireError(
    kind,
    `${path} has no ${kind}: one line of ${lengthMin} or more letters, digits and \`-._~+/=\`, such as \`openssl rand -hex 32\` prints`,
  );
}
