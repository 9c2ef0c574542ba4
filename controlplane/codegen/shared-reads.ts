import type { Call, CopperPolicy } from "../language/policy.ts";
import { callsIn } from "../language/statements-in.ts";
import { plain } from "./literals.ts";

/** What is read of a request by more than one call, and therefore once as long as nothing is written. */
export interface SharedReads {
  /** The code of a call: this, or that of what all like it share. */
  share(call: Call, code: string): string;
  /** The functions that are shared. */
  declarations(): string;
}

/** Actions that follow from the headers and their literal arguments alone. */
const pure: ReadonlySet<string> = new Set([
  "GetHeader",
  "GetHeaders",
  "GetMethod",
  "GetPath",
  "GetHost",
  "GetQuery",
  "GetClaim",
]);

/** Look for reads that the policies of a module have in common. Each change of a header is another edition, and so is each callback. */
export function createSharedReads(
  policies: readonly CopperPolicy[],
  use: (file: string, name: string) => string,
): SharedReads {
  const counts = new Map<string, number>();
  for (const call of policies.flatMap(({ sections }) => sections.flatMap(({ body }) => callsIn(body)))) {
    const key = keyOf(call);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const functions = new Map<string, { readonly name: string; readonly text: string }>();
  return {
    share(call, code) {
      const key = keyOf(call);
      if (key === undefined || (counts.get(key) ?? 0) < 2) return code;
      const known = functions.get(key);
      if (known !== undefined) return `${known.name}()`;
      const name = `R${functions.size}`;
      const edition = use("pairs", "edition");
      functions.set(key, {
        name,
        text: `// ${plain(key)}
let ${name}_value: u64 = 0;
let ${name}_edition: u32 = 0;
function ${name}(): u64 {
  if (${name}_edition != ${edition}) {
    ${name}_value = ${code};
    ${name}_edition = ${edition};
  }
  return ${name}_value;
}
`,
      });
      return `${name}()`;
    },
    declarations: () => [...functions.values()].map(({ text }) => `${text}\n`).join(""),
  };
}

/** What is read, where that is the same whenever it is said; names of headers are the same in either case. */
function keyOf({ action, arguments: given }: Call): string | undefined {
  if (!pure.has(action)) return undefined;
  const texts = given.map((each) => (each.kind === "literal" ? JSON.stringify(each.value) : undefined));
  if (texts.includes(undefined)) return undefined;
  const key = [action, ...texts].join(" ");
  return action.startsWith("GetHeader") ? key.toLowerCase() : key;
}
