import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { check } from "../controlplane/cli/check.ts";
import { compile } from "../controlplane/cli/compile.ts";
import { conflictsCommand } from "../controlplane/cli/conflicts.ts";
import { explain } from "../controlplane/cli/explain.ts";
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

const docs = join(resolve(import.meta.dirname, ".."), "docs");
const cache = createChainCache();
/** The files of the document that is run. */
let folder = "";

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
  const [program, ...words] = line.split(" ");
  // It is said of files that are equal, and so has nothing to print.
  if (program === "diff") {
    const [one, other] = words.map((name) => readFileSync(join(folder, name), "utf8"));
    expect(one).toBe(other);
    return "";
  }
  expect(program).toBe("wire");
  const [command, ...args] = words;
  const given = (option: string): string | undefined => {
    const at = args.indexOf(option);
    return at === -1 ? undefined : join(folder, args[at + 1] ?? "");
  };
  const [mesh, out] = [given("--mesh"), given("--out")];
  // What is no file is a name, such as of a service.
  const inFolder = (arg: string): string => (existsSync(join(folder, arg)) ? join(folder, arg) : arg);
  const whatIf = args.filter((_, index) => args[index - 1] === "--what-if").map(inFolder);
  const paths = args
    .filter(
      (arg, index) =>
        !arg.startsWith("--") && !["--mesh", "--out", "--what-if"].includes(args[index - 1] ?? ""),
    )
    .map(inFolder);
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
    else if (command === "place" && mesh !== undefined)
      await placeCommand(paths, { mesh, timeLimit: 10, whatIf });
    else if (command === "explain" && mesh !== undefined) await explain(paths, { mesh, timeLimit: 10 });
    else if (command === "conflicts" && mesh !== undefined) await conflictsCommand(paths, { mesh });
    else if (command === "compile" && mesh !== undefined && out !== undefined)
      await compile(paths, { mesh, out });
    else if (command === "fmt") await fmt(paths, { check: args.includes("--check") });
    else throw new Error(`the test of documents does not know \`${line}\``);
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return withoutFigures(shown.replaceAll(`${folder}/`, ""));
}

/** Without what changes from run to run, with the code generator, or where the machine is slow. */
function withoutFigures(text: string): string {
  return text
    .replace(/[\d.]+ ms/g, "… ms")
    .replace(/^[0-9a-f]{12} +\d+ B/gm, "… B")
    .replace(/^.*: this takes a while\n/gm, "");
}

function readFiles(
  wanted: (name: string) => boolean,
): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(folder)
    .filter((name) => wanted(name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

/** Send the lines of a block through the policies of the file that was written last. */
async function send({ text }: Block, latest: string): Promise<void> {
  const [mesh] = readFiles((name) => name === "mesh.yaml");
  if (mesh === undefined) throw new Error("a document begins with a mesh");
  const policies = readFiles((name) => name === latest || name.endsWith(".cui"));
  const result = await build({ policies, mesh }, { cache });
  expect(result.diagnostics).toEqual([]);
  if (result.build === undefined) throw new Error("the policies of a document are built");
  const carrier = inProcessMesh(result.build);
  for (const line of parseTraffic(text)) {
    for (const arrival of carrier.send(line))
      expect(showArrival(arrival, line.outcome), line.text).toBe(showOutcome(line.outcome));
  }
}

describe.each(["tutorial.md", "questions.md"])("%s", (document) => {
  const whole = readFileSync(join(docs, document), "utf8");
  const blocks = blocksIn(whole);
  let latest = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wire-document-"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is made of blocks that are all run", () => {
    expect(blocks.length).toBe((whole.match(/^```/gm) ?? []).length / 2);
    const known = ["yaml", "copper", "console", "traffic", "typescript"];
    for (const { language } of blocks) expect(known).toContain(language);
    expect(blocks.map(({ language }) => language)).toContain("console");
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
          expect(await typed(line)).toBe(withoutFigures(output.join("\n")));
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
        if (name !== "mesh.yaml" && !name.endsWith(".cui")) latest = name;
      }
    }
  });
});
