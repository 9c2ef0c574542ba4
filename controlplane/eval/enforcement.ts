import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Application } from "./application.ts";

/** Calls of answered requests that policies are about, and those of which the answers show something else than they say. */
export interface Enforcement {
  readonly covered: number;
  readonly wrong: number;
  /** The first of these, for people. */
  readonly example?: string;
}

export const nothingSeen: Enforcement = { covered: 0, wrong: 0 };

/**
 * Hold the answer to one request against what the policies of `p1` say. A header is there once on each call that it is for, and on no other; a version
 * is reached by those that are routed to it.
 */
export function enforcementOf(tree: CallTree, { covered }: Pick<Application, "covered">): Enforcement {
  return callsOf(tree).reduce((sum, call) => added(sum, judged(call, covered.p1)), nothingSeen);
}

export function added(a: Enforcement, b: Enforcement): Enforcement {
  const example = a.example ?? b.example;
  return {
    covered: a.covered + b.covered,
    wrong: a.wrong + b.wrong,
    ...(example === undefined ? {} : { example }),
  };
}

/** Whether all calls of a request were answered. */
export function isWhole({ status, calls = [] }: CallTree): boolean {
  return status === 200 && calls.every(isWhole);
}

interface Call {
  readonly path: string;
  readonly tree: CallTree;
}

function callsOf(tree: CallTree, before = ""): readonly Call[] {
  const path = before === "" ? tree.service : `${before} ${tree.service}`;
  return [{ path, tree }, ...(tree.calls ?? []).flatMap((each) => callsOf(each, path))];
}

function judged({ path, tree }: Call, rules: Application["covered"]["p1"]): Enforcement {
  const own = rules.filter(({ paths }) => paths.includes(path));
  const faults = rules.flatMap((rule) => faultOf(rule, path, tree));
  const [fault] = faults;
  return {
    covered: own.length,
    wrong: faults.length > 0 ? 1 : 0,
    ...(fault === undefined ? {} : { example: `${path.replaceAll(" ", " -> ")}: ${fault}` }),
  };
}

function faultOf(
  rule: Application["covered"]["p1"][number],
  path: string,
  tree: CallTree,
): readonly string[] {
  const isFor = rule.paths.includes(path);
  if ("version" in rule)
    return !isFor || tree.version === rule.version
      ? []
      : [`${rule.policy} routes to ${rule.version}, and ${tree.version ?? "no version"} has answered`];
  const { name, value } = rule.header;
  const seen = tree.headers?.[name] ?? [];
  const expected = isFor ? [value] : [];
  const isRight = seen.length === expected.length && seen.every((each, at) => each === expected[at]);
  return isRight
    ? []
    : [`${rule.policy} ${isFor ? "is" : "is not"} for it, and ${name} is ${JSON.stringify(seen)}`];
}
