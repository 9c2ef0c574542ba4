import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { watchMesh } from "./watch-mesh.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-mesh-"));
  path = join(folder, "mesh.yaml");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const mesh = (host: number, more = ""): string =>
  `name: m\nservices: { web: { entry: true }${more} }\nendpoints: { web: [{ address: 10.0.0.${host}, port: 80 }] }\n`;

/** Told of what is taken, and of what is not. */
function watching(known: string, seen?: string): { readonly taken: string[]; readonly said: string[] } {
  const [taken, said]: [string[], string[]] = [[], []];
  const watch = watchMesh({
    mesh: { path, text: known },
    ...(seen === undefined ? {} : { seen }),
    taken: ({ text }) => taken.push(text),
    progress: (line) => said.push(line),
  });
  onTestFinished(() => watch[Symbol.dispose]());
  return { taken, said };
}

test("what has changed since it was read, before anybody looked, is taken too", async () => {
  await writeFile(path, mesh(2));
  const { taken, said } = watching(mesh(1));
  await expect.poll(() => taken, { timeout: 5_000 }).toEqual([mesh(2)]);
  await writeFile(path, mesh(3));
  await expect.poll(() => taken, { timeout: 5_000 }).toEqual([mesh(2), mesh(3)]);
  expect(said).toEqual([]);
});

test("another mesh is told of once, and not where that was said as it was read", async () => {
  const other = mesh(1, ", api: {}");
  await writeFile(path, other);
  const [one, silent] = [watching(mesh(1)), watching(mesh(1), other)];
  await expect
    .poll(() => one.said, { timeout: 5_000 })
    .toEqual([expect.stringContaining("more of a mesh than endpoints and rates is taken at a start only")]);
  await writeFile(path, mesh(2));
  await expect.poll(() => [one.taken, silent.taken], { timeout: 5_000 }).toEqual([[mesh(2)], [mesh(2)]]);
  expect([one.said.length, silent.said.length]).toEqual([1, 0]);
});
