import fc from "fast-check";
import { checkPolicies } from "../language/check-policies.ts";
import { parse } from "../language/parser.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { complete } from "./complete.ts";
import { definition } from "./definition.ts";
import { diagnose } from "./diagnose.ts";
import { hover } from "./hover.ts";
import { quickFixes } from "./quick-fixes.ts";
import { renamable, rename } from "./rename.ts";
import type { Workspace } from "./workspace.ts";

/** A text and a place in it, as an editor would send them in the middle of anything. */
export interface AnyText {
  readonly path: string;
  readonly text: string;
  readonly offset: number;
}

const copper = `import "standard.cui";
policy hot_path (
    act (RPCRequest request) using (Counter counter) using (worker Timer timer)
    param (int limit = 1000, duration window = 60s)
    context ('frontend.*[search@v1, rate] -> (a | ^b)+') priority (10) mode (audit)
) {
    [Ingress]
    let agent = request.GetHeader("user-agent") ?? "";
    if (timer.IsTimeSince(window) && agent.Matches("a+b") || !(counter.GetCount() * 2 >= limit)) {
        RouteToVersion(request, "search", 'v2'); Log(request, agent + "é", warn)
    } else if (request.GetPath().ToLower() != "/x") { Deny(request, 429); return; } // why
}
---
`;
const filter = `import { Request } from "proxy-wasm-as";
export const context = "frontend -> .* -> [rate, search]";
export const side = "ingress"; export const priority = 10; let seen: i32 = 0;
export function onRequest(request: Request): void { request.headers.set("critical", \`\${seen++}\`); }
`;
const interfaceFile = `dataplane envoy
cost: 10
/// All of them.
act Request: Connection { [Egress] action RouteToVersion(self, const service service, string, int by = 1): string?, }
state Counter { action Reset(self) }
---
`;
const meshText = `name: shop
services: { frontend: { entry: true }, search: { versions: { v1: {}, v2: { replicas: 2 } } }, rate: }
calls: { frontend: [search], search: [{ to: rate, rate: 120 }] }
endpoints: { search: [{ address: 10.1.0.7, port: 5000, version: v1 }] }
`;
const meshSource: Source = { path: "mesh.yaml", text: meshText };
const others: readonly Source[] = [{ path: "other.cup", text: copper }];
const workspace: Workspace = { policies: others, mesh: { source: meshSource, ...fromYaml(meshSource) } };

const forms = [
  { path: "a.cup", text: copper },
  { path: "a.cup", text: copper },
  { path: "a.cup", text: copper },
  { path: "f.ts", text: filter },
  { path: "a.cui", text: interfaceFile },
  { path: "mesh.yaml", text: meshText },
] as const;

const bytes = fc.uint8Array({ maxLength: 120 }).map((array) => Buffer.from(array).toString("utf8"));
const noise = fc.oneof(
  bytes,
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("(", "{", '"', "/*", "---"),
);

/** Bytes, words in any order, and files with something cut out, doubled or put in. */
export const anyText: fc.Arbitrary<AnyText> = fc.constantFrom(...forms).chain(({ path, text }) => {
  const words = text.match(/[\w@]+|\s+|[^\w\s]/g) ?? [];
  const place = fc.nat(text.length);
  return fc.record({
    path: fc.constant(path),
    text: fc.oneof(
      bytes,
      fc.array(fc.oneof(fc.constantFrom(...words), noise), { maxLength: 60 }).map((parts) => parts.join("")),
      fc
        .tuple(place, place, noise)
        .map(([from, to, between]) => text.slice(0, from) + between + text.slice(to)),
    ),
    offset: fc.nat(text.length + 10),
  });
});

/** Ask everything of a text that can be asked: the parser, the checker and the editor. */
export function askEverything({ path, text, offset }: AnyText): void {
  const source: Source = { path, text };
  const around: Workspace = path === "mesh.yaml" ? { policies: others, mesh: { source } } : workspace;
  if (path.endsWith(".cup")) {
    parse(source);
    checkPolicies([source], workspace.mesh?.mesh);
  }
  quickFixes(diagnose(source, around), { start: 0, end: text.length });
  hover(source, offset, around);
  complete(source, offset, around);
  definition(source, offset, around);
  renamable(source, offset, around);
  rename(source, offset, "renamed", around);
}
