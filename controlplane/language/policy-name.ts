import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

const lengthMax = 100;
const shape = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

/**
 * Say what is wrong with the name of a policy, in either form; `label` may say where the name is from. Names become parts of the names of filters, metrics and files and
 * the first word of a line of configuration, so they are plain everywhere.
 */
export function checkPolicyName(name: string, span: Span, reporter: Reporter, label?: string): void {
  const options = label === undefined ? {} : { label };
  if (name.length > lengthMax) {
    reporter.report("CUP0213", span, `the name of this policy has ${name.length} characters`, {
      ...options,
      help: `a name has at most ${lengthMax}`,
    });
  } else if (!shape.test(name)) {
    reporter.report("CUP0213", span, `a policy cannot be called \`${printable(name)}\``, {
      ...options,
      help: "a name has letters, digits and `_`, and between them also `-` and `.`",
    });
  }
}

function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}
