import { isMap, isScalar, type Node, parseDocument } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import type { ValueType } from "./interface.ts";
import { suggest } from "./nearest.ts";
import { notText } from "./not-text.ts";
import { readNumber } from "./numbers.ts";
import type { Literal, Policy, PolicyParameter } from "./policy.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";
import { unfitForParameter } from "./unfit-for-parameter.ts";

/** What an operator sets, by policy and parameter; the last file counts. */
export type ParameterValues = ReadonlyMap<string, ReadonlyMap<string, Literal["value"]>>;

/** Files with values for parameters are YAML or JSON. */
export function isParameterFile({ path }: Pick<Source, "path">): boolean {
  return /\.(ya?ml|json)$/.test(path);
}

const shape = "write `policy: { parameter: value }`";
const examples: Readonly<Record<ValueType, string>> = {
  string: '"text"',
  bytes: '"text"',
  int: "1000",
  float: "0.5",
  bool: "true",
  duration: "60s",
};

/**
 * The policies with the values that parameter files give instead of the defaults. `isComplete`: all policies could be read, so that a name
 * that none of them has is a mistake.
 */
export function configure(
  policies: readonly Policy[],
  files: readonly Source[],
  { isComplete }: { readonly isComplete: boolean },
): { readonly policies: readonly Policy[]; readonly diagnostics: readonly Diagnostic[] } {
  const values = new Map<string, Map<string, Literal["value"]>>();
  const diagnostics: Diagnostic[] = [];
  for (const source of files) {
    const foreign = notText(source);
    const reporter = reporterFor(source);
    if (foreign.length === 0) readFile(policies, isComplete, values, reporter);
    diagnostics.push(...foreign, ...reporter.diagnostics);
  }
  return { policies: policies.map((policy) => withValues(policy, values)), diagnostics };
}

function withValues(policy: Policy, values: ParameterValues): Policy {
  const own = values.get(policy.name);
  if (own === undefined) return policy;
  const parameters = policy.parameters.map((parameter): PolicyParameter => {
    const value = own.get(parameter.name);
    return value === undefined ? parameter : { ...parameter, default: { ...parameter.default, value } };
  });
  return { ...policy, parameters };
}

function readFile(
  policies: readonly Policy[],
  isComplete: boolean,
  values: Map<string, Map<string, Literal["value"]>>,
  reporter: Reporter,
): void {
  const document = parseDocument(reporter.source.text, { prettyErrors: false });
  for (const error of document.errors) {
    const [start, end] = error.pos;
    const [message = ""] = error.message.split("\n");
    const said = `${message.charAt(0).toLowerCase()}${message.slice(1)}`;
    reporter.report("PRM0101", { start, end: Math.max(end, start + 1) }, said);
  }
  if (document.errors.length > 0) return;
  const known = new Map(policies.map((policy) => [policy.name, policy]));
  for (const { key, span, value } of entriesOf(document.contents, reporter)) {
    const policy = known.get(key);
    if (policy === undefined) {
      if (isComplete)
        reporter.report("PRM0201", span, `there is no policy \`${key}\``, {
          ...suggest(key, known.keys(), "name one of the policies, or leave it out", span),
        });
      continue;
    }
    const own = values.get(key) ?? new Map<string, Literal["value"]>();
    values.set(key, own);
    for (const entry of entriesOf(value, reporter)) {
      const read = readParameter(policy, entry, reporter);
      if (read !== undefined) own.set(entry.key, read);
    }
  }
}

interface Entry {
  readonly key: string;
  readonly span: Span;
  readonly value: Node | null;
}

/** A file, or a policy in it, that says nothing sets nothing. */
function entriesOf(node: Node | null, reporter: Reporter): readonly Entry[] {
  if (node === null || (isScalar(node) && node.value === null)) return [];
  if (!isMap<Node, Node | null>(node)) {
    reporter.report("PRM0101", spanOf(node), "values of parameters are given by name", { help: shape });
    return [];
  }
  return node.items.flatMap(({ key, value }): readonly Entry[] => {
    if (isScalar(key)) return [{ key: String(key.value), span: spanOf(key), value }];
    reporter.report("PRM0101", spanOf(key), "this is not a name", { help: shape });
    return [];
  });
}

function readParameter(policy: Policy, entry: Entry, reporter: Reporter): Literal["value"] | undefined {
  const { key, span, value } = entry;
  const parameter = policy.parameters.find(({ name }) => name === key);
  if (parameter === undefined) {
    const names = policy.parameters.map(({ name }) => name);
    const otherwise = names.length === 0 ? "it has none" : `there are \`${names.join("`, `")}\``;
    reporter.report("PRM0202", span, `\`${policy.name}\` has no parameter \`${key}\``, {
      ...suggest(key, names, otherwise, span),
    });
    return undefined;
  }
  const read = literalValue(parameter, value, reporter.source);
  if (read !== undefined) return read;
  const { type, bits } = parameter;
  const text = type === "string" && isScalar(value) && typeof value.value === "string" ? value.value : "";
  const problem = unfitForParameter(text);
  if (problem !== undefined && value !== null) {
    reporter.report("PRM0203", spanOf(value), problem.message, { help: problem.help });
    return undefined;
  }
  const article = type === "int" ? "an" : "a";
  const size = bits === undefined ? "" : ` of ${bits} bits`;
  reporter.report("PRM0203", value === null ? span : spanOf(value), `this is not ${article} ${type}${size}`, {
    help: `write one, as in \`${key}: ${examples[type]}\``,
  });
  return undefined;
}

/** As the policy's own text would be read; undefined where it is of another type. */
function literalValue(
  { type, bits }: PolicyParameter,
  node: Node | null,
  { text: all }: Source,
): Literal["value"] | undefined {
  if (!isScalar(node)) return undefined;
  if (type === "bool") return typeof node.value === "boolean" ? node.value : undefined;
  if (type === "string" || type === "bytes") {
    const { value } = node;
    return typeof value === "string" && unfitForParameter(value) === undefined ? value : undefined;
  }
  const { start, end } = spanOf(node);
  const text = typeof node.value === "string" ? node.value : all.slice(start, end);
  if (typeof node.value === "string" && type !== "duration") return undefined;
  const isNegative = text.startsWith("-");
  if (type === "float") {
    const { value } = node;
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }
  const number = readNumber(text.replace(/^[-+]/, ""));
  if (number.kind !== type || typeof number.value !== "bigint") return undefined;
  const value = isNegative ? -number.value : number.value;
  return BigInt.asIntN(bits ?? 64, value) === value ? value : undefined;
}

function spanOf({ range }: Node): Span {
  const [start = 0, end = 0] = range ?? [];
  return { start, end: Math.max(end, start + 1) };
}
