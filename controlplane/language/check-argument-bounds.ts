import { type ArgumentBound, argumentBounds, boundText, notAllZero } from "./argument-bounds.ts";
import { constantOf } from "./constant-of.ts";
import type { Signature } from "./interface.ts";
import type { Call, Expression, Literal } from "./policy.ts";
import type { Scope } from "./scope.ts";

/** Say what a call is given that cannot be meant, as far as it is known: constants, and defaults of parameters. */
export function checkArgumentBounds(call: Call, signature: Signature, scope: Scope): void {
  const bounds = argumentBounds[call.action];
  if (bounds === undefined) return;
  const given = new Map(
    signature.parameters.flatMap(({ name = "" }, place) => {
      const argument = call.arguments[place];
      return argument === undefined ? [] : [[name, argument] as const];
    }),
  );
  for (const [name, argument] of given) {
    const bound = bounds[name];
    const known = bound && knownValue(argument, scope);
    if (known === undefined || bound === undefined) continue;
    const problem = problemOf(known.value, bound);
    if (problem === undefined) continue;
    const code = bound.kind === "text" ? bound.code : "CUP0228";
    const whole = `${written(argument, known, scope)} cannot be \`${name}\` of \`${signature.name}\``;
    const { message, help } = problem;
    const said =
      message !== undefined && known.how !== undefined ? `${whole}: ${message}` : (message ?? whole);
    scope.reporter.report(code, argument.span, said, { help });
  }
  const needed = notAllZero[call.action]?.map((name) => given.get(name));
  const values = needed?.map((argument) => argument && constantOf(argument, scope.locals));
  if (values?.every((value) => value === 0n)) {
    const last = needed?.at(-1) ?? call;
    scope.reporter.report("CUP0228", last.span, `all weights of \`${signature.name}\` are 0`, {
      help: "give one of them a share, as in `90` and `10`",
    });
  }
}

interface Known {
  readonly value: Literal["value"];
  /** Where it does not stand there itself. */
  readonly how?: string;
}

function knownValue(argument: Expression, scope: Scope): Known | undefined {
  const inner = argument.kind === "convert" ? argument.operand : argument;
  if (inner.kind === "parameter") {
    const parameter = scope.parameters.get(inner.name);
    return parameter && { value: parameter.default.value, how: "by default" };
  }
  const value = constantOf(argument, scope.locals);
  if (value === undefined) return undefined;
  return argument.kind === "literal" ? { value } : { value, how: "which is" };
}

/** An argument as it stands there, with its value where that is not the same; a long one by its value only. */
function written(argument: Expression, { value, how }: Known, { reporter }: Scope): string {
  const text = reporter.source.text.slice(argument.span.start, argument.span.end);
  const shown = `\`${valueText(value, argument)}\``;
  if (text.length > 40 || text.includes("\n")) return shown;
  return how === undefined ? `\`${text}\`` : `\`${text}\`, ${how} ${shown},`;
}

function problemOf(
  value: Literal["value"],
  bound: ArgumentBound,
): { readonly message?: string; readonly help: string } | undefined {
  if (bound.kind === "text") return typeof value === "string" ? bound.problemOf(value) : undefined;
  if (typeof value !== "bigint" && typeof value !== "number") return undefined;
  const { least, isAbove, most = Number.POSITIVE_INFINITY } = bound;
  const isIn = (isAbove ? value > least : value >= least) && value <= most;
  return isIn ? undefined : { help: `write one that is ${boundText(bound)}` };
}

const units = [
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["us", 1_000n],
  ["ns", 1n],
] as const;

/** As it would be written. */
function valueText(value: Literal["value"], { type }: Expression): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (type !== "duration" || typeof value !== "bigint") return String(value);
  const [unit, size] = units.find(([, length]) => value % length === 0n) ?? ["ns", 1n];
  return `${value / size}${unit}`;
}
