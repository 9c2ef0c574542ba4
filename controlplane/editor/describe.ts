import type { Receiver, Signature } from "../language/interface.ts";
import { actionsOf } from "../language/lookup.ts";
import { parameterText } from "../language/parameter-text.ts";
import type { Service } from "../mesh/mesh.ts";
import { offered } from "./calls.ts";
import type { MeshFile } from "./workspace.ts";

/** An action as it is declared, with what it is done to: `GetHeader(Request, const header name): string?`. */
export function declarationOf(receiver: string, { name, parameters, result, side }: Signature): string {
  const heading = side === undefined ? "" : side === "egress" ? "[Egress] " : "[Ingress] ";
  const yields = result === undefined ? "" : `: ${result.type}${result.isOptional ? "?" : ""}`;
  return `${heading}${name}(${[receiver, ...parameters.map(parameterText)].join(", ")})${yields}`;
}

/** What an interface says of an action; one that only repeats a more general one has its words. */
export function documentationOf(name: string, { documentation }: Signature): string {
  if (documentation !== "") return documentation;
  const others = [...offered.receivers.values()].map(({ actions }) => actions.get(name)?.documentation ?? "");
  return others.find((text) => text !== "") ?? "";
}

/** An act, a kind of state or a type, with the names of what it offers. */
export function describeReceiver({ kind, name, extends: parent, documentation }: Receiver): string {
  const actions = actionsOf(offered, name).map((action) => `\`${action}\``);
  return [
    code(`${kind} ${name}${parent === undefined ? "" : `: ${parent}`}`),
    documentation,
    actions.length === 0 ? "" : `Actions: ${actions.join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A service of the mesh: what it is, who calls it and whom it calls. */
export function describeService(service: Service, { mesh }: MeshFile): string {
  const { name, protocol, port, replicas, versions, entry, proxy } = service;
  const callers = (mesh?.calls ?? []).filter((call) => call.to === name).map(({ from }) => from ?? "outside");
  const callees = (mesh?.calls ?? []).filter((call) => call.from === name).map(({ to }) => to);
  const listed = (names: readonly string[]): string => names.map((each) => `\`${each}\``).join(", ");
  return [
    code(`service ${name}`),
    [
      `${protocol}, port ${port}, ${replicas} ${replicas === 1 ? "replica" : "replicas"}`,
      ...(entry ? ["takes requests from outside"] : []),
      ...(proxy === "any" ? [] : [`proxy: ${proxy}`]),
    ].join("; "),
    versions.size === 0 ? "" : `Versions: ${listed([...versions.keys()])}.`,
    callers.length === 0 ? "" : `Called by ${listed(callers)}.`,
    callees.length === 0 ? "" : `Calls ${listed(callees)}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A block of Copper in Markdown. */
export function code(text: string): string {
  return `\`\`\`copper\n${text}\n\`\`\``;
}
