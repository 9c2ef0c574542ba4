import { createHash } from "node:crypto";
import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import { type Assembled, assemble } from "./assemble.ts";
import type { ChainCache } from "./chain-cache.ts";
import { chosenSection, failureClass, type Item } from "./failure-class.ts";
import { generate } from "./generate.ts";
import { generateFilter } from "./generate-filter.ts";
import type { Module } from "./module.ts";
import { smoke } from "./smoke.ts";
import { verifyModule } from "./verify-module.ts";

/** One module, or why there is none. */
export interface BuiltModule {
  readonly module?: Module;
  /** The AssemblyScript that a person reads: generated, or the author's own. */
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compile a group of policies, check the module and try it once with its configuration. */
export async function buildModule(
  first: Item,
  group: readonly Item[],
  configuration: string,
  cache: ChainCache,
): Promise<BuiltModule> {
  const { policy } = first;
  const filter = policy.kind === "filter" ? policy.source.text : undefined;
  const entry = filter === undefined ? generate(group.flatMap(chosenSection)) : generateFilter(policy.name);
  const source = filter ?? entry;
  const assembled = await cache.assembled.get(`${entry}\0${filter ?? ""}`, async () => {
    if (filter === undefined) return assemble({ entry });
    return assemble({ entry, files: { "policy.ts": filter }, runtime: "minimal" });
  });
  // A compiler that crashed or ran out of time may do better the next time.
  if (assembled.failure !== undefined) cache.assembled.delete(`${entry}\0${filter ?? ""}`);
  const { bytes } = assembled;
  if (bytes === undefined) return { source, diagnostics: compileErrors(policy, assembled) };

  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const reasons = [...cache.verified.get(sha256, () => verifyModule(bytes))];
  if (reasons.length === 0) {
    reasons.push(...cache.tried.get(`${sha256} ${configuration}`, () => smoke(bytes, configuration)));
  }
  if (reasons.length > 0) {
    const diagnostics = reasons.map((reason) => refusal(policy, "MOD0102", `\`${policy.name}\`: ${reason}`));
    return { source, diagnostics };
  }
  const { imports, exports } = cache.interfaces.get(sha256, () => interfaceOf(bytes));
  const policies = group.map((item) => item.policy.name);
  const module: Module = { sha256, bytes, policies, failure: failureClass(first), imports, exports };
  return { source, module, diagnostics: [] };
}

function interfaceOf(bytes: Uint8Array): Pick<Module, "imports" | "exports"> {
  const compiled = new WebAssembly.Module(Uint8Array.from(bytes));
  const imports = WebAssembly.Module.imports(compiled).map((item) => `${item.module}.${item.name}`);
  const exports = WebAssembly.Module.exports(compiled).map((item) => item.name);
  return { imports: imports.sort(), exports: exports.sort() };
}

function compileErrors(policy: Policy, assembled: Assembled): Diagnostic[] {
  const failed = `\`${policy.name}\` does not compile`;
  const errors = assembled.messages.filter((message) => message.severity === "error");
  if (assembled.failure !== undefined) {
    const help = "simplify the policy; if it is small already, please report it with its source";
    return [{ ...refusal(policy, "MOD0103", `${failed}: ${assembled.failure.reason}`), help }];
  }
  if (errors.length === 0) return [refusal(policy, "MOD0101", `${failed}: ${assembled.stderr}`)];
  return errors.map((error) => {
    const found = refusal(policy, "MOD0101", `${failed}: ${inOurWords(error.message)}`);
    const own = policy.kind === "filter" && error.file === "policy.ts";
    if (!own || error.start === undefined || error.end === undefined) return found;
    return { ...found, span: { start: error.start, end: error.end } };
  });
}

/** asc writes sentences, quotes with apostrophes, and names the files of its library. */
function inOurWords(message: string): string {
  const text = message
    .replace(/\.$/, "")
    .replace(/~lib\/(?:[\w.-]+\/)*(\w+)/g, "$1")
    .replace(/'([^']*)'/g, "`$1`");
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

function refusal(policy: Policy, code: Diagnostic["code"], message: string): Diagnostic {
  return { code, severity: "error", message, source: policy.source, span: policy.span };
}
