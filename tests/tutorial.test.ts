import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { check } from "../controlplane/cli/check.ts";
import { fmt } from "../controlplane/cli/fmt.ts";
import { placeCommand } from "../controlplane/cli/place.ts";
import { createChainCache } from "../controlplane/codegen/chain-cache.ts";
import { format } from "../controlplane/language/format.ts";
import { build } from "../controlplane/pipeline/build.ts";
import { inProcessMesh } from "./run-traffic.ts";
import { parseTraffic, showArrival, showOutcome } from "./traffic.ts";

/** A block between ``` marks: its language, the words behind it, and the line that it begins at. */
interface Block {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
  readonly line: number;
}

const tutorial = readFileSync(join(resolve(import.meta.dirname, ".."), "docs", "tutorial.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "wire-tutorial-"));
const cache = createChainCache();

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blocksIn(text: string): readonly Block[] {
  return [...text.matchAll(/^```(\S+)([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? "",
    words: (match[2] ?? "")
      .trim()
      .split(/\s+/)
      .filter((word) => word !== ""),
    text: match[3] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** What a person sees who types this into a terminal in the folder. */
async function typed(line: string): Promise<string> {
  const [wire, command, ...args] = line.split(" ");
  expect(wire).toBe("wire");
  const meshAt = args.indexOf("--mesh");
  const mesh = meshAt === -1 ? undefined : join(folder, args[meshAt + 1] ?? "");
  const paths = args
    .filter((arg, index) => !arg.startsWith("--") && (meshAt === -1 || index !== meshAt + 1))
    .map((arg) => join(folder, arg));
  let shown = "";
  const write = (chunk: string | Uint8Array): boolean => {
    shown += String(chunk);
    return true;
  };
  vi.stubEnv("NO_COLOR", "1");
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation(write),
  );
  try {
    if (command === "check") await check(paths, mesh === undefined ? {} : { mesh });
    else if (command === "place" && mesh !== undefined) await placeCommand(paths, { mesh, timeLimit: 10 });
    else if (command === "fmt") await fmt(paths, { check: args.includes("--check") });
    else throw new Error(`the tutorial's test does not know \`${line}\``);
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return withoutTimes(shown.replaceAll(`${folder}/`, ""));
}

function withoutTimes(text: string): string {
  return text.replace(/[\d.]+ ms/g, "… ms");
}

function readFiles(
  wanted: (name: string) => boolean,
): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(folder)
    .filter((name) => wanted(name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

/** Send the lines of a block through the policy that was written last. */
async function send({ text }: Block, latest: string): Promise<void> {
  const [mesh] = readFiles((name) => name === "mesh.yaml");
  if (mesh === undefined) throw new Error("the tutorial begins with a mesh");
  const result = await build({ policies: readFiles((name) => name === latest), mesh }, { cache });
  expect(result.diagnostics).toEqual([]);
  if (result.build === undefined) throw new Error("the policies of the tutorial are built");
  const carrier = inProcessMesh(result.build);
  for (const line of parseTraffic(text)) {
    for (const arrival of carrier.send(line))
      expect(showArrival(arrival, line.outcome), line.text).toBe(showOutcome(line.outcome));
  }
}

describe("the tutorial", () => {
  const blocks = blocksIn(tutorial);
  let latest = "";

  test("is made of blocks that are all run", () => {
    expect(blocks.length).toBe((tutorial.match(/^```/gm) ?? []).length / 2);
    expect(new Set(blocks.map(({ language }) => language))).toEqual(
      new Set(["yaml", "copper", "console", "traffic", "typescript"]),
    );
  });

  test.each(
    blocks.map((block) => [`line ${block.line}: ${block.language} ${block.words.join(" ")}`, block] as const),
  )("%s", async (_, block) => {
    const { language, words, text } = block;
    switch (language) {
      case "console": {
        const [, ...commands] = text.split(/^\$ /m);
        expect(commands.length).toBeGreaterThan(0);
        for (const command of commands) {
          const [line = "", ...output] = command.split("\n");
          expect(await typed(line)).toBe(withoutTimes(output.join("\n")));
        }
        return;
      }
      case "traffic":
        return send(block, latest);
      default: {
        const [name = ""] = words;
        expect(name, "a file has a name").not.toBe("");
        if (language === "copper" && !words.includes("wrong"))
          expect(format({ path: name, text }), "as `wire fmt` lays it out").toEqual({
            text,
            diagnostics: [],
          });
        writeFileSync(join(folder, name), text);
        if (name !== "mesh.yaml") latest = name;
      }
    }
  });
});
