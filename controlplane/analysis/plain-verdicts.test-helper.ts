import type { Context, Expression, Name } from "../language/context.ts";
import type { Mesh } from "../mesh/mesh.ts";

/**
 * What `verdicts` says, worked out anew for each step of each path: a state is what may still follow, as an expression. Slow, and short
 * enough to be read.
 */
export function plainVerdicts(context: Context, isConnection: boolean, mesh: Mesh): readonly string[] {
  const may = endsOf(context, mesh, "may");
  const must = endsOf(context, mesh, "must");
  return [...may.keys()].flatMap((call): string[] => {
    const callee = mesh.services.get(call.split(">")[1] ?? "");
    if (callee === undefined || (callee.protocol === "tcp" && !isConnection)) return [];
    const verdict = (version?: string): string => {
      const accepts = (
        reading: Reading,
        states: ReadonlyMap<string, State> = new Map(),
      ): readonly boolean[] =>
        [...states.values()].map((before) => accepted(after(context, before, callee.name, reading, version)));
      if (!accepts("may", may.get(call)).includes(true)) return "never";
      return accepts("must", must.get(call)).includes(false) ? "sometimes" : "always";
    };
    const all = callee.protocol === "tcp" ? [] : [...callee.versions.keys()];
    if (verdict() === "never") return [];
    if (verdict() === "always" || all.some((version) => verdict(version) === "sometimes"))
      return [`${call} ${verdict()}`];
    const always = all.filter((version) => verdict(version) === "always");
    if (all.length === 0) return [`${call} sometimes`];
    if (always.length === 0) return [];
    return [always.length === all.length ? `${call} always` : `${call} sometimes ${always}`];
  });
}

type Reading = "may" | "must";
/** Sequences of which one has to follow. */
type State = readonly (readonly Expression[])[];

/** For each call the states before its callee. */
function endsOf(
  context: Context,
  mesh: Mesh,
  reading: Reading,
): ReadonlyMap<string, ReadonlyMap<string, State>> {
  const ends = new Map<string, Map<string, State>>();
  const end = (call: string, before: State): void => {
    ends.set(call, (ends.get(call) ?? new Map()).set(JSON.stringify(before), before));
  };
  const step = (state: State, service: string): State => after(context, state, service, reading);
  const start: State = context.anchored ? [[context.expression]] : [];
  const queue: (readonly [service: string, state: State])[] = [];
  const known = new Set<string>();
  const go = (service: string, state: State): void => {
    const key = JSON.stringify([service, state]);
    if (!known.has(key)) queue.push([service, state]);
    known.add(key);
  };
  for (const { name, entry, origin } of mesh.services.values()) {
    if (entry) end(`>${name}`, start);
    if (entry || origin) go(name, step(start, name));
  }
  for (const [from, state] of queue) {
    for (const { to } of mesh.calls.filter((call) => call.from === from)) {
      end(`${from}>${to}`, state);
      const isTcp = mesh.services.get(to)?.protocol === "tcp";
      if (isTcp) end(`${from}>${to}`, step(start, from));
      go(to, step(isTcp ? step(start, from) : state, to));
    }
  }
  return ends;
}

function accepted(state: State): boolean {
  return state.some((sequence) => sequence.every(mayBeEmpty));
}

function after(
  { anchored, expression }: Context,
  state: State,
  service: string,
  reading: Reading,
  version?: string,
): State {
  const is = (name: Name, how: Reading): boolean =>
    name.name === service &&
    (name.version === undefined || (version === undefined ? how === "may" : name.version === version));
  const takes = (node: Expression): boolean => {
    if (node.kind === "service") return is(node, reading);
    if (node.kind === "set") return node.names.some((name) => is(name, reading));
    return node.kind === "any" && !node.except.some((name) => is(name, reading === "may" ? "must" : "may"));
  };
  const rests = ([first, ...others]: readonly Expression[]): readonly (readonly Expression[])[] => {
    if (first === undefined) return [];
    const own = restsOf(first).map((rest) => [...rest, ...others]);
    return mayBeEmpty(first) ? [...own, ...rests(others)] : own;
  };
  const restsOf = (node: Expression): readonly (readonly Expression[])[] => {
    if (node.kind === "sequence") return rests(node.items);
    if (node.kind === "choice") return node.options.flatMap(restsOf);
    if (node.kind !== "repeat") return takes(node) ? [[]] : [];
    const again: readonly Expression[] = node.max === "infinity" ? [{ ...node, min: 0 }] : [];
    return restsOf(node.item).map((rest) => [...rest, ...again]);
  };
  const found = (anchored ? state : [...state, [expression]]).flatMap(rests);
  return [...new Map(found.map((rest) => [JSON.stringify(rest), rest])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, rest]) => rest);
}

function mayBeEmpty(node: Expression): boolean {
  if (node.kind === "sequence") return node.items.every(mayBeEmpty);
  if (node.kind === "choice") return node.options.some(mayBeEmpty);
  return node.kind === "repeat" && (node.min === 0 || mayBeEmpty(node.item));
}
