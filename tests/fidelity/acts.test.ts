import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { filterModule } from "../../filters/proxy-wasm-as/testing/filter.test-helper.ts";
import { type ActOutcome, actsFilter, isFor, kinds, nameOf, plays } from "./acts.ts";
import { startActs } from "./acts-in-envoy.ts";
import { playInHost } from "./acts-in-host.ts";

const AT_ONCE = 24;
/** How often one that differs is played again, with nothing else under way. */
const ALONE = 2;

for (const kind of kinds)
  test(`each act at each place comes to the same in the host and in an Envoy, of a filter that ${kind}`, {
    timeout: 300_000,
  }, async () => {
    const bytes = await filterModule(actsFilter(kind), "minimal");
    await using envoy = await startActs(bytes);
    const played = plays.filter((play) => isFor(play, kind));
    const todo = (["HTTP/1", "HTTP/2"] as const).flatMap((protocol) =>
      played.map((play) => ({ play, protocol })),
    );
    const doubtful: typeof todo = [];
    const work = async (): Promise<void> => {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
        const { play, protocol } = next;
        if (!isDeepStrictEqual(await envoy.play(play, protocol), playInHost(bytes, play)))
          doubtful.push(next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // On a machine that stands still for a moment two pieces come as one, or before an answer: what differs does so also alone, each time.
    const found: string[] = [];
    for (const { play, protocol } of doubtful) {
      const host = playInHost(bytes, play);
      let inEnvoy = await envoy.play(play, protocol);
      const differs = (): boolean => !isDeepStrictEqual(inEnvoy, host);
      for (let again = 1; again < ALONE && differs(); again++) inEnvoy = await envoy.play(play, protocol);
      if (differs()) found.push(`${protocol} ${nameOf(play)}: host ${told(host)}, Envoy ${told(inEnvoy)}`);
    }
    expect(found.join("\n")).toBe("");
  });

function told({ status, body, trailers, got, lines }: ActOutcome): string {
  return `${status} "${body}${trailers ? "+t" : ""}" [${got}] [${lines.join("; ")}]`;
}
