// The control plane of a mesh that is compared with: told a file, it serves what the proxies of that mode hold, and prints where.
import { readFileSync } from "node:fs";
import { renderDiagnostic } from "../language/render.ts";
import type { Input } from "../pipeline/build.ts";
import { createXdsServer } from "../server/index.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { baseline } from "./baseline.ts";
import type { Baseline } from "./mode.ts";

/** The file that is this program's one argument. */
export interface BaselineFile {
  readonly input: Input;
  readonly mode: Baseline;
}

/** Its one line of output. */
export interface BaselineReady {
  readonly xdsPort: number;
  readonly proxies: readonly { readonly node: string; readonly address: string }[];
  readonly addresses: AddressMap;
  /** Where a caller without a proxy would find its callees. */
  readonly bare: AddressMap;
}

const [path = ""] = process.argv.slice(2);
const { input, mode } = JSON.parse(readFileSync(path, "utf8")) as BaselineFile;
const { baseline: made, diagnostics } = await baseline(input, mode);
if (made === undefined) {
  for (const diagnostic of diagnostics)
    process.stderr.write(`${renderDiagnostic(diagnostic, { color: false })}\n`);
  process.exit(1);
}
const server = await createXdsServer({
  listen: { host: "127.0.0.1", port: 0 },
  onNack: ({ node, resources, message }) =>
    process.stderr.write(`proxy ${node} refuses ${resources.join(", ")}: ${message}\n`),
});
for (const [node, snapshot] of made.snapshots) server.setSnapshot(node, snapshot, { revision: "1" });
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)));
const ready: BaselineReady = {
  xdsPort: server.port,
  proxies: [...made.admins].map(([node, address]) => ({ node, address })),
  addresses: made.addresses,
  bare: made.bare,
};
console.log(JSON.stringify(ready));
