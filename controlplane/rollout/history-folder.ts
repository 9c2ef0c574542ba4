import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { History } from "../history/history.ts";
import type { Revision } from "../history/revision.ts";
import type { Source } from "../language/source.ts";
import { format, placementSchema, readKept, revisionSchema, type StoredRevision } from "./kept-schemas.ts";
import { makeFolder } from "./make-folder.ts";
import { replaceFile } from "./replace-file.ts";

/** Where a history is kept: a file `NUMBER.json` for each revision, and in `texts/` each text that one refers to, once, by its hash. */
export interface HistoryFolder {
  /** Resolves when the latest history is on disk; rejects where it cannot be written. */
  write(history: History): Promise<void>;
}

/** The history that is kept there, none where there is none yet, what of it is damaged and therefore left out, and how it goes on. */
export async function openHistoryFolder(path: string): Promise<{
  readonly history: History;
  /** A sentence for each. */
  readonly damaged: readonly string[];
  readonly folder: HistoryFolder;
}> {
  const texts = join(path, "texts");
  const files = await naming("read", path, async () => ({
    revisions: (await namesIn(path)).flatMap((name) => /^([1-9]\d*)\.json$/.exec(name)?.[1] ?? []),
    texts: (await namesIn(texts)).filter((name) => /^[\da-f]{64}$/.test(name)),
  }));
  /** What is on disk: revisions with the hashes of their texts, and all texts. */
  const written = new Map<number, { readonly revision: Revision; readonly texts: readonly string[] }>();
  const known = new Set(files.texts);

  const readTexts = new Map<string, Promise<string>>();
  /** One string for a text that many revisions have. */
  const textOf = (hash: string): Promise<string> => {
    const text = readTexts.get(hash) ?? readText(join(texts, hash), hash);
    readTexts.set(hash, text);
    return text;
  };
  const read = async (number: number): Promise<Revision> => {
    const stored = wholeIn(revisionSchema, await readFile(join(path, `${number}.json`), "utf8"));
    if (stored.number !== number) throw new Damaged(`it says that it is revision ${stored.number}`);
    const { policies, mesh, placement, ...rest } = stored;
    const whole = async (source: Source): Promise<Source> => ({ ...source, text: await textOf(source.text) });
    const revision = {
      ...rest,
      input: { policies: await Promise.all(policies.map(whole)), mesh: await whole(mesh) },
      placement: wholeIn(placementSchema, await textOf(placement)),
    };
    written.set(number, { revision, texts: textsOf(stored) });
    return revision;
  };
  const history: Revision[] = [];
  const damaged: string[] = [];
  for (const number of files.revisions.map(Number).sort((a, b) => a - b)) {
    const file = join(path, `${number}.json`);
    try {
      history.push(await naming("read", file, () => read(number)));
    } catch (error) {
      if (!(error instanceof WireError && error.cause instanceof Damaged)) throw error;
      damaged.push(
        `${file} is damaged: ${error.cause.message}: revision ${number} is left out of the history`,
      );
    }
  }
  // What is damaged is written again where it is needed.
  for (const [hash, text] of readTexts) await text.catch(() => known.delete(hash));

  async function keep(text: string): Promise<string> {
    const hash = hashOf(text);
    if (!known.has(hash)) await replaceFile(join(texts, hash), text);
    known.add(hash);
    return hash;
  }

  async function store(revision: Revision): Promise<void> {
    const { input, placement, ...rest } = revision;
    const kept = async (source: Source): Promise<Source> => ({ ...source, text: await keep(source.text) });
    const policies: Source[] = [];
    for (const source of input.policies) policies.push(await kept(source));
    const stored: StoredRevision = {
      ...{ ...rest, policies, mesh: await kept(input.mesh) },
      placement: await keep(JSON.stringify(placement)),
    };
    await replaceFile(join(path, `${revision.number}.json`), JSON.stringify({ format, ...stored }));
    written.set(revision.number, { revision, texts: textsOf(stored) });
  }

  async function writeAll(latest: History): Promise<void> {
    await makeFolder(texts);
    for (const revision of latest)
      if (written.get(revision.number)?.revision !== revision) await store(revision);
    const numbers = new Set(latest.map(({ number }) => number));
    const dropped = [...written.keys()].filter((number) => !numbers.has(number));
    for (const number of dropped) {
      await rm(join(path, `${number}.json`), { force: true });
      written.delete(number);
    }
    if (dropped.length === 0) return;
    // A text goes after all that refer to it, so that a crash leaves one too many at most.
    const needed = new Set([...written.values()].flatMap((each) => each.texts));
    for (const hash of [...known].filter((each) => !needed.has(each))) {
      await rm(join(texts, hash), { force: true });
      known.delete(hash);
    }
  }

  let last: Promise<void> = Promise.resolve();
  return {
    history,
    damaged,
    folder: {
      write: (latest) => {
        last = last.catch(() => undefined).then(() => naming("write", path, () => writeAll(latest)));
        return last;
      },
    },
  };
}

/** A file that is not what was written. */
class Damaged extends Error {}

function wholeIn<T>(schema: Parameters<typeof readKept<T>>[0], text: string): T {
  const read = readKept(schema, text);
  if ("fault" in read) throw new Damaged(read.fault);
  return read.value;
}

async function readText(path: string, hash: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    if ("code" in error && error.code === "ENOENT") throw new Damaged(`the text ${hash} is not there`);
    throw error;
  });
  if (hashOf(text) !== hash) throw new Damaged(`the text ${hash} is another one than was written`);
  return text;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function textsOf({ policies, mesh, placement }: StoredRevision): readonly string[] {
  return [...policies.map(({ text }) => text), mesh.text, placement];
}

/** None where there is no such folder yet. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function naming<T>(what: "read" | "write", path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    const help = what === "read" ? "; remove the folder to begin another history" : "";
    throw new WireError("history", `cannot ${what} ${path}: ${why}${help}`, { cause });
  }
}
