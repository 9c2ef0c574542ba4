import type { BinaryOperator } from "../../controlplane/language/ast.ts";
import type { Interface, Receiver } from "../../controlplane/language/interface.ts";
import { standardInterface } from "../../controlplane/language/standard.ts";

const operators: Readonly<Record<BinaryOperator, true>> = {
  "||": true,
  "&&": true,
  "==": true,
  "!=": true,
  "<": true,
  "<=": true,
  ">": true,
  ">=": true,
  "??": true,
  "+": true,
  "-": true,
  "*": true,
  "/": true,
  "%": true,
};

/** What only a policy for connections can do: there is no request to send through. */
const ofConnections: readonly string[] = ["CountBytes"];

/** What the standard interface offers to policies for HTTP. */
export const offered: Interface = only((action) => !ofConnections.includes(action));

/** The standard interface with these actions alone, by their names in checked policies. */
export function only(isOffered: (action: string) => boolean): Interface {
  const receivers = [...standardInterface.receivers].map(([name, receiver]) => {
    const own = [...receiver.actions].filter(([action]) => isOffered(keyOf(receiver, action)));
    return [name, { ...receiver, actions: new Map(own) }] as const;
  });
  return { ...standardInterface, receivers: new Map(receivers) };
}

/** Whatever a policy for HTTP can do: each action by its name in checked policies, and each operator. */
export function everything(): readonly string[] {
  const actions = [...offered.receivers.values()].flatMap((receiver) =>
    [...receiver.actions.keys()].map((action) => keyOf(receiver, action)),
  );
  return [...new Set([...actions, ...Object.keys(operators), "unary !", "unary -"])];
}

/** How often each was done, in columns. */
export function table(names: readonly string[], done: ReadonlyMap<string, number>): string {
  const cells = names.map((name) => `${name.padEnd(26)}${String(done.get(name) ?? 0).padStart(8)}`);
  const rows = Math.ceil(cells.length / 3);
  return Array.from({ length: rows }, (_, row) =>
    [0, 1, 2]
      .map((column) => cells[column * rows + row] ?? "")
      .join("    ")
      .trimEnd(),
  ).join("\n");
}

function keyOf({ kind, name }: Receiver, action: string): string {
  return kind === "act" ? action : `${name}.${action}`;
}
