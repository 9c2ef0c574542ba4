import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { buildImage, ensureEngine, findEnvoy, hostAddress } from "../../envoy/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The image and what testcontainers needs to know, or why there is none. */
    readonly containers:
      | {
          readonly image: string;
          readonly env: Readonly<Record<string, string>>;
          readonly run: string;
          /** Where containers reach this machine. */
          readonly host: string;
        }
      | { readonly skip: string };
  }
}

const run = promisify(execFile);

/** Before the container tests: an engine and an image. Afterwards: no container and no daemon of ours. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const onProgress = (line: string): void => void process.stderr.write(`containers: ${line}\n`);
  const engine = await ensureEngine({ onProgress });
  if (engine.kind === "skip")
    return skip(project, `${engine.reason}. To enable these tests: ${engine.command}`);
  const tearDown = async (): Promise<void> => {
    await sweep(engine.env, (owner) => owner === process.pid);
    await engine.stop();
  };
  try {
    // What a run that was killed has left in an engine that outlived it.
    await sweep(engine.env, (owner) => !isAlive(owner));
    const found = await findEnvoy({ onProgress });
    onProgress("building the image");
    const image =
      found.kind === "image"
        ? found.image
        : await buildImage({ path: found.path, version: found.version, env: engine.env });
    const host = await hostAddress({ env: engine.env });
    project.provide("containers", { image, env: engine.env, run: String(process.pid), host });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}

/** Remove the containers of the runs, by process id, that `of` picks. */
async function sweep(
  engineEnv: Readonly<Record<string, string>>,
  of: (owner: number) => boolean,
): Promise<void> {
  const env = { ...process.env, ...engineEnv };
  const list = ["ps", "-a", "--filter", "label=wire.run", "--format", '{{.ID}} {{.Label "wire.run"}}'];
  const { stdout } = await run("docker", list, { env });
  const ids = stdout.split("\n").flatMap((line) => {
    const [id = "", owner] = line.split(" ");
    return id !== "" && of(Number(owner)) ? [id] : [];
  });
  if (ids.length > 0) await run("docker", ["rm", "-f", ...ids], { env });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function skip(project: TestProject, reason: string): () => Promise<void> {
  const { WIRE_REQUIRE_ALL: requireAll } = process.env;
  if (requireAll === "1") throw new Error(`the container tests would be skipped: ${reason}`);
  process.stderr.write(`\n!! CONTAINER TESTS ARE SKIPPED: ${reason}\n\n`);
  project.provide("containers", { skip: reason });
  return async () => {};
}
