// Makes a fresh clone ready: installs exactly what the lock file says, once for each state of it.
// Plain JavaScript for any Node that npm runs on, because it runs before our own Node 24 is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".wire-set-up");
const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .update(`${process.platform} ${process.arch}`)
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  console.error("setting up: installing the dependencies of the lock file (about a minute, once)");
  // EBADENGINE warnings are about the Node that runs npm, not about the one in node_modules that runs us.
  const install = spawnSync("npm", ["ci", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (install.status !== 0) {
    console.error("setting up: `npm ci` failed; its message is above. Is a package registry within reach?");
    process.exit(3);
  }
  writeFileSync(stamp, wanted);
}
