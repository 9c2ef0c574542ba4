import { WireError } from "../error/wire-error.ts";

/** Do something that writes to this path; what the world has against it is a `WireError`. */
export async function writing<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    throw new WireError("file", `cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** Make something that must be new; false when it is there already. */
export function isMade(made: Promise<unknown>): Promise<boolean> {
  return made.then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    },
  );
}
