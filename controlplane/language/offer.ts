import type { ActionCost, ProxyCost } from "./cost.ts";
import type { Interface, Receiver, Signature } from "./interface.ts";
import { actionOf, actionsOf } from "./lookup.ts";
import { standardInterface } from "./standard.ts";

/** A kind of proxy as a `.cui` file declares it: what it costs, and which of the standard actions it carries out. */
export interface DeclaredDataplane {
  readonly name: string;
  /** Of one proxy; absent where nothing is said. */
  readonly cost?: ProxyCost;
  /** With what they are done to before them: `Request.SetHeader`, `Counter.Reset`, `string.Matches`. */
  readonly actions: readonly string[];
  /** Of those that it carries out on one side only, where the standard interface says nothing. */
  readonly sides: Readonly<Record<string, "egress" | "ingress">>;
  /** Of those whose cost is said. */
  readonly actionCosts: Readonly<Record<string, ActionCost>>;
}

/** Whether its cost is said in units: of the proxy, or of an action. Undefined where nothing is said. */
export function isInUnits({ cost, actionCosts }: DeclaredDataplane): boolean | undefined {
  const [first] = [cost, ...Object.values(actionCosts)].filter((each) => each !== undefined);
  return first === undefined ? undefined : typeof first === "object";
}

/** As many data planes as there can be: placement has a bit for each, in a number of 32. */
export const dataplanesMax = 30;

/** What a service's proxy may be called. Where nobody declares a data plane, there is the toolkit's own. */
export function dataplaneNames(declared: readonly DeclaredDataplane[]): readonly string[] {
  return declared.length === 0 ? [standardInterface.dataplane ?? ""] : declared.map(({ name }) => name);
}

/** What some interfaces declare together, without their imports: by name. */
export type Declared = ReadonlyMap<string, Receiver>;

/** Two sets of declarations as one. What is declared in both has the actions of both. */
export function merged(one: Declared, other: Declared): Declared {
  const all = new Map(one);
  for (const [name, receiver] of other) {
    const known = all.get(name);
    all.set(
      name,
      known === undefined
        ? receiver
        : { ...receiver, ...known, actions: new Map([...receiver.actions, ...known.actions]) },
    );
  }
  return all;
}

/**
 * What declarations offer of the standard interface, whose signatures count: they say what the code needs. An act has what the more general
 * ones offer. Values of the language have their actions in any case, unless it is said which ones.
 */
export function offered(declared: Declared, from: readonly string[]): Interface {
  const own: Interface = { imports: [], receivers: declared };
  const receivers = new Map<string, Receiver>();
  for (const receiver of standardInterface.receivers.values()) {
    const { name, kind } = receiver;
    const isDeclared = declared.has(name);
    if (kind === "state" && !isDeclared) continue;
    const actions = new Map<string, Signature>();
    const generals = kind === "act" ? actsAbove(name) : [name];
    for (const action of actionsOf(standardInterface, name)) {
      const signature = actionOf(standardInterface, name, action);
      const found = generals
        .map((general) => actionOf(own, general, action))
        .find((candidate) => candidate !== undefined);
      if (signature === undefined || (found === undefined && (kind !== "type" || isDeclared))) continue;
      actions.set(action, {
        ...signature,
        ...(found?.side === undefined ? {} : { side: found.side }),
        ...(found?.cost === undefined ? {} : { cost: found.cost }),
      });
    }
    const { extends: _, ...rest } = receiver;
    receivers.set(name, { ...rest, actions });
  }
  return { imports: [], receivers, from };
}

/** The act and the more general ones, nearest first. */
function actsAbove(name: string): readonly string[] {
  const above = standardInterface.receivers.get(name)?.extends;
  return above === undefined ? [name] : [name, ...actsAbove(above)];
}

/** A data plane by what it offers. */
export function dataplaneOf(
  name: string,
  cost: ProxyCost | undefined,
  { receivers }: Interface,
): DeclaredDataplane {
  const all = [...receivers.values()].flatMap(({ name: receiver, actions }) =>
    [...actions.values()].map((signature) => ({
      key: `${receiver}.${signature.name}`,
      side: signature.side,
      cost: signature.cost,
      standard: actionOf(standardInterface, receiver, signature.name)?.side,
    })),
  );
  return {
    name,
    ...(cost === undefined ? {} : { cost }),
    actions: all.map(({ key }) => key),
    sides: Object.fromEntries(
      all.flatMap(({ key, side, standard }) =>
        side === undefined || standard !== undefined ? [] : [[key, side] as const],
      ),
    ),
    actionCosts: Object.fromEntries(
      all.flatMap(({ key, cost: execution }) => (execution === undefined ? [] : [[key, execution] as const])),
    ),
  };
}
