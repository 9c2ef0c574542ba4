import { format } from "../language/format.ts";
import type { Source } from "../language/source.ts";

/** The forms that a policy is written in. */
export type Form = "policy" | "filter";

export interface SkeletonOptions {
  readonly form: Form;
  /** Of the policy, and of its folder. */
  readonly name: string;
  /** The way from the policy's folder to this toolkit, with slashes, for the imports of its test and the commands of its README. */
  readonly toolkit: string;
}

/** The files of a new policy, which does something that its test can see: the policy first, then its test and its README. */
export function skeleton({ form, name, toolkit }: SkeletonOptions): readonly Source[] {
  return form === "policy"
    ? [
        { path: "policy.cup", text: format({ path: "policy.cup", text: copper(name) }).text },
        { path: "policy.test.ts", text: copperTest(name, toolkit) },
        { path: "README.md", text: readme(name, toolkit) },
      ]
    : [
        { path: "policy.ts", text: filter(name) },
        { path: "policy.test.ts", text: filterTest(name, toolkit) },
        { path: "README.md", text: readme(name, toolkit) },
      ];
}

function copper(name: string): string {
  return `// The requests that this is for: here all calls of any service to any other.
policy ${name} (
    act (Request request)
    context ('. -> .')
) {
    [Ingress]
    SetHeader(request, "x-policy", "${name}");
}
`;
}

function copperTest(name: string, toolkit: string): string {
  return `import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "${toolkit}/controlplane/codegen/generate.ts";
import { checkCopper } from "${toolkit}/controlplane/language/check.ts";
import { assemble } from "${toolkit}/filters/proxy-wasm-as/build/assemble.ts";
import { createHost } from "${toolkit}/filters/proxy-wasm-as/testing/index.ts";

test("requests say which policy they met", { timeout: 60_000 }, async () => {
  const text = readFileSync(new URL("policy.cup", import.meta.url), "utf8");
  const { policies, diagnostics } = checkCopper({ path: "policy.cup", text });
  expect(diagnostics).toEqual([]);
  const { bytes = new Uint8Array() } = await assemble({ entry: generate(policies) });
  // As the placement would say it: this policy, in the proxy of the callee, for calls of everyone.
  const host = createHost(bytes, { configuration: "${name}\\tinbound\\t*\\n" });
  const { requestHeaders } = host.request({ headers: [["x-policy", "of the client"]] });
  expect(requestHeaders).toEqual([["x-policy", "${name}"]]);
});
`;
}

function filter(name: string): string {
  return `import { Request } from "proxy-wasm-as";

// The requests that this is for: here all calls of any service to any other.
export const context = ". -> .";
export const side = "ingress";

export function onRequest(request: Request): void {
  request.headers.set("x-policy", "${name}");
}
`;
}

function filterTest(name: string, toolkit: string): string {
  return `import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { filterRuntime } from "${toolkit}/controlplane/codegen/filter-runtime.ts";
import { generateFilter } from "${toolkit}/controlplane/codegen/generate-filter.ts";
import { assemble } from "${toolkit}/filters/proxy-wasm-as/build/assemble.ts";
import { verifyModule } from "${toolkit}/filters/proxy-wasm-as/build/verify-module.ts";
import { createHost } from "${toolkit}/filters/proxy-wasm-as/testing/index.ts";

test("requests say which policy they met", { timeout: 60_000 }, async () => {
  const code = readFileSync(new URL("policy.ts", import.meta.url), "utf8");
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({ name: "${name}", code }),
    files: { "policy.ts": code },
    runtime: filterRuntime({ source: { path: "policy.ts", text: code }, parameters: [] }),
  });
  expect(stderr).toBe("");
  expect(verifyModule(bytes)).toEqual([]);
  // As the placement would say it: this policy, in the proxy of the callee, for calls of everyone.
  const host = createHost(bytes, { configuration: "${name}\\tinbound\\t*\\n" });
  const { requestHeaders } = host.request({ headers: [["x-policy", "of the client"]] });
  expect(requestHeaders).toEqual([["x-policy", "${name}"]]);
});
`;
}

/** Its commands work as they stand in the folder above, where filter code has its name from, whatever Node is on the path. */
function readme(name: string, toolkit: string): string {
  const way = toolkit.replace(/^\.\.(?:\/|$)/, "") || ".";
  const mesh = `--mesh ${way}/examples/meshes/hotel-reservation.yaml`;
  return `# ${name}

Every request from one service to another gets the header \`x-policy: ${name}\`.

The commands are for the folder above this one. Is it right, and does the mesh have what it names? Which proxies does it need? The mesh
here is an example: name your own instead.

    wire check ${name} ${mesh}
    wire place ${name} ${mesh}

What it does to requests, in process:

    ${way}/node_modules/.bin/node ${way}/node_modules/vitest/vitest.mjs run --root ${name}
`;
}
