import { checkCopper } from "./check.ts";
import type { Statement } from "./policy.ts";

/** The checked statements of this text, in which the request is `r`. */
export function bodyOf(text: string): readonly Statement[] {
  const { policies, diagnostics } = checkCopper({
    path: "body.cup",
    text: `policy p ( act (Request r) context ('a -> b') ) { ${text} }`,
  });
  const [policy] = policies;
  if (policy === undefined)
    throw new Error(
      JSON.stringify(diagnostics, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    );
  return policy.sections.flatMap(({ body }) => body);
}
