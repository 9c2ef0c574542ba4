import { WireError } from "../error/wire-error.ts";

const lengthMin = 16;

/** The token that a file holds: one word of what a header can carry (RFC 6750), long enough that nobody guesses it. */
export function tokenIn(path: string, text: string): string {
  const token = text.trim();
  if (token.length >= lengthMin && /^[\w.~+/=-]+$/.test(token)) return token;
  throw new WireError(
    "token",
    `${path} has no token: one line of ${lengthMin} or more letters, digits and \`-._~+/=\`, such as \`openssl rand -hex 32\` prints`,
  );
}
