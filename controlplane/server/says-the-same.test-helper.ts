import fc from "fast-check";
import { expect, vi } from "vitest";
import type { Resources } from "../xds/resource.ts";
import { createNode } from "./node.ts";
import { createPlay, type ServerModules } from "./play.test-helper.ts";
import { createQuarantine } from "./quarantine.ts";
import { type Extent, randomScript, type Script } from "./random-script.test-helper.ts";
import { seen } from "./seen.ts";
import { createStream } from "./stream.ts";

type SeenModule = typeof import("./seen.ts");

/** How often each of the functions of `seen.ts` was asked, and of `unseen` how many resources it gave to look at. */
type Looks = Record<Exclude<keyof SeenModule, "seen">, number>;

/** A copy of the server for which nothing has been seen yet, whatever it asks about. */
async function forgetfulServer(looks: Looks): Promise<ServerModules> {
  const never = (which: keyof Looks) => (): boolean => {
    looks[which]++;
    return false;
  };
  vi.resetModules();
  vi.doMock(
    "./seen.ts",
    (): SeenModule => ({
      seen,
      isSeen: never("isSeen"),
      unseen: (_, resources: Resources) => {
        looks.unseen += resources.size;
        return resources.values();
      },
      isAllThere: never("isAllThere"),
      isTrimmed: never("isTrimmed"),
    }),
  );
  const { createNode } = await import("./node.ts");
  const { createStream } = await import("./stream.ts");
  const { createQuarantine } = await import("./quarantine.ts");
  vi.doUnmock("./seen.ts");
  return { createNode, createStream, createQuarantine };
}

/**
 * Throws where the server says or notes anything else than one that looks at everything each time. Resolves with how often that one had to, and in how
 * many scripts something was refused.
 */
export async function saysTheSame({
  path,
  ...extent
}: Extent): Promise<Looks & { readonly refused: number }> {
  let refused = 0;
  const looks: Looks = { isSeen: 0, unseen: 0, isAllThere: 0, isTrimmed: 0 };
  const remembering = { createNode, createStream, createQuarantine };
  const forgetful = await forgetfulServer(looks);
  const logOf = (server: ServerModules, script: Script): string => {
    const play = createPlay(server, script, { inOrder: false });
    for (const step of script.steps) play.act(step);
    return play.log.join("\n");
  };
  fc.assert(
    fc.property(randomScript, (script) => {
      const [said, expected] = [logOf(remembering, script), logOf(forgetful, script)];
      if (said !== expected) expect(said).toBe(expected);
      if (said.includes("\nnack ")) refused++;
    }),
    { ...extent, ...(path === undefined ? {} : { path, endOnFailure: true }) },
  );
  const counts = { ...looks, refused };
  console.log(`seed ${extent.seed}: ${extent.numRuns} scripts, ${JSON.stringify(counts)}`);
  return counts;
}
