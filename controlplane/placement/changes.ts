import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";

/** What an author or an operator could change about an input, one statement of it at a time. */
export type Change =
  /** A service may take any proxy. */
  | { readonly kind: "unpin"; readonly service: string }
  /** What stands under a heading stands under none. */
  | { readonly kind: "unhead"; readonly policy: string; readonly side: "egress" | "ingress" }
  /** Callers are known by their addresses. */
  | { readonly kind: "identify" }
  /** A policy is no more. */
  | { readonly kind: "remove"; readonly policy: string };

export interface Input {
  readonly policies: readonly Policy[];
  readonly mesh: Mesh;
}

/** The changes that concern these services and policies and say something new, the gentler ones first. */
export function changesOf(
  { policies, mesh }: Input,
  concerned: { readonly services: ReadonlySet<string>; readonly policies: ReadonlySet<string> },
): readonly Change[] {
  const services = [...concerned.services].filter((name) => {
    const proxy = mesh.services.get(name)?.proxy;
    return proxy !== undefined && proxy !== "any";
  });
  const own = policies.filter(({ name }) => concerned.policies.has(name));
  return [
    ...services.map((service): Change => ({ kind: "unpin", service })),
    ...own.flatMap((policy) =>
      headingsOf(policy).map((side): Change => ({ kind: "unhead", policy: policy.name, side })),
    ),
    ...(mesh.identity === "none" ? [{ kind: "identify" } as const] : []),
    ...own.map(({ name }): Change => ({ kind: "remove", policy: name })),
  ];
}

/** Headings that can be left out: beside no statements without one, and without state, whose meaning they decide (design §4). */
function headingsOf(policy: Policy): readonly ("egress" | "ingress")[] {
  if (policy.kind === "filter")
    return policy.side === "either" || policy.keepsState === true ? [] : [policy.side];
  if (policy.states.length > 0 || policy.sections.some(({ side }) => side === "either")) return [];
  return policy.sections.flatMap(({ side }) => (side === "either" ? [] : [side]));
}

/** The input with the change made. */
export function applyChange({ policies, mesh }: Input, change: Change): Input {
  switch (change.kind) {
    case "unpin": {
      const services = new Map(mesh.services);
      const service = services.get(change.service);
      if (service !== undefined) services.set(change.service, { ...service, proxy: "any" });
      return { policies, mesh: { ...mesh, services } };
    }
    case "unhead":
      return {
        mesh,
        policies: policies.map((policy): Policy => {
          if (policy.name !== change.policy) return policy;
          if (policy.kind === "filter") return { ...policy, side: "either" };
          const [freed, others] = [true, false].map((isFreed) =>
            policy.sections.filter(({ side }) => (side === change.side) === isFreed),
          );
          const either = freed?.map(({ body }) => ({ side: "either", body }) as const) ?? [];
          return { ...policy, sections: [...either, ...(others ?? [])] };
        }),
      };
    case "identify":
      return { policies, mesh: { ...mesh, identity: "address" } };
    case "remove":
      return { mesh, policies: policies.filter(({ name }) => name !== change.policy) };
    default:
      return change satisfies never;
  }
}

export function changeText(change: Change): string {
  switch (change.kind) {
    case "unpin":
      return `let \`${change.service}\` take any proxy`;
    case "unhead":
      return `leave out the heading for ${change.side} of \`${change.policy}\``;
    case "identify":
      return "set `identity: address` in the mesh";
    case "remove":
      return `remove \`${change.policy}\``;
    default:
      return change satisfies never;
  }
}
