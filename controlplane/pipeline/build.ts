import { checkBounds } from "../analysis/check-bounds.ts";
import { commutes } from "../analysis/commutes.ts";
import { buildChains, type ChainCache } from "../codegen/build-chains.ts";
import type { Module } from "../codegen/module.ts";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import { dataplaneNames } from "../language/offer.ts";
import type { Policy } from "../language/policy.ts";
import type { Source } from "../language/source.ts";
import { checkClaims } from "../mesh/check-claims.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { defaultDataplanes } from "../placement/dataplane.ts";
import { diagnoseTooManyTogether } from "../placement/diagnose.ts";
import { type PathsInUse, pathsOf, pathTables } from "../placement/path-tables.ts";
import type { Placement } from "../placement/placement.ts";
import { type PricedDataplane, priced } from "../placement/priced.ts";
import { place } from "../placement/solve.ts";
import { addressPlan } from "../xds/address-plan.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { layOut } from "../xds/lay-out.ts";
import { recall } from "./recall.ts";

/** What the user wrote: policies, with the interfaces that they import, and a mesh. Equal inputs and an equal previous placement build the same thing. */
export interface Input {
  readonly policies: readonly Source[];
  readonly mesh: Source;
}

export interface Build {
  readonly input: Input;
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  /** What a service's proxy may be. */
  readonly dataplanes: readonly PricedDataplane[];
  readonly placement: Placement;
  readonly paths: PathsInUse;
  /** As they are laid out where nothing runs yet. */
  readonly chains: readonly LaidChain[];
  readonly modules: readonly Module[];
  /** Generated AssemblyScript by slot name. */
  readonly generated: ReadonlyMap<string, string>;
}

export interface BuildResult {
  /** Absent when there are errors. */
  readonly build?: Build;
  readonly diagnostics: readonly Diagnostic[];
}

export interface BuildOptions {
  /** The placement in force: among optima, the one nearest to it is taken. */
  readonly previous?: Placement;
  /** The build of which this is a change, with the placement in force: what is the same as then is not thought about again. */
  readonly last?: Build;
  /** Take this placement instead of solving: a build that was kept is the same again, whatever the solver would say today. */
  readonly placement?: Placement;
  /** With it, what proxies knew of paths; default what they have to know where nothing else is under way. */
  readonly paths?: PathsInUse;
  /** A secret by which nobody can invent a state; with another one all states are others. Default none. */
  readonly pathKey?: Uint8Array;
  readonly cache?: ChainCache;
}

export interface Checked {
  readonly mesh?: Mesh;
  readonly policies: readonly Policy[];
  /** What a service's proxy may be. */
  readonly dataplanes: readonly PricedDataplane[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parse and check policies against a mesh. */
export function checkInput(input: Input): Checked {
  const declared = declaredDataplanes(input.policies);
  const { mesh, diagnostics } = fromYaml(input.mesh, dataplaneNames(declared));
  const dataplanes = declared.length === 0 ? defaultDataplanes : priced(declared, mesh?.prices);
  const checked = checkPolicies(input.policies, mesh);
  return {
    ...(mesh === undefined ? {} : { mesh }),
    policies: checked.policies,
    dataplanes,
    diagnostics: [
      ...diagnostics,
      ...checked.diagnostics,
      ...checkBounds(checked.policies),
      ...(mesh === undefined ? [] : checkClaims(checked.policies, mesh)),
    ],
  };
}

/** A mesh that can be looked at and not run: there are not enough addresses for it, or proxies do not know callers in its way yet. */
function isNotToRun({ code }: Diagnostic): boolean {
  return code === "MSH0204" || code === "MSH0209";
}

function asError(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: "error" };
}

/** Run every stage up to the compiled chains of each proxy. */
export async function build(input: Input, options: BuildOptions = {}): Promise<BuildResult> {
  const { last, previous = last?.placement } = options;
  const checked = checkInput(input);
  const { mesh, policies, dataplanes } = last === undefined ? checked : recall(checked, input, last);
  const diagnostics = checked.diagnostics.map((diagnostic) =>
    isNotToRun(diagnostic) ? asError(diagnostic) : diagnostic,
  );
  if (mesh === undefined || hasErrors(diagnostics)) return { diagnostics };

  const placed =
    options.placement === undefined
      ? await place(policies, mesh, {
          dataplanes,
          ...(previous === undefined ? {} : { previous }),
        })
      : { placement: options.placement, diagnostics: [] };
  const afterPlacement = [...diagnostics, ...placed.diagnostics];
  if (placed.placement === undefined || hasErrors(placed.diagnostics)) return { diagnostics: afterPlacement };

  const { placement } = placed;
  const world = { mesh, dataplanes, ...(options.pathKey === undefined ? {} : { key: options.pathKey }) };
  const tables = options.paths === undefined ? pathTables(placement, policies, world) : undefined;
  if (tables !== undefined && "kind" in tables)
    return { diagnostics: [...afterPlacement, ...diagnoseTooManyTogether(tables.policies)] };
  const paths = options.paths ?? pathsOf(tables);
  const made = await compiled({ input, mesh, policies, dataplanes, placement, paths }, options.cache);
  return { ...made, diagnostics: [...afterPlacement, ...made.diagnostics] };
}

/** A build from its placement on. */
export async function compiled(
  parts: Omit<Build, "chains" | "modules" | "generated">,
  cache?: ChainCache,
): Promise<BuildResult> {
  const { mesh, policies, placement, paths } = parts;
  const { chains, modules, sources, diagnostics } = await buildChains(policies, placement, mesh, {
    addressesOf: addressPlan(mesh).sources,
    commutes,
    paths,
    ...(cache === undefined ? {} : { cache }),
  });
  if (hasErrors(diagnostics)) return { diagnostics };
  const laid = layOut({ mesh, placement, chains });
  return { build: { ...parts, chains: laid, modules, generated: sources }, diagnostics };
}
