import { isInterface } from "../language/check-imports.ts";
import { isParameterFile } from "../language/parameter-files.ts";
import type { Source } from "../language/source.ts";
import type { Build, Checked, Input } from "./build.ts";

/**
 * What was checked, with the objects of the last build wherever all that they were made from is the same as then: by them placing knows
 * what it need not think about again. A policy is made from its file, the interfaces, the values of parameters and the mesh.
 */
export function recall(checked: Checked, input: Input, last: Build): Checked {
  const areSame = (which: (source: Source) => boolean): boolean => {
    const [now, then] = [input.policies.filter(which), last.input.policies.filter(which)];
    return now.length === then.length && now.every((source, index) => isSame(source, then[index] as Source));
  };
  if (!areSame(isInterface) || !isSame(input.mesh, last.input.mesh)) return checked;
  const known = new Map(areSame(isParameterFile) ? last.policies.map((policy) => [policy.name, policy]) : []);
  return {
    ...checked,
    ...(checked.mesh === undefined ? {} : { mesh: last.mesh }),
    dataplanes: last.dataplanes,
    policies: checked.policies.map((policy) => {
      const before = known.get(policy.name);
      return before !== undefined && isSame(before.source, policy.source) ? before : policy;
    }),
  };
}

function isSame(one: Source, other: Source): boolean {
  return one.path === other.path && one.text === other.text;
}
