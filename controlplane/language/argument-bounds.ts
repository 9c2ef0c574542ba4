import { type HeaderProblem, printable, unwritableValue } from "./check-header.ts";
import type { Code } from "./codes.ts";

/**
 * What an argument may be. What is known to be something else before anything runs is a mistake; `otherwise` says what becomes of a
 * value that is found to be so at run time only.
 */
export type ArgumentBound = { readonly otherwise: string } & (
  | {
      readonly kind: "number";
      /** A duration's in nanoseconds. */
      readonly least: number;
      /** It is more than `least`. */
      readonly isAbove?: true;
      /** Absent: there is no most. */
      readonly most?: number;
    }
  | {
      readonly kind: "text";
      readonly code: Code;
      /** What it is, as in "`host` is …". */
      readonly is: string;
      problemOf(value: string): HeaderProblem | undefined;
    }
);

type Bounds = Readonly<Record<string, ArgumentBound>>;

const percent: ArgumentBound = {
  kind: "number",
  least: 0,
  most: 100,
  otherwise: "less is never, and more is always",
};
const weight: ArgumentBound = {
  kind: "number",
  least: 0,
  otherwise: "less is 0, and without any weight nothing happens",
};
/** What the arithmetic of a bucket can count. */
const tokensMax = 9_000_000_000;

function notNegative(otherwise: string): ArgumentBound {
  return { kind: "number", least: 0, otherwise };
}

function headerValue(code: Code, otherwise: string): ArgumentBound {
  const is = "one line without control characters";
  return { kind: "text", code, is, otherwise, problemOf: unwritableValue };
}

/** By the name of the action in checked policies and that of its parameter in the standard interface. Constants have their own checks. */
export const argumentBounds: Readonly<Record<string, Bounds>> = {
  Count: { by: notNegative("less adds nothing") },
  Histogram: { value: notNegative("less is recorded as 0") },
  HasHeader: { value: headerValue("CUP0214", "no header has such a value") },
  SetHeader: { value: headerValue("CUP0214", "with CR, LF or NUL it is written as an empty one") },
  AddHeader: { value: headerValue("CUP0214", "with CR, LF or NUL it is not added") },
  SplitByWeight: { firstWeight: weight, secondWeight: weight },
  Mirror: { percent },
  RewritePath: {
    path: {
      kind: "text",
      code: "CUP0228",
      is: "a path without blanks, control characters, `?` and `#`",
      otherwise: "these are written as `%XX`",
      problemOf: pathProblem,
    },
  },
  RewriteHost: {
    host: {
      kind: "text",
      code: "CUP0228",
      is: "a host, with its port where it has one",
      otherwise: "nothing happens where it is none",
      problemOf: hostProblem,
    },
  },
  SetHashKey: { key: headerValue("CUP0228", "with CR, LF or NUL it is taken as an empty one") },
  SetTimeout: { timeout: notNegative("less is over at once") },
  SetDeadline: { budget: notNegative("less is over at once") },
  SetRetries: {
    attempts: { kind: "number", least: 0, most: 2_147_483_647, otherwise: "the nearest is taken" },
  },
  InjectDelay: { delay: notNegative("less is none"), percent },
  InjectAbort: { percent },
  "Timer.IsTimeSince": { time: notNegative("less has always passed") },
  "TokenBucket.TakeToken": {
    perSecond: {
      kind: "number",
      least: 0,
      isAbove: true,
      most: tokensMax,
      otherwise: "less brings no token back, and more is the most",
    },
    burst: {
      kind: "number",
      least: 1,
      most: tokensMax,
      otherwise: "less takes none and leaves the bucket as it is, and more is the most",
    },
  },
  "ConcurrencyLimit.Acquire": { limit: { kind: "number", least: 1, otherwise: "less lets none in" } },
};

/** Parameters of an action of which one at least is more than 0. */
export const notAllZero: Readonly<Record<string, readonly string[]>> = {
  SplitByWeight: ["firstWeight", "secondWeight"],
};

/** What an argument may be, in words: "from 0 to 100". */
export function boundText(bound: ArgumentBound): string {
  if (bound.kind === "text") return bound.is;
  const { least, isAbove, most } = bound;
  if (isAbove) return `more than ${least}${most === undefined ? "" : ` and at most ${most}`}`;
  return most === undefined ? `${least} or more` : `from ${least} to ${most}`;
}

function pathProblem(path: string): HeaderProblem | undefined {
  const wrong = /[\p{Cc} ?#]/u.exec(path)?.[0];
  if (wrong === undefined) return undefined;
  return {
    message: `a path has no \`${printable(wrong)}\``,
    help:
      wrong === "?" || wrong === "#"
        ? "leave out what follows it: the query stays as it is"
        : `write \`${encodeURIComponent(wrong)}\`, if it is meant`,
  };
}

/** What RFC 3986 lets stand in a host and in the port behind it. */
function hostProblem(host: string): HeaderProblem | undefined {
  const wrong = /[^A-Za-z0-9._~!$&'()*+,;=:[\]%-]/u.exec(host)?.[0];
  const help = "write its name or address, and its port where it has one, as in `example.com:8080`";
  if (host === "") return { message: "a host has a name", help };
  return wrong === undefined ? undefined : { message: `a host has no \`${printable(wrong)}\``, help };
}
