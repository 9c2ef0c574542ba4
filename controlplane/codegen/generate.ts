import type { Condition, CopperPolicy, Statement, StringExpression } from "../language/policy.ts";
import { hasAllow } from "./failure-class.ts";

const encoder = new TextEncoder();

/** AssemblyScript for one module with all of these policies in this order, each with its chosen section alone. */
export function generate(policies: readonly CopperPolicy[]): string {
  const literals = new Map<string, string>();
  const literal = (value: string): string => {
    const known = literals.get(value);
    if (known !== undefined) return known;
    const stem = value
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .slice(0, 24);
    const name = `L${literals.size}_${stem}`.replace(/_$/, "");
    literals.set(value, name);
    return name;
  };
  const functions = policies.map((policy, index) => policyFunction(policy, index, literal));
  const names = literal(policies.map((policy) => `${policy.name}\n`).join(""));
  const body = functions.join("\n");
  const used = (from: readonly string[]): string =>
    from.filter((name) => new RegExp(`\\b${name}\\(`).test(body)).join(", ");
  const fromBytes = ["bytes", used(["equal", "header"])].filter(Boolean).join(", ");
  const fromPairs = used(["headerIs", "headersMeet"]);
  const statements = used(["allow", "deny", "judge", "routeToVersion", "setHeader"]);
  const fromPolicy = ["allocate", "begin", "end", "runs", statements].filter(Boolean).join(", ");
  return `// Generated from ${policies.map((policy) => policy.name).join(", ")}. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { ${fromBytes} } from "proxy-wasm-as/assembly/bytes";
${fromPairs === "" ? "" : `import { ${fromPairs} } from "proxy-wasm-as/assembly/pairs";\n`}import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { ${fromPolicy} } from "proxy-wasm-as/assembly/policy";

${[...literals].map(([value, name]) => constant(name, value)).join("\n")}

${body}
${entry(names, policies.map((policy, index) => `  if (runs(${index})) ${functionName(policy.name, index)}();\n`).join(""))}`;
}

/** The callbacks around a body that acts on one request; the whole of what a module exports. */
export function entry(names: string, body: string): string {
  return `export function proxy_on_request_headers(context: u32, _headers: u32, _end: u32): u32 {
  begin(context);
${body}  return end();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, ${names}());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}
`;
}

/** A text as bytes in the data segment; the inlined function gives pointer and length. */
export function constant(name: string, value: string): string {
  const encoded = encoder.encode(value);
  const data = encoded.length === 0 ? "0" : `memory.data<u8>([${[...encoded].join(", ")}])`;
  return `// ${plain(JSON.stringify(value))}
// @ts-ignore: decorator
@inline function ${name}(): u64 { return bytes(${data}, ${encoded.length}); }`;
}

/** What stands in a comment has to stay in it, whatever its reader takes for the end of a line. */
function plain(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

type Literal = (value: string) => string;

function policyFunction(policy: CopperPolicy, index: number, literal: Literal): string {
  const body = policy.sections.flatMap((section) => section.body);
  const judge = hasAllow(body) ? "  judge();\n" : "";
  return `// ${policy.name}, ${fileOf(policy)}:${lineOf(policy, policy.span.start)}
function ${functionName(policy.name, index)}(): void {
${judge}${body.map((statement) => emit(statement, "  ", policy, literal)).join("")}}
`;
}

function functionName(name: string, index: number): string {
  return `p${index}_${name.replace(/[^A-Za-z0-9]+/g, "_")}`;
}

/** The file's own name: equal policies generate equal code, however the path to them is written. */
function fileOf(policy: CopperPolicy): string {
  return plain(policy.source.path.split(/[/\\]/).pop() ?? "");
}

function lineOf(policy: CopperPolicy, offset: number): number {
  return policy.source.text.slice(0, offset).split("\n").length;
}

function emit(statement: Statement, indent: string, policy: CopperPolicy, literal: Literal): string {
  const line = (code: string): string => `${indent}${code} // line ${lineOf(policy, statement.span.start)}\n`;
  switch (statement.kind) {
    case "setHeader":
      // Envoy keeps header names in lower case.
      return line(
        `setHeader(${literal(statement.name.value.toLowerCase())}(), ${text(statement.value, literal)});`,
      );
    case "deny":
      return line(`return deny(${statement.status}, ${literal(statement.body)}());`);
    case "allow":
      return line(`allow(${literal(statement.caller)}(), ${literal(statement.callee)}());`);
    case "routeToVersion":
      return line(`routeToVersion(${literal(statement.service)}(), ${literal(statement.version)}());`);
    case "if": {
      const inner = (body: readonly Statement[]): string =>
        body.map((item) => emit(item, `${indent}  `, policy, literal)).join("");
      const otherwise = statement.else.length > 0 ? ` else {\n${inner(statement.else)}${indent}}` : "";
      return `${line(`if (${test(statement.condition, literal)}) {`)}${inner(statement.then)}${indent}}${otherwise}\n`;
    }
    default:
      return statement satisfies never;
  }
}

function text(expression: StringExpression, literal: Literal): string {
  if (expression.kind === "literal") return `${literal(expression.value)}()`;
  return `header(${literal(expression.name.toLowerCase())}())`;
}

/** A header equals what any of its values equals: a second copy must not hide the first, nor the other way round. */
function comparison(left: StringExpression, right: StringExpression, literal: Literal): string {
  const name = (header: string): string => `${literal(header.toLowerCase())}()`;
  if (left.kind === "getHeader" && right.kind === "getHeader")
    return `headersMeet(${name(left.name)}, ${name(right.name)})`;
  if (left.kind === "getHeader") return `headerIs(${name(left.name)}, ${text(right, literal)})`;
  if (right.kind === "getHeader") return `headerIs(${name(right.name)}, ${text(left, literal)})`;
  return `equal(${text(left, literal)}, ${text(right, literal)})`;
}

function test(condition: Condition, literal: Literal): string {
  switch (condition.kind) {
    case "equal":
      return `${condition.negated ? "!" : ""}${comparison(condition.left, condition.right, literal)}`;
    case "not":
      return `!(${test(condition.operand, literal)})`;
    case "and":
      return `(${test(condition.left, literal)} && ${test(condition.right, literal)})`;
    case "or":
      return `(${test(condition.left, literal)} || ${test(condition.right, literal)})`;
    case "constant":
      return String(condition.value);
    default:
      return condition satisfies never;
  }
}
