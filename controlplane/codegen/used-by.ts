import { callsIn, textOf } from "../language/statements-in.ts";
import type { Item } from "./failure-class.ts";
import type { Module } from "./module.ts";

/** What the sections that are placed together use: actions by their names, and the tags that they give to the access log. */
export function usedBy(group: readonly Item[]): Pick<Module, "actions" | "tags"> {
  const actions = new Set<string>();
  const tags = new Set<string>();
  for (const { policy, placed } of group) {
    if (policy.kind === "filter") {
      for (const action of policy.actions) actions.add(action);
      for (const tag of policy.tags ?? []) tags.add(tag);
      continue;
    }
    const sections = policy.sections.filter((section) => section.side === placed.section);
    for (const call of sections.flatMap((section) => callsIn(section.body))) {
      actions.add(call.action);
      if (call.action === "TagAccessLog") tags.add(textOf(call, 0));
    }
  }
  return { actions: [...actions].sort(), tags: [...tags].sort() };
}
