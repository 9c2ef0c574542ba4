import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("../rust-filter", import.meta.url));
const built = `${folder}/target/wasm32-wasip1/release/headers.wasm`;

/** The module of the filter in `rust-filter/`, or why there is none. Cargo builds it when its sources have changed since. */
export async function buildRustFilter(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const cargo = process.env["CARGO"] ?? "cargo";
  try {
    await promisify(execFile)(cargo, ["build", "--release", "--locked", "--target", "wasm32-wasip1"], {
      cwd: folder,
    });
  } catch (error) {
    const { code, stderr = "" } = error as { readonly code?: string | number; readonly stderr?: string };
    if (code === "ENOENT") return { missing: `there is no \`${cargo}\`: set CARGO to the path of one` };
    const why = stderr.split("\n").find((line) => line.startsWith("error")) ?? `it ended with ${code}`;
    return { missing: `\`${cargo} build --target wasm32-wasip1\`: ${why}` };
  }
  return existsSync(built) ? { path: built } : { missing: `\`${cargo}\` has written no ${built}` };
}
