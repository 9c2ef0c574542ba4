import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloads are kept: `WIRE_CACHE`, else `wire` in the user's cache folder. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const { WIRE_CACHE: own, XDG_CACHE_HOME: users } = env;
  return own || join(users || join(homedir(), ".cache"), "wire");
}
