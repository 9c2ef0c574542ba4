import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filterRuntime } from "../controlplane/codegen/filter-runtime.ts";
import { generateFilter } from "../controlplane/codegen/generate-filter.ts";
import { readFilter } from "../controlplane/language/read-filter.ts";
import { assemble } from "../filters/proxy-wasm-as/build/assemble.ts";
import { createHost, type Host } from "../filters/proxy-wasm-as/testing/index.ts";
import { filters } from "./build-policy.ts";

/** A ready-made policy as it is in a mesh, with its defaults, for whoever calls whom. */
export interface MeshPolicy {
  readonly host: Host;
  /** How many requests were counted for it, when it is audited. */
  counted(): number;
}

/** Build a policy as the mesh does, for one of its modes. Throws when it does not build. */
export async function meshPolicy(name: string, mode: "enforce" | "audit"): Promise<MeshPolicy> {
  const code = readFileSync(join(filters, name, "policy.ts"), "utf8");
  const { policy } = readFilter({ path: `${name}/policy.ts`, text: code });
  if (policy === undefined) throw new Error(`\`${name}\` cannot be read`);
  const { bytes, stderr } = await assemble({
    entry: generateFilter({ name, code }),
    files: { "policy.ts": code },
    runtime: filterRuntime(policy),
  });
  if (bytes === undefined || stderr !== "") throw new Error(stderr);
  const side = /^export const side = "egress";$/m.test(code) ? "outbound" : "inbound";
  const readsBody = WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(bytes))).some((each) =>
    each.name.endsWith("_body"),
  );
  const host = createHost(bytes, {
    configuration: `${name}\t${side}\t*\t${mode}\n`,
    allowOnHeadersStopIteration: readsBody,
  });
  if (host.failure !== null) throw new Error(host.failure);
  return { host, counted: () => host.metrics.get(`wire.audit.${name}`) ?? 0 };
}
