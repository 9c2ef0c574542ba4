import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Policy, Statement } from "../language/policy.ts";

/** What was seen at one callee, from one caller. */
interface Seen {
  requests: number;
  readonly statuses: Map<number, number>;
  readonly versions: Map<string, number>;
  readonly headers: Map<string, number>;
}

/** Counts, from the answers, what the policies did to each call: the headers they write, denials, versions. */
export interface Observation {
  add(tree: CallTree): void;
  /** One line a call, in the order of the mesh's first answer. */
  lines(): readonly string[];
}

export function observe(policies: readonly Policy[]): Observation {
  const written = new Set(policies.flatMap(headersWritten));
  const calls = new Map<string, Seen>();

  function visit(tree: CallTree, caller: string): void {
    const key = `${caller} -> ${tree.service}`;
    const seen = calls.get(key) ?? {
      requests: 0,
      statuses: new Map(),
      versions: new Map(),
      headers: new Map(),
    };
    calls.set(key, seen);
    seen.requests++;
    count(seen.statuses, tree.status);
    if (tree.version !== undefined) count(seen.versions, tree.version);
    for (const name of written)
      for (const value of tree.headers?.[name] ?? []) count(seen.headers, `${name}: ${value}`);
    for (const call of tree.calls ?? []) visit(call, tree.service);
  }

  return {
    add: (tree) => visit(tree, "outside"),
    lines: () => [...calls].map(([call, seen]) => `${call.padEnd(36)} ${describe(seen)}`),
  };
}

function describe(seen: Seen): string {
  const of = (counts: ReadonlyMap<unknown, number>): readonly string[] =>
    [...counts].map(([what, times]) => `${what} in ${times}`);
  const odd = new Map([...seen.statuses].filter(([status]) => status !== 200));
  const effects = [
    ...of(seen.headers),
    ...of(odd).map((text) => `status ${text}`),
    ...of(seen.versions).map((text) => `version ${text}`),
  ];
  return `${seen.requests} requests${effects.length === 0 ? "" : `: ${effects.join(", ")}`}`;
}

function headersWritten(policy: Policy): readonly string[] {
  if (policy.kind === "filter") return policy.writes ?? [];
  return policy.sections.flatMap((section) => section.body.flatMap(writtenBy));
}

function writtenBy(statement: Statement): readonly string[] {
  if (statement.kind === "if") return [...statement.then, ...statement.else].flatMap(writtenBy);
  return statement.kind === "setHeader" && statement.name.kind === "literal"
    ? [statement.name.value.toLowerCase()]
    : [];
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
