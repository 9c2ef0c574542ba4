import type { Interface, Receiver, Signature } from "./interface.ts";

/** The action of an act, a state or a type of value, its own or one that it inherits. */
export function actionOf(from: Interface, receiver: string, action: string): Signature | undefined {
  return lineage(from, receiver)
    .map(({ actions }) => actions.get(action))
    .find((found) => found !== undefined);
}

/** The names of all actions that a receiver has, its own first. */
export function actionsOf(from: Interface, receiver: string): readonly string[] {
  return [...new Set(lineage(from, receiver).flatMap(({ actions }) => [...actions.keys()]))];
}

/** The receivers of one kind. */
export function receiversOf(from: Interface, kind: Receiver["kind"]): readonly string[] {
  return [...from.receivers.values()].filter((receiver) => receiver.kind === kind).map(({ name }) => name);
}

/** A receiver and the more general ones, nearest first. One that is named twice, in a circle, is taken once. */
function lineage(from: Interface, name: string): readonly Receiver[] {
  const found = new Map<string, Receiver>();
  for (let next: string | undefined = name; next !== undefined && !found.has(next); ) {
    const receiver = from.receivers.get(next);
    if (receiver === undefined) break;
    found.set(next, receiver);
    next = receiver.extends;
  }
  return [...found.values()];
}

/** What stands between quotes. */
const quoted: ReadonlySet<string> = new Set([
  "header",
  "service",
  "version",
  "regex",
  "name",
  "text",
  "conditions",
  "json",
]);

/** How an action is written, for help: `SetHeader(request, "name", value)`. */
export function usageOf(signature: Signature, receiver: string): string {
  const parameters = signature.parameters.map((parameter) => {
    const plain = parameter.name ?? parameter.type;
    const name = quoted.has(parameter.type) ? `"${plain}"` : plain;
    return parameter.default === undefined ? name : `${name}?`;
  });
  return `${signature.name}(${[receiver, ...parameters].join(", ")})`;
}
