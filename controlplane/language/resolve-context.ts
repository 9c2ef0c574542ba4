import type { Context, Expression, Name } from "./context.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { suggest } from "./nearest.ts";
import type { Policy } from "./policy.ts";
import { type Reporter, reporterFor } from "./reporter.ts";

/** What the language asks of a mesh: its services and their versions. */
export interface KnownServices {
  readonly services: ReadonlyMap<string, { readonly versions: ReadonlyMap<string, unknown> }>;
}

/** Splits beyond this are not listed. */
const splitsMax = 4;

/** Look up the names of a policy's context in the mesh, and split those that old files wrote without separators. */
export function resolveContext(
  policy: Policy,
  mesh: KnownServices,
): { readonly policy: Policy; readonly diagnostics: readonly Diagnostic[] } {
  const reporter = reporterFor(policy.source);
  const expression = resolve(policy.context.expression, mesh, reporter);
  const context: Context = { ...policy.context, expression };
  return { policy: { ...policy, context }, diagnostics: reporter.diagnostics };
}

function resolve(expression: Expression, mesh: KnownServices, reporter: Reporter): Expression {
  switch (expression.kind) {
    case "service":
      return resolveService(expression, mesh, reporter);
    case "any":
      for (const name of expression.except) lookUp(name, mesh, reporter);
      return { ...expression, except: withoutAllVersions(expression.except, mesh) };
    case "set":
      for (const name of expression.names) lookUp(name, mesh, reporter);
      return { ...expression, names: withoutAllVersions(expression.names, mesh) };
    case "sequence":
      return { ...expression, items: expression.items.map((item) => resolve(item, mesh, reporter)) };
    case "choice":
      return { ...expression, options: expression.options.map((option) => resolve(option, mesh, reporter)) };
    case "repeat":
      return { ...expression, item: resolve(expression.item, mesh, reporter) };
    default:
      return expression satisfies never;
  }
}

function resolveService(
  service: Extract<Expression, { kind: "service" }>,
  mesh: KnownServices,
  reporter: Reporter,
): Expression {
  if (mesh.services.has(service.name) || service.version !== undefined) {
    lookUp(service, mesh, reporter);
    return service;
  }
  const splits = splitsOf(service.name, [...mesh.services.keys()]);
  const [first] = splits;
  if (first === undefined) {
    lookUp(service, mesh, reporter);
    return service;
  }
  if (splits.length > 1) {
    const ways = splits.map((names) => `\`${names.join(" -> ")}\``).join(" or ");
    reporter.report("CTX0203", service.span, `\`${service.name}\` can be split in more than one way`, {
      help: `write ${ways}`,
    });
    return service;
  }
  let at = service.span.start;
  const items = first.map((name): Expression => {
    const span = { start: at, end: at + name.length };
    at = span.end;
    return { kind: "service", name, span };
  });
  return { kind: "sequence", items, span: service.span };
}

function lookUp(name: Name, mesh: KnownServices, reporter: Reporter): void {
  const service = mesh.services.get(name.name);
  const { start, end } = name.span;
  if (service === undefined) {
    const all = [...mesh.services.keys()];
    const listed = all.slice(0, 8).join("`, `") + (all.length > 8 ? "`, …" : "`");
    reporter.report("CTX0201", name.span, `the mesh has no service \`${name.name}\``, {
      ...suggest(name.name, all, `the mesh has \`${listed}`, { start, end: start + name.name.length }),
    });
  } else if (name.version !== undefined && !service.versions.has(name.version)) {
    const all = [...service.versions.keys()];
    reporter.report("CTX0202", name.span, `service \`${name.name}\` has no version \`${name.version}\``, {
      ...suggest(
        name.version,
        all,
        all.length === 0
          ? `add \`versions\` to \`${name.name}\` in the mesh file`
          : `it has \`${all.join("`, `")}\``,
        { start: end - name.version.length, end },
      ),
    });
  }
}

/** Every version of a service is the service, of which nobody needs to know the version. */
function withoutAllVersions(names: readonly Name[], mesh: KnownServices): readonly Name[] {
  return [...Map.groupBy(names, ({ name }) => name)].flatMap(([name, listed]): readonly Name[] => {
    const versions = [...(mesh.services.get(name)?.versions.keys() ?? [])];
    const all =
      versions.length > 0 && versions.every((version) => listed.some((one) => one.version === version));
    const [first] = listed;
    return all && first !== undefined ? [{ name, span: first.span }] : listed;
  });
}

/** All ways to write `word` as two or more of the names, at most a few of them. */
function splitsOf(word: string, names: readonly string[]): readonly (readonly string[])[] {
  // From the end to the start, so that each place is worked out once: a word of many services stays linear.
  const from: (readonly (readonly string[])[])[] = [];
  from[word.length] = [[]];
  for (let at = word.length - 1; at >= 0; at--) {
    from[at] = names
      .filter((name) => word.startsWith(name, at))
      .flatMap((name) => (from[at + name.length] ?? []).map((rest) => [name, ...rest]))
      .slice(0, splitsMax);
  }
  return (from[0] ?? []).filter((split) => split.length > 1);
}
