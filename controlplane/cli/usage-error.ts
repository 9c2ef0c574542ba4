import { CommanderError } from "commander";

/** Options that do not go together: printed as those that cannot be read, with exit code 2. */
export function usageError(message: string): CommanderError {
  return new CommanderError(2, "wire.usage", `error: ${message}`);
}
