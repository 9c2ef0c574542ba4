import type { ImportNode } from "./ast.ts";
import { checkCarried } from "./check-carried.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { importPath, shortest } from "./import-path.ts";
import type { Interface } from "./interface.ts";
import { notText } from "./not-text.ts";
import {
  type Declared,
  type DeclaredDataplane,
  dataplaneOf,
  dataplanesMax,
  isInUnits,
  merged,
  offered,
} from "./offer.ts";
import { parseInterface } from "./parse-interface.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";
import { standard, standardInterface } from "./standard.ts";

/** The interfaces that lie beside the policies. */
export interface Interfaces {
  /** What a policy file may use, by its imports. */
  offerFor(
    source: Source,
    imports: readonly ImportNode[],
  ): { readonly offered: Interface; readonly diagnostics: readonly Diagnostic[] };
  /** Those that are declared; none: there is the toolkit's own. */
  readonly dataplanes: readonly DeclaredDataplane[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Interfaces are `.cui` files. */
export function isInterface({ path }: Source): boolean {
  return path.endsWith(".cui");
}

/** The data planes that the interfaces among some sources declare; none: there is the toolkit's own. What is wrong with them is not said here. */
export function declaredDataplanes(sources: readonly Source[]): readonly DeclaredDataplane[] {
  return checkImports(sources.filter(isInterface)).dataplanes;
}

interface File {
  readonly source: Source;
  readonly interfaces: readonly Interface[];
  readonly imports: readonly ImportNode[];
}

/** Read the `.cui` files, follow their imports to each other, and hold what they declare against what is carried out. */
export function checkImports(sources: readonly Source[]): Interfaces {
  const files = new Map<string, File>();
  const diagnostics: Diagnostic[] = [];
  for (const source of sources) {
    const foreign = notText(source);
    diagnostics.push(...foreign);
    if (foreign.length > 0) continue;
    const parsed = parseInterface(source);
    diagnostics.push(...parsed.diagnostics);
    files.set(shortest(source.path), { source, ...parsed });
  }
  const said = [...files.values()].map(({ source }) => reporterFor(source));
  const reporters = new Map(said.map((reporter) => [reporter.source, reporter]));
  const target = (from: Source, path: string): File | undefined => files.get(importPath(from.path, path));

  checkCircles(files, target, reporters);
  const known = new Map<Interface, Declared>();
  const declaredIn = (file: File, part: Interface, above: readonly File[] = []): Declared => {
    const before = known.get(part);
    if (before !== undefined) return before;
    let all: Declared = part.receivers;
    for (const path of part.imports) {
      const found = target(file.source, path);
      if (found === undefined) all = merged(all, standardInterface.receivers);
      // A circle has been said.
      else if (found !== file && !above.includes(found))
        for (const inner of found.interfaces) all = merged(all, declaredIn(found, inner, [...above, file]));
    }
    if (above.length === 0) known.set(part, all);
    return all;
  };

  const dataplanes: DeclaredDataplane[] = [];
  const places = new Map<DeclaredDataplane, { readonly reporter: Reporter; readonly span: Span }>();
  let hasTooMany = false;
  for (const file of files.values()) {
    const reporter = reporters.get(file.source) ?? reporterFor(file.source);
    for (const node of file.imports)
      if (target(file.source, node.path) === undefined) notFound(node, reporter);
    if (file.interfaces.length === 0) declaresNothing(file, reporter);
    for (const part of file.interfaces) {
      checkCarried(part, reporter);
      const declared = declaredIn(file, part);
      checkParents(part, declared, reporter);
      const name = nameOf(part, file, reporter);
      if (name === undefined) continue;
      if (dataplanes.some((other) => other.name === name)) {
        reporter.report("CUI0103", placeOf(part, file), `data plane \`${name}\` is declared twice`, {
          help: "rename one, or remove it",
        });
      } else if (dataplanes.length < dataplanesMax) {
        const dataplane = dataplaneOf(name, part.cost, offered(declared, [file.source.path]));
        dataplanes.push(dataplane);
        places.set(dataplane, { reporter, span: placeOf(part, file) });
      } else {
        // One is enough to say so.
        if (!hasTooMany)
          reporter.report(
            "CUI0205",
            placeOf(part, file),
            `data plane \`${name}\` is one too many: there can be ${dataplanesMax}`,
            { help: "leave some of them out" },
          );
        hasTooMany = true;
      }
    }
  }
  checkUnits(places);
  diagnostics.push(...said.flatMap((reporter) => reporter.diagnostics));

  const offers = new Map<string, Interface>();
  return {
    dataplanes,
    diagnostics,
    offerFor(source, imports) {
      const reporter = reporterFor(source);
      const found = imports.map((node) => ({ node, file: target(source, node.path) }));
      for (const { node, file } of found) if (file === undefined) notFound(node, reporter);
      // What is not there is taken for the standard interface, which has all.
      if (found.length === 0 || found.some(({ file }) => file === undefined))
        return { offered: standardInterface, diagnostics: reporter.diagnostics };
      const imported = found.flatMap(({ file }) => file ?? []);
      const paths = imported.map((file) => file.source.path);
      const offer =
        offers.get(paths.join("\n")) ??
        offered(
          imported
            .flatMap((file) => file.interfaces.map((part) => declaredIn(file, part)))
            .reduce(merged, new Map()),
          paths,
        );
      offers.set(paths.join("\n"), offer);
      return { offered: offer, diagnostics: reporter.diagnostics };
    },
  };
}

/** The standard interface has no file of its own, and is what takes the place of those that are missing. */
function notFound({ path, span }: ImportNode, reporter: Reporter): void {
  if (path === standard.path) return;
  reporter.report("CUI0201", span, `there is no \`${path}\` here: the standard interface is taken`, {
    severity: "warning",
    help: `write \`import "${standard.path}";\` if that is meant, or put the file beside this one`,
  });
}

/** Each circle is said once, at the import that closes it. */
function checkCircles(
  files: ReadonlyMap<string, File>,
  target: (from: Source, path: string) => File | undefined,
  reporters: ReadonlyMap<Source, Reporter>,
): void {
  const done = new Set<File>();
  const visit = (file: File, way: readonly File[]): void => {
    if (done.has(file)) return;
    const here = [...way, file];
    for (const { path, span } of file.imports) {
      const next = target(file.source, path);
      if (next === undefined) continue;
      const start = here.indexOf(next);
      if (start === -1) visit(next, here);
      else {
        const circle = [...here.slice(start), next].map(({ source }) => source.path).join(" → ");
        reporters
          .get(file.source)
          ?.report("CUI0202", span, `\`${next.source.path}\` imports itself: ${circle}`, {
            help: "leave one of these imports out: put what both need into an interface of its own",
          });
      }
    }
    done.add(file);
  };
  for (const file of files.values()) visit(file, []);
}

function declaresNothing({ source }: File, reporter: Reporter): void {
  const end = source.text.split("\n", 1)[0]?.length ?? 0;
  reporter.report("CUI0207", { start: 0, end }, "this interface declares nothing", {
    help: "write `dataplane NAME`, or an `act` with actions, or leave the file out",
  });
}

/** Bare numbers and units are not to be added up; a data plane that says nothing goes with the others. */
function checkUnits(
  places: ReadonlyMap<DeclaredDataplane, { readonly reporter: Reporter; readonly span: Span }>,
): void {
  const all = [...places.keys()];
  const withUnits = all.find((dataplane) => isInUnits(dataplane));
  for (const [dataplane, { reporter, span }] of places) {
    const costs = [dataplane.cost, ...Object.values(dataplane.actionCosts)];
    const kinds = new Set(costs.filter((cost) => cost !== undefined).map((cost) => typeof cost));
    const { name } = dataplane;
    if (kinds.size > 1) {
      reporter.report("CUI0206", span, `data plane \`${name}\` has costs with units and without`, {
        help: "write all of them with units: `cost: { cpu: 20mCPU, memory: 45MiB }` and `action NAME(self) cost 1.2us`",
      });
    } else if (withUnits !== undefined && isInUnits(dataplane) === false) {
      reporter.report(
        "CUI0206",
        span,
        `the cost of data plane \`${name}\` has no unit, that of \`${withUnits.name}\` has`,
        { help: "write `cost: { cpu: 20mCPU, memory: 45MiB }`, or leave it out for what was measured" },
      );
    }
  }
}

/** A part with imports may have its parents there; the ones of a part without were looked up when it was read. */
function checkParents(part: Interface, declared: Declared, reporter: Reporter): void {
  if (part.imports.length === 0) return;
  for (const { kind, name, extends: parentName, span } of part.receivers.values()) {
    if (parentName === undefined || part.receivers.has(parentName)) continue;
    const parent = declared.get(parentName);
    if (parent?.kind === kind) continue;
    const message =
      parent === undefined
        ? `\`${name}\` extends \`${parentName}\`, which neither this file nor its imports declare`
        : `the ${kind} \`${name}\` extends the ${parent.kind} \`${parentName}\``;
    reporter.report("CUI0107", span, message, { help: `declare \`${parentName}\`, or leave it out` });
  }
}

/** What a part is called when it is a data plane: when it says its name or its cost, or is one of several. */
function nameOf(part: Interface, file: File, reporter: Reporter): string | undefined {
  if (part.dataplane !== undefined) return part.dataplane;
  const isOnly = file.interfaces.length === 1;
  if (isOnly && part.place === undefined) return undefined;
  if (isOnly) return (file.source.path.split(/[/\\]/).at(-1) ?? "").replace(/\.cui$/, "");
  reporter.report("CUI0204", placeOf(part, file), "this data plane has no name", {
    help: "write `dataplane NAME` first: `---` separates data planes",
  });
  return undefined;
}

function placeOf(part: Interface, { source }: File): Span {
  const [first] = part.receivers.values();
  return part.place ?? first?.span ?? { start: 0, end: source.text.split("\n", 1)[0]?.length ?? 0 };
}
