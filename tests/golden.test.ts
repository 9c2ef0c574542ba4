import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createChainCache } from "../controlplane/codegen/build-chains.ts";
import type { Diagnostic } from "../controlplane/language/diagnostic.ts";
import { renderDiagnostic } from "../controlplane/language/render.ts";
import { type Build, build } from "../controlplane/pipeline/build.ts";
import { explainPlacement } from "../controlplane/placement/explain.ts";
import { measure } from "./measure.ts";
import { readCase } from "./read-case.ts";
import { inProcessMesh } from "./run-traffic.ts";
import { showXds } from "./show-xds.ts";
import { asExpected, parseStats } from "./stats.ts";
import { parseTraffic, showArrival, showOutcome } from "./traffic.ts";

const folders = readdirSync(join(import.meta.dirname, "policies")).filter(
  (folder) => !folder.startsWith("error-"),
);
const cache = createChainCache();
/** The builds that are under way, two at a time: more would only be late together, and the first test wait for all. */
const underWay: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

/** What is written down of a build besides its traffic, by file. */
const goldens: Readonly<Record<string, (build: Build) => string>> = {
  "policy.as.ts": showGenerated,
  "placement.txt": showPlacement,
  "xds.yaml": showXds,
};

describe.each(folders)("golden %s", (folder) => {
  const { input, path } = readCase(folder);
  const result = (underWay.shift() ?? Promise.resolve()).then(() => build(input, { cache }));
  // The first test that awaits it reports it.
  underWay.push(result.catch(() => undefined));
  const built = async (): Promise<Build> => {
    const { build: found, diagnostics } = await result;
    if (found === undefined) throw new Error(`${folder} does not build:\n${showDiagnostics(diagnostics)}`);
    return found;
  };

  test("warnings.txt", async () => {
    const text = showDiagnostics((await result).diagnostics);
    if (text === "") expect(existsSync(path("warnings.txt")), `${folder} has no warnings`).toBe(false);
    else await expect(`${text}\n`).toMatchFileSnapshot(path("warnings.txt"));
  });

  test.each(Object.keys(goldens))("%s", async (name) => {
    expect(
      existsSync(path(name)) || process.env["UPDATE_GOLDENS"] === "1",
      `${folder}/${name} is missing: create it with \`npm run golden\` and read it`,
    ).toBe(true);
    await expect(goldens[name]?.(await built())).toMatchFileSnapshot(path(name));
  });

  test("no request takes more than the static bound", async () => {
    for (const { slot, calls, pages, allowed } of measure(await built(), { runs: 60 })) {
      expect(calls, `host calls in ${slot}`).toBeLessThanOrEqual(allowed.calls);
      expect(pages, `pages of memory in ${slot}`).toBeLessThanOrEqual(allowed.pages);
    }
  });

  test("traffic.txt", async () => {
    expect(existsSync(path("traffic.txt")), `${folder}/traffic.txt is missing: write what must happen`).toBe(
      true,
    );
    const mesh = inProcessMesh(await built());
    for (const request of parseTraffic(readFileSync(path("traffic.txt"), "utf8"))) {
      for (const arrival of mesh.send(request)) {
        expect(showArrival(arrival, request.outcome), `line ${request.line}: ${request.text}`).toBe(
          showOutcome(request.outcome),
        );
      }
    }
    if (!existsSync(path("stats.txt"))) return;
    const expected = parseStats(readFileSync(path("stats.txt"), "utf8"));
    expect(asExpected(mesh.stats(), expected)).toEqual(expected);
  });
});

function showDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, { color: false })).join("\n\n");
}

/** Generated sources; the ones that several slots share are shown once. Filter code is its author's and not shown again. */
function showGenerated({ generated, policies }: Build): string {
  const own = new Set(policies.filter(({ kind }) => kind === "filter").map(({ source }) => source.text));
  const bySource = Map.groupBy(generated, ([, text]) => text);
  const parts = [...bySource].map(([text, slots]) => {
    const names = slots.map(([name]) => `// ${name}\n`).join("");
    return own.has(text) ? `${names}// runs the filter code as it is written.\n` : `${names}${text}`;
  });
  return parts.length === 0 ? "// Nothing runs anywhere.\n" : parts.join("\n");
}

function showPlacement({ placement, policies, mesh }: Build): string {
  const { status, cost, bound, unmatched } = placement;
  const lines = [
    `${status}: cost ${cost}, bound ${bound}`,
    ...explainPlacement(placement, policies, mesh),
    ...unmatched.map((name) => `${name} is enforced nowhere`),
  ];
  return `${lines.join("\n")}\n`;
}
