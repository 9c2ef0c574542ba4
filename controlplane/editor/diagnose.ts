import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { dataplaneNames } from "../language/offer.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Workspace } from "./workspace.ts";

/** What is wrong with a document by itself: a policy of either form, an interface, or the mesh file. Never throws. */
export function diagnose(source: Source, { mesh, interfaces = [] }: Workspace = {}): readonly Diagnostic[] {
  if (source.path === mesh?.source.path)
    return fromYaml(source, dataplaneNames(declaredDataplanes(interfaces))).diagnostics;
  if (source.path.endsWith(".ts") && !isFilterCode(source)) return [];
  const others = interfaces.filter(({ path }) => path !== source.path);
  return checkPolicies([source, ...others], mesh?.mesh).diagnostics.filter((each) => each.source === source);
}

/** Whether a TypeScript file is filter code, which an editor cannot tell by its name. */
export function isFilterCode({ path, text }: Source): boolean {
  return path.endsWith(".ts") && !/\.(test|spec|d|as)\.ts$/.test(path) && /["']proxy-wasm-as["']/.test(text);
}
