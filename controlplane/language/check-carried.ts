import type { Interface, Parameter, Receiver, Signature } from "./interface.ts";
import { actionOf, actionsOf, receiversOf } from "./lookup.ts";
import { didYouMean } from "./nearest.ts";
import { parameterText } from "./parameter-text.ts";
import type { Reporter } from "./reporter.ts";
import { standardInterface } from "./standard.ts";

/** What an interface declares must be something that the toolkit carries out: the standard interface lists that. */
export function checkCarried({ receivers }: Interface, reporter: Reporter): void {
  for (const receiver of receivers.values()) {
    const { kind, name, span, actions } = receiver;
    const standard = standardInterface.receivers.get(name);
    if (standard?.kind !== kind) {
      const names = receiversOf(standardInterface, kind);
      reporter.report("CUI0203", span, `nothing carries out the ${kind} \`${name}\``, {
        help: didYouMean(name, names, `there are \`${names.join("`, `")}\``),
      });
      continue;
    }
    for (const action of actions.values()) checkAction(action, receiver, reporter);
  }
}

function checkAction(action: Signature, { kind, name }: Receiver, reporter: Reporter): void {
  const standard = actionOf(standardInterface, name, action.name);
  if (standard === undefined) {
    reporter.report(
      "CUI0203",
      action.span,
      `nothing carries out \`${action.name}\` for ${kind} \`${name}\``,
      {
        help: didYouMean(
          action.name,
          actionsOf(standardInterface, name),
          "remove it: the manual lists what there is",
        ),
      },
    );
    return;
  }
  const help = `it is \`${written(standard)}\``;
  const { parameters } = standard;
  const wrong = action.parameters.find((parameter, index) => !isTakenFor(parameter, parameters[index]));
  const isShort = parameters
    .slice(action.parameters.length)
    .some((parameter) => parameter.default === undefined);
  if (wrong !== undefined || isShort) {
    reporter.report("CUI0203", wrong?.span ?? action.span, `\`${action.name}\` takes other parameters`, {
      help,
    });
  } else if (action.result !== undefined && action.result.type !== standard.result?.type) {
    const result = standard.result === undefined ? "no value" : `a value of type \`${standard.result.type}\``;
    reporter.report("CUI0203", action.span, `\`${action.name}\` yields ${result}`, { help });
  } else if (standard.side !== undefined && action.side !== undefined && action.side !== standard.side) {
    reporter.report("CUI0203", action.span, `\`${action.name}\` is carried out at ${standard.side} only`, {
      help,
    });
  }
}

/** Old files know no constants and no durations: there a header's name is a string, and a time a number. */
function isTakenFor({ type }: Parameter, standard: Parameter | undefined): boolean {
  if (standard === undefined) return false;
  switch (standard.type) {
    case type:
      return true;
    case "string":
    case "bytes":
    case "int":
    case "bool":
      return false;
    case "float":
      return type === "int";
    case "duration":
      return type === "int" || type === "float";
    case "status":
    case "limit":
      return type === "int";
    case "conditions":
      return type === "text" || type === "string";
    default:
      return type === "string";
  }
}

function written({ name, parameters, result }: Signature): string {
  const yields = result === undefined ? "" : `: ${result.type}${result.isOptional ? "?" : ""}`;
  return `action ${name}(${["self", ...parameters.map(parameterText)].join(", ")})${yields}`;
}
