/** Resolves at Ctrl-C or SIGTERM, or when the parent that holds our standard input ends. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
    if (process.env["WIRE_SUPERVISED"] !== undefined) process.stdin.resume().once("close", () => resolve());
  });
}
