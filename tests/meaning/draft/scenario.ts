import fc from "fast-check";
import type { Interface } from "../../../controlplane/language/interface.ts";
import type { Mode, Side } from "../../../controlplane/language/policy.ts";
import { type MeshDraft, mesh } from "./mesh.ts";
import { type PolicyDraft, policy } from "./policy.ts";
import { store } from "./words.ts";

/** A mesh and the policies for it, as an operator would write them. */
export interface Scenario {
  readonly mesh: MeshDraft;
  readonly policies: readonly PolicyDraft[];
  /** Whether they stand in one file. */
  readonly together: boolean;
  /** Names of the policies that are switched off for a while: for the second third of the requests. */
  readonly off: readonly string[];
}

const acts = ["Connection", "Request", "Request", "RPCRequest", "Response", "RPCResponse"] as const;

export interface ScenarioOptions {
  readonly policiesMax?: number;
  /** Policies are for connections, and nothing else. */
  readonly connections?: boolean;
  /** Policies have all parameters, use them a lot, and get other values for them. */
  readonly tuned?: boolean;
}

/** Random scenarios of the actions that an interface offers. */
export function scenario(
  offered: Interface,
  { policiesMax = 9, connections = false, tuned = false }: ScenarioOptions = {},
): fc.Arbitrary<Scenario> {
  return fc.tuple(mesh, fc.constantFrom<Side>("ingress", "egress")).chain(([drawn, judging]) => {
    const one = (index: number): fc.Arbitrary<PolicyDraft> =>
      fc
        .record({
          act: fc.constantFrom(...(connections ? (["Connection"] as const) : acts)),
          // On one call the sections of two such policies could not keep their order.
          side: fc.constantFrom<Side | "both">("ingress", "egress", "either", ...both(index)),
          mode: fc.constantFrom<Mode>("enforce", "enforce", "enforce", "enforce", "audit", "off"),
        })
        .chain((shape) =>
          policy({
            ...shape,
            interface: offered,
            tuned,
            services: drawn.services,
            contexts: [...drawn.contexts.keys()].filter(
              (context) =>
                context.endsWith(store) === (shape.act === "Connection") &&
                // A versioned callee can be checked at ingress only.
                (shape.side === "ingress" || !context.includes("@")),
            ),
            name: `p${index}`,
            allows: shape.side === judging,
          }),
        );
    return fc
      .integer({ min: 4, max: policiesMax })
      .chain((count) =>
        fc.tuple(
          fc.boolean(),
          fc.tuple(...Array.from({ length: count }, (_, index) => one(index))),
          fc.subarray(Array.from({ length: count }, (_, index) => `p${index}`)),
        ),
      )
      .map(([together, policies, off]) => ({ mesh: drawn, policies, together, off }));
  });
}

function both(index: number): readonly "both"[] {
  return index === 0 ? ["both", "both", "both"] : [];
}
