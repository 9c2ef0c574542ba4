import type { Call, CopperPolicy } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import { createCells } from "./cells.ts";
import { emit } from "./emit.ts";
import { entry } from "./entry.ts";
import { hasAllow } from "./failure-class.ts";
import { fileName } from "./file-name.ts";
import { createLiterals } from "./literals.ts";
import { createSharedReads } from "./shared-reads.ts";

/** Actions whose last argument says how much of the body they look at. */
const bodyActions: ReadonlySet<string> = new Set(["GetBodySize", "BodyContains", "GetJsonField"]);

/** Actions after which Envoy may have to choose another route. */
const routeActions: ReadonlySet<string> = new Set(["RouteToVersion", "SplitByWeight", "Mirror"]);

export interface GenerateOptions {
  /** Whether the module is for requests, or for TCP connections. Default requests. */
  readonly over?: "http" | "tcp";
  /** Whether what policies do to requests is recorded for the access log. Default false. */
  readonly decisions?: boolean;
  /** Whether only the paths of requests say of some policies what they are for. Default false. */
  readonly asks?: boolean;
}

/** AssemblyScript for one module with all of these policies in this order, each with its chosen section alone. */
export function generate(policies: readonly CopperPolicy[], options: GenerateOptions = {}): string {
  const { over = "http" } = options;
  const records = options.decisions === true && over === "http";
  const counted: string[] = [];
  const literals = createLiterals();
  const imports = createImports();
  const cells = createCells(imports.use);
  const reads = createSharedReads(policies, imports.use);
  const placed =
    (policy: CopperPolicy) =>
    (action: string, line: number): string =>
      `${imports.use("decisions", "at")}(${literals.text(`${fileName(policy.source.path)}:${line} ${action}`)}())`;
  const functions = policies.map((policy, index) => {
    const emitter = {
      policy,
      index,
      literals,
      cells,
      reads,
      use: imports.use,
      ...(over === "tcp" ? { counted } : {}),
      ...(records ? { place: placed(policy) } : {}),
    };
    const statements = policy.sections.map((section) => emit(section.body, "  ", emitter)).join("");
    const allow = records ? callsOf(policy).find(({ action }) => action === "Allow") : undefined;
    const asked = allow && `${placed(policy)("Allow", lineAt(policy, allow.span.start))}; `;
    const judge = judges(policy) ? `  ${asked ?? ""}${imports.use("policy", "judge")}();\n` : "";
    return `// ${policy.name}, ${fileName(policy.source.path)}:${lineOf(policy)}
function ${functionName(policy.name, index)}(): void {
${judge}${statements}}
`;
  });
  const names = literals.text(policies.map((policy) => `${policy.name}\n`).join(""));
  const calls = policies.map((policy, index) => {
    const limit = bodyLimit(policy);
    return {
      act: policy.act,
      judges: judges(policy),
      decides: decides(policy),
      reroutes: callsOf(policy).some(({ action }) => routeActions.has(action)),
      ...(limit === undefined ? {} : { bodyLimit: limit }),
      code: `${functionName(policy.name, index)}()`,
    };
  });
  const states = policies.flatMap((policy) => policy.states.map((state) => ({ policy, state })));
  const asking = options.asks === true ? [`${imports.use("on-path", "askPaths")}()`] : [];
  const recording = records ? [`${imports.use("decisions", "recordDecisions")}()`] : [];
  const configured = states.map(({ policy, state }) => {
    const slot = cells.slot(policy.name, state.name);
    // What has another shape is another value; that of a worker needs no key.
    const key = `${policy.name}/${state.name}:${state.type}`;
    return `${imports.use("actions/state", "state")}(${slot}, ${state.scope === "worker" ? "0" : `${literals.text(key)}()`})`;
  });
  const ended = states.some(({ state }) => state.type === "ConcurrencyLimit")
    ? [`${imports.use("actions/state", "release")}(context)`]
    : [];
  const code = entry(
    {
      names,
      calls,
      configured: [...recording, ...asking, ...configured],
      asks: options.asks === true,
      ended,
      ...(over === "tcp" ? { connections: { counted, ...cells.connections(counted.length) } } : {}),
    },
    imports.use,
  );
  imports.use("bytes", "bytes");
  return `// Generated from ${policies.map((policy) => policy.name).join(", ")}. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
${imports.lines()}

${literals.declarations()}

${cells.declarations()}${reads.declarations()}${functions.join("\n")}
${code}`;
}

/** Collects what generated code calls, and writes the lines that import it. */
export function createImports(): { use(file: string, name: string): string; lines(): string } {
  const files = new Map<string, Set<string>>();
  return {
    use(file, name) {
      files.set(file, (files.get(file) ?? new Set()).add(name));
      return name;
    },
    lines: () =>
      [...files]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(
          ([file, names]) =>
            `import { ${[...names].sort().join(", ")} } from "proxy-wasm-as/assembly/${file}";`,
        )
        .join("\n"),
  };
}

function judges({ sections }: CopperPolicy): boolean {
  return sections.some(({ body }) => hasAllow(body));
}

/** Whether it may keep a request from going on. */
function decides(policy: CopperPolicy): boolean {
  return callsOf(policy).some(({ action }) => action === "Allow" || action === "Deny");
}

/** How much of the body a policy looks at. */
function bodyLimit(policy: CopperPolicy): number | undefined {
  const limits = callsOf(policy).flatMap((call) =>
    bodyActions.has(call.action) ? Number(textOf(call, call.arguments.length - 1)) : [],
  );
  return limits.length === 0 ? undefined : Math.max(...limits);
}

function callsOf({ sections }: CopperPolicy): readonly Call[] {
  return sections.flatMap(({ body }) => callsIn(body));
}

function functionName(name: string, index: number): string {
  return `p${index}_${name.replace(/[^A-Za-z0-9]+/g, "_")}`;
}

function lineOf(policy: CopperPolicy): number {
  return lineAt(policy, policy.span.start);
}

function lineAt({ source }: CopperPolicy, offset: number): number {
  return source.text.slice(0, offset).split("\n").length;
}
