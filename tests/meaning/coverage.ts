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

/** How it is counted what is done to a connection, where it could be a request as well. */
export const ofConnections = (action: string): string => `${action} of connections`;

/** The standard interface with these actions alone, by their names in checked policies. */
function only(isOffered: (action: string) => boolean): Interface {
  const receivers = [...standardInterface.receivers].map(([name, receiver]) => {
    const own = [...receiver.actions].filter(([action]) => isOffered(keyOf(receiver, action)));
    return [name, { ...receiver, actions: new Map(own) }] as const;
  });
  return { ...standardInterface, receivers: new Map(receivers) };
}

/** What others need to show: something that is read, and something that is seen. */
const usual: readonly string[] = [
  "GetCaller",
  "GetHeader",
  "SetHeader",
  "string.Length",
  "string.ToInt",
  "int.ToString",
  "Log",
];

/** An interface that is about these actions: policies of few actions do more with each. */
export function narrowed(about: readonly string[]): Interface {
  const actions = new Set([...usual, ...about]);
  return only((action) => actions.has(action) || actions.has(ofConnections(action)));
}

/** Whatever a policy can do: each action by its name in checked policies, and each operator. */
export function everything(): readonly string[] {
  const actions = [...standardInterface.receivers.values()].flatMap((receiver) =>
    [...receiver.actions.keys()].map((action) => keyOf(receiver, action)),
  );
  return [
    ...new Set([
      ...actions,
      ...["Allow", "Deny"].map(ofConnections),
      ...Object.keys(operators),
      "unary !",
      "unary -",
    ]),
  ];
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
