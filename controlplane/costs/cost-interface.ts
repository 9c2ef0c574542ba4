import { format } from "../language/format.ts";
import type { Receiver } from "../language/interface.ts";
import { actionOf, actionsOf } from "../language/lookup.ts";
import { parameterText } from "../language/parameter-text.ts";
import { standardInterface } from "../language/standard.ts";
import type { CostFigure } from "./measure-costs.ts";

/** The figures as an interface that can be put beside policies: the standard's data plane, with what was measured of it. */
export function costInterface(figures: readonly CostFigure[]): string {
  const known = new Map(figures.map(({ name, value }) => [name, value]));
  const amounts = (["cpu", "memory", "request", "stamp", "check"] as const).flatMap((key) => {
    const value = known.get(`cost/${key === "stamp" || key === "check" ? "path" : "proxy"}/${key}`);
    return value === undefined ? [] : [`${key}: ${shown(value)}${units[key]}`];
  });
  const receivers = [...standardInterface.receivers.values()].flatMap((receiver) => {
    const actions = actionsOf(standardInterface, receiver.name).flatMap((action) => {
      const value = known.get(`cost/action/${receiver.name}.${action}`);
      return value === undefined ? [] : [declaration(receiver, action, value)];
    });
    return actions.length === 0 ? [] : [`${heading(receiver)} {\n${actions.join("")}}\n`];
  });
  const text = `import "standard.cui";\ndataplane ${standardInterface.dataplane}\ncost: { ${amounts.join(", ")} }\n${receivers.join("\n")}`;
  return format({ path: "measured.cui", text }).text;
}

const units = { cpu: "mCPU", memory: "MiB", request: "us", stamp: "us", check: "us" } as const;

function heading({ kind, name, extends: parent }: Receiver): string {
  return `${kind} ${name}${parent === undefined ? "" : `: ${parent}`}`;
}

function declaration({ name: receiver }: Receiver, action: string, value: number): string {
  const signature = actionOf(standardInterface, receiver, action);
  if (signature === undefined) throw new Error(`there is no ${receiver}.${action}`);
  const { parameters, result, side } = signature;
  const sideText = side === undefined ? "" : side === "egress" ? "[Egress] " : "[Ingress] ";
  const yields = result === undefined ? "" : `: ${result.type}${result.isOptional ? "?" : ""}`;
  return `${sideText}action ${action}(${["self", ...parameters.map(parameterText)].join(", ")})${yields} cost ${shown(value)}us,\n`;
}

/** To one place, which is more than is known. */
function shown(value: number): string {
  return String(Math.round(value * 10) / 10);
}
