import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { WireError } from "../../controlplane/error/wire-error.ts";

const run = promisify(execFile);

/**
 * Build `wire/envoy:<version>` from a binary and the libraries it is linked with, so that no registry is
 * needed. An image that is there already is kept.
 */
export async function buildImage(options: {
  /** The binary, as `findEnvoy` finds it. */
  readonly path: string;
  readonly version: string;
  /** `DOCKER_HOST`, where the engine is not the default one. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<string> {
  const tag = `wire/envoy:${options.version}`;
  // The classic builder: BuildKit needs a plug-in that Debian packages apart.
  const env = { ...process.env, ...options.env, DOCKER_BUILDKIT: "0" };
  if (await exists(tag, env)) return tag;
  const folder = mkdtempSync(join(tmpdir(), "wire-image-"));
  try {
    const root = join(folder, "root");
    for (const library of await libraries(options.path)) put(root, library, library);
    put(root, options.path, "/usr/local/bin/envoy");
    mkdirSync(join(root, "tmp"), { recursive: true });
    mkdirSync(join(root, "etc"), { recursive: true });
    writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
    writeFileSync(
      join(folder, "Dockerfile"),
      'FROM scratch\nCOPY root/ /\nENTRYPOINT ["/usr/local/bin/envoy"]\n',
    );
    await run("docker", ["build", "-q", "-t", tag, folder], { env, timeout: 120_000 });
    return tag;
  } catch (cause) {
    throw new WireError("image-build", `the image ${tag} could not be built`, { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function exists(tag: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return run("docker", ["image", "inspect", tag], { env }).then(
    () => true,
    () => false,
  );
}

/** The loader and what `ldd` names, and beside libc the name services that it loads by itself. */
async function libraries(binary: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [binary]);
  const linked = [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  const libc = linked.find((path) => path.endsWith("/libc.so.6"));
  const loaded =
    libc === undefined
      ? []
      : ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"].map((name) => join(dirname(libc), name));
  return [...new Set([...linked, ...loaded.filter((path) => existsSync(path))])];
}

function put(root: string, from: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  copyFileSync(from, join(root, to));
}
