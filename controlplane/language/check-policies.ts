import { checkCopper } from "./check.ts";
import { checkImports, type Interfaces, isInterface } from "./check-imports.ts";
import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import { firstErrors } from "./first-errors.ts";
import { inOrder } from "./in-order.ts";
import { actionOf } from "./lookup.ts";
import { suggest, within } from "./nearest.ts";
import { notText } from "./not-text.ts";
import { configure, isParameterFile } from "./parameter-files.ts";
import type { Policy } from "./policy.ts";
import { readFilter } from "./read-filter.ts";
import { reporterFor } from "./reporter.ts";
import { type KnownServices, resolveContext } from "./resolve-context.ts";
import type { Source, Span } from "./source.ts";
import { standardInterface } from "./standard.ts";
import { callsIn, textOf } from "./statements-in.ts";

/**
 * Check policies of both forms together: `.cup` is Copper, `.ts` filter code, `.cui` the interfaces that they import, and YAML or JSON
 * values for their parameters. The policies are in the order of
 * enforcement: priority, higher first, then name. Without a mesh the names of services are not looked up.
 */
export function checkPolicies(
  sources: readonly Source[],
  mesh?: KnownServices,
): {
  readonly policies: readonly Policy[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const written = sources.filter(isInterface);
  const interfaces = checkImports(written);
  const read = sources
    .filter((source) => !isInterface(source) && !isParameterFile(source))
    .map((source) => readSource(source, interfaces));
  const diagnostics = [...interfaces.diagnostics, ...read.flatMap((result) => result.diagnostics)];
  const byName = new Map<string, Policy>();
  for (const policy of read.flatMap((result) => result.policies)) {
    const earlier = byName.get(policy.name);
    if (earlier) diagnostics.push(...duplicate(policy, earlier));
    else byName.set(policy.name, policy);
  }
  const lookUp = (policy: Policy): Policy => {
    if (!mesh) return policy;
    const resolved = resolveContext(policy, mesh);
    diagnostics.push(...resolved.diagnostics, ...unknownTargets(policy, mesh));
    return resolved.policy;
  };
  const configured = configure([...byName.values()], sources.filter(isParameterFile), {
    isComplete: !hasErrors(diagnostics),
  });
  diagnostics.push(...configured.diagnostics);
  const policies = configured.policies.map(lookUp);
  // One mistake in a policy does not hide what else is wrong with it.
  for (const policy of read.flatMap((result) => result.broken)) lookUp(policy);
  const bySource = Map.groupBy(diagnostics, ({ source }) => source);
  const placed = sources.flatMap((source) => firstErrors(source, bySource.get(source) ?? []));
  return { policies: inOrder(policies), diagnostics: placed };
}

function readSource(
  source: Source,
  { offerFor }: Interfaces,
): {
  readonly policies: readonly Policy[];
  readonly broken: readonly Policy[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const foreign = notText(source);
  if (foreign.length > 0) return { policies: [], broken: [], diagnostics: foreign };
  if (!source.path.endsWith(".ts")) {
    const read = checkCopper(source, offerFor);
    return read.policies.length > 0 || hasErrors(read.diagnostics)
      ? read
      : { ...read, diagnostics: [...read.diagnostics, ...withoutPolicy(source)] };
  }
  const { policy, diagnostics } = readFilter(source);
  return { policies: policy ? [policy] : [], broken: [], diagnostics };
}

/** A file that was emptied by mistake must not drop its policies without a word. */
function withoutPolicy(source: Source): readonly Diagnostic[] {
  const reporter = reporterFor(source);
  const firstLine = source.text.split("\n", 1)[0]?.length ?? 0;
  reporter.report("CUP0225", { start: 0, end: firstLine }, "this file has no policy", {
    help: "remove it to drop what it held",
  });
  return reporter.diagnostics;
}

function duplicate(policy: Policy, earlier: Policy): readonly Diagnostic[] {
  const reporter = reporterFor(policy.source);
  reporter.report("CUP0208", policy.span, `there are two policies \`${policy.name}\``, {
    help: `rename one; the other one is in ${earlier.source.path}`,
  });
  return reporter.diagnostics;
}

/** Services and versions that statements name. */
function unknownTargets(policy: Policy, mesh: KnownServices): readonly Diagnostic[] {
  if (policy.kind !== "copper") return [];
  const reporter = reporterFor(policy.source);
  for (const call of policy.sections.flatMap(({ body }) => callsIn(body))) {
    let service: string | undefined;
    actionOf(standardInterface, policy.act, call.action)?.parameters.forEach(({ type }, index) => {
      const named = textOf(call, index);
      const argument = call.arguments[index];
      if (argument === undefined || (type !== "service" && type !== "version")) return;
      // A default stands nowhere.
      const span = argument.span;
      if (type === "version") unknownVersion(named, service, span);
      else if (named !== "*") service = unknownService(named, span) ? undefined : named;
    });
  }
  return reporter.diagnostics;

  function unknownService(name: string, span: Span): boolean {
    if (mesh.services.has(name)) return false;
    reporter.report("CTX0201", span, `the mesh has no service \`${name}\``, {
      ...suggest(name, mesh.services.keys(), "name a service of the mesh file", within(span)),
    });
    return true;
  }

  function unknownVersion(name: string, service: string | undefined, span: Span): void {
    const versions = mesh.services.get(service ?? "")?.versions ?? new Map();
    if (service === undefined || versions.has(name)) return;
    reporter.report("CTX0202", span, `service \`${service}\` has no version \`${name}\``, {
      ...suggest(name, versions.keys(), "add it to the service's `versions` in the mesh file", within(span)),
    });
  }
}
