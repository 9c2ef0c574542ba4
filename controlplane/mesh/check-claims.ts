import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "./mesh.ts";

/** Policies that read claims in a mesh that says nobody's keys: no token would ever be a verified one. */
export function checkClaims(policies: readonly Policy[], mesh: Mesh): readonly Diagnostic[] {
  if (mesh.jwt !== undefined) return [];
  return policies
    .filter((policy) => policy.mode !== "off" && policy.actions.includes("GetClaim"))
    .map(({ name, source, span }) => ({
      code: "MSH0210",
      severity: "error",
      message: `\`${name}\` reads a claim, and the mesh does not say who signs tokens`,
      help: "add `jwt: { providers: { NAME: { issuer: URL, jwks: { keys: [...] } } } }` to the mesh file",
      source,
      span,
    }));
}
