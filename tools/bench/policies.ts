import { checkCopper } from "../../controlplane/language/check.ts";
import type { CopperPolicy } from "../../controlplane/language/policy.ts";

/** The simple policy of this number, which has nothing in common with the others. */
export function simplePolicy(n: number, value = "yes"): string {
  const body =
    n % 2 === 0
      ? `if (GetHeader(request, "x-when-${n}") == "${value}-${n}") { SetHeader(request, "x-then-${n}", "value-${n}"); }`
      : `if (GetHeader(request, "x-bad-${n}") == "${value}-${n}") { Deny(request); }`;
  return policy(n, body);
}

export function policy(n: number, body: string): string {
  return `policy p-${n} ( act (Request request) context ('a -> b') ) { ${body} }`;
}

/** The policies of these texts; throws when there is a mistake in one. */
export function checked(texts: readonly string[]): readonly CopperPolicy[] {
  const { policies, diagnostics } = checkCopper({ path: "bench.cup", text: texts.join("\n---\n") });
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return policies;
}
