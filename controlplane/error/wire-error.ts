/** The world is at fault: a socket, a file, a child process. Printed as `[code] message`; exit code 3. */
export class WireError extends Error {
  readonly code: string;
  /** The message without the code: for one that takes it up under a code of its own. */
  readonly reason: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(`[${code}] ${message}`, options);
    this.name = "WireError";
    this.code = code;
    this.reason = message;
  }
}
