// Writes `dist/package`: the xDS server as a package of its own for `npm pack`, as JavaScript with types, and with the dependencies of these files alone.
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "dist/package");
const { name, version, license, type, engines, dependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

rmSync(folder, { recursive: true, force: true });
const compiled = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const built = (path: string): object => ({ types: `./${path}.d.ts`, default: `./${path}.js` });
const needed = ["@bufbuild/protobuf", "@grpc/grpc-js"];
const manifest = {
  ...{ name, version, license, type, engines },
  description:
    "An xDS server: what each Envoy is to hold, in the order in which it can take it, and what it acknowledged.",
  exports: {
    "./xds-server": built("controlplane/server/index"),
    "./envoy-api/*": built("controlplane/xds/generated/*"),
  },
  dependencies: Object.fromEntries(needed.map((each) => [each, dependencies[each]])),
};
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
cpSync(join(root, "docs/xds-server.md"), join(folder, "README.md"));
