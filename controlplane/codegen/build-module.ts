import { createHash } from "node:crypto";
import { signatureOf } from "../../filters/proxy-wasm-as/abi/filter-callbacks.ts";
import {
  type Assembled,
  type AssembleOptions,
  assemble,
  BUDGET,
} from "../../filters/proxy-wasm-as/build/assemble.ts";
import { helpFor } from "../../filters/proxy-wasm-as/build/help-for.ts";
import { inOurWords } from "../../filters/proxy-wasm-as/build/in-our-words.ts";
import { RECORD_REFERENCE } from "../../filters/proxy-wasm-as/build/record-references.ts";
import { type Smoked, smoke } from "../../filters/proxy-wasm-as/build/smoke.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { withoutDefaults } from "../language/filter-parameters.ts";
import type { FilterPolicy, Policy } from "../language/policy.ts";
import type { ChainCache } from "./chain-cache.ts";
import { chosenSection, type Item, moduleFailure } from "./failure-class.ts";
import { fileName } from "./file-name.ts";
import { filterRuntime } from "./filter-runtime.ts";
import { type GenerateOptions, generate } from "./generate.ts";
import { generateFilter } from "./generate-filter.ts";
import type { Module } from "./module.ts";
import { usedBy } from "./used-by.ts";

/** One module, or why there is none. */
export interface BuiltModule {
  readonly module?: Module;
  /** The AssemblyScript that a person reads: generated, or the author's own. */
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compile a group of policies, check the module and try it with its configuration. */
export async function buildModule(
  first: Item,
  group: readonly Item[],
  { configuration, ...how }: { readonly configuration: string } & GenerateOptions,
  cache: ChainCache,
): Promise<BuiltModule> {
  const { policy } = first;
  const { source, bytes, diagnostics } =
    policy.kind === "filter"
      ? await compileFilter(policy, cache, how)
      : await compile(policy, { entry: generate(group.flatMap(chosenSection), how) }, cache);
  if (bytes === undefined) return { source, diagnostics };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = `${sha256} ${configuration}`;
  const smoked = await cache.tried.get(key, () => smoke(bytes, configuration));
  if (smoked.kind !== "tried") {
    // What is to blame may also be a machine that is too busy.
    cache.tried.delete(key);
    return { source, diagnostics: [endless(policy, smoked)] };
  }
  if (smoked.reasons.length > 0) return { source, diagnostics: [failure(policy, smoked.reasons)] };
  const { imports, exports } = interfaceOf(bytes, sha256, cache);
  const policies = group.map((item) => item.policy.name);
  const module: Module = {
    sha256,
    bytes,
    policies,
    failure: moduleFailure(group),
    ...(policy.kind === "filter" ? { isFilterCode: true } : {}),
    imports,
    exports,
    ...usedBy(group),
  };
  return { source, module, diagnostics: [] };
}

/** What compiling came to: `bytes`, which passed every check that needs no configuration, or diagnostics. */
export interface Compiled {
  /** The AssemblyScript that a person reads: generated, or the author's own. */
  readonly source: string;
  readonly bytes?: Uint8Array;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compile filter code and hold the module against what may be sent to a proxy, and against what the code says that it does. */
export async function compileFilter(
  policy: FilterPolicy,
  cache: ChainCache,
  { decisions = false, asks = false }: Pick<GenerateOptions, "decisions" | "asks"> = {},
): Promise<Compiled> {
  const code = policy.source.text;
  const { name, parameters, tickPeriod } = policy;
  const entry = generateFilter({
    name,
    code,
    parameters,
    ...(tickPeriod === undefined ? {} : { tickPeriod }),
    ...(decisions ? { recordedAs: fileName(policy.source.path) } : {}),
    asks,
  });
  // Of the same length, so that what asc says is at the author's place.
  const files = { "policy.ts": withoutDefaults(code, policy.parameters) };
  const bound = { name: policy.name, budget: BUDGET };
  const options = { entry, files, runtime: filterRuntime(policy), bound };
  const compiled = await compile(policy, options, cache);
  const { bytes } = compiled;
  if (bytes === undefined) return { ...compiled, source: code };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { imports } = interfaceOf(bytes, sha256, cache);
  // Placement and the proxy's failure class go by the actions, which were read from the code. What has lost its path may be denied, whatever it says.
  if (!asks && imports.includes("env.proxy_send_local_response") && !policy.actions.includes("Deny")) {
    const reason = "it answers requests, and its code says neither `deny` nor `reply`";
    return { source: code, diagnostics: refusals(policy, [reason]) };
  }
  return { ...compiled, source: code };
}

async function compile(policy: Policy, options: AssembleOptions, cache: ChainCache): Promise<Compiled> {
  const source = options.entry;
  const key = `${source}\0${options.files?.["policy.ts"] ?? ""}`;
  const assembled = await cache.assembled.get(key, () => assemble(options));
  // A compiler that crashed or ran out of time may do better the next time.
  if (assembled.failure !== undefined) cache.assembled.delete(key);
  const { bytes } = assembled;
  if (bytes === undefined) return { source, diagnostics: compileErrors(policy, assembled, source) };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const reasons = cache.verified.get(sha256, () => verifyModule(bytes));
  if (reasons.length > 0) return { source, diagnostics: refusals(policy, reasons) };
  return { source, bytes, diagnostics: [] };
}

/** What a module imports and exports, by its hash. */
export function interfaceOf(
  bytes: Uint8Array,
  sha256: string,
  cache: ChainCache,
): Pick<Module, "imports" | "exports"> {
  return cache.interfaces.get(sha256, () => {
    const compiled = new WebAssembly.Module(Uint8Array.from(bytes));
    const imports = WebAssembly.Module.imports(compiled).map((item) => `${item.module}.${item.name}`);
    const exports = WebAssembly.Module.exports(compiled).map((item) => item.name);
    return { imports: imports.sort(), exports: exports.sort() };
  });
}

function refusals(policy: Policy, reasons: readonly string[]): Diagnostic[] {
  return reasons.map((reason) => {
    const found = refusal(policy, "MOD0102", `\`${policy.name}\`: ${reason}`);
    const [, name] = /`env\.([\w.]+)` is not in/.exec(reason) ?? [];
    if (policy.kind !== "filter" || name === undefined) return found;
    // The host functions of AssemblyScript's own library go by the names that an author writes, but for this one.
    const call = name === "seed" ? "Math.random" : name;
    const start = policy.source.text.indexOf(`${call}(`);
    return start < 0 ? found : { ...found, span: { start, end: start + call.length } };
  });
}

/** What failed when it was tried, at the line that an assertion or a `throw` of the author's own says. */
function failure(policy: Policy, reasons: readonly string[]): Diagnostic {
  const over = reasons.find((reason) => / went over its budget of \d+$/.test(reason));
  if (over !== undefined) return endless(policy, { kind: "timeout", reason: over.replace(/^[^:]*: /, "") });
  const said = reasons.map((reason) => /^(.*) at policy\.ts:(\d+):(\d+)$/.exec(reason)).find(Boolean);
  const [, message, line, column] = said ?? [];
  const hoards = reasons.find((reason) => / went over its memory of /.test(reason));
  const text =
    message !== undefined
      ? `it throws ${JSON.stringify(message)}`
      : // Copper has no name to say for its allocator.
        (hoards?.replace(/^[^:]*: /, "it ") ??
        reasons
          .join(": ")
          .replace(/^unreachable(?=$|: tried )/, "it traps, as it does when its memory is used up"));
  const found = refusal(policy, "MOD0102", `\`${policy.name}\` does not run: ${text}`);
  if (policy.kind !== "filter" || line === undefined) return found;
  const before = policy.source.text.split("\n").slice(0, Number(line) - 1);
  const start = before.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1;
  return { ...found, span: { start, end: start + 1 } };
}

function endless(policy: Policy, { kind, reason }: Exclude<Smoked, { readonly kind: "tried" }>): Diagnostic {
  const what =
    kind === "timeout" ? `does not come to an end: ${reason}` : `took all that it could get${reason}`;
  return {
    ...refusal(policy, "MOD0104", `\`${policy.name}\` ${what}`),
    help: "bound its loops, and what it keeps",
  };
}

function compileErrors(policy: Policy, assembled: Assembled, entry: string): Diagnostic[] {
  const failed = `\`${policy.name}\` does not compile`;
  const errors = assembled.messages.filter((message) => message.severity === "error");
  if (assembled.failure !== undefined) {
    const help = "simplify the policy; if it is small already, please report it with its source";
    return [{ ...refusal(policy, "MOD0103", `${failed}: ${assembled.failure.reason}`), help }];
  }
  if (errors.length === 0) return [refusal(policy, "MOD0101", `${failed}: ${assembled.stderr}`)];
  return errors.map((error) => {
    const isRecord = error.code === RECORD_REFERENCE;
    const found = isRecord
      ? { ...refusal(policy, "FLT0215", error.message), help: "keep what is needed of it as numbers" }
      : refusal(policy, "MOD0101", `${failed}: ${inOurWords(error.message)}`);
    if (policy.kind !== "filter") return found;
    const inside = error.file === "policy.ts" && error.start !== undefined && error.end !== undefined;
    if (inside) {
      const help = helpFor(error.message, policy.source.text, error.start);
      return {
        ...found,
        span: { start: error.start, end: error.end },
        ...(help === undefined ? {} : { help }),
      };
    }
    // What does not fit outside of the author's code is called from there, and first of all a callback: by the entry, in this line.
    const before = entry.lastIndexOf("\n", error.start ?? 0) + 1;
    const after = entry.indexOf("\n", before);
    const isOurs = error.file === "module.ts" && error.start !== undefined;
    const [, called = "on\\w+"] =
      /\b(on[A-Z]\w*)\(/.exec(isOurs ? entry.slice(before, after < 0 ? undefined : after) : "") ?? [];
    const start = new RegExp(`\\bfunction\\s+(${called})\\b`).exec(policy.source.text);
    const [whole = "", name = ""] = start ?? [];
    if (start === null) return found;
    const end = start.index + whole.length;
    return {
      ...found,
      span: { start: end - name.length, end },
      ...(isOurs ? { help: `write \`${signatureOf(name)}\`` } : {}),
    };
  });
}

function refusal(policy: Policy, code: Diagnostic["code"], message: string): Diagnostic {
  return { code, severity: "error", message, source: policy.source, span: policy.span };
}
