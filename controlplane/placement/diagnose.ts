import { strict as assert } from "node:assert";
import { type CallName, callsOf } from "../analysis/call-graph.ts";
import { keyOf, shortestWitness, verdicts } from "../analysis/verdicts.ts";
import type { Code } from "../language/codes.ts";
import type { Expression } from "../language/context.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { shapeOf } from "./call-sides.ts";
import { type Change, changeText } from "./changes.ts";
import type { Core } from "./core.ts";
import { crowdedOf, lacksOf } from "./crowded.ts";
import { type Dataplane, fitting, offers, offersAt } from "./dataplane.ts";
import { type Linked, linksIn, linkText, splitsAmong } from "./links.ts";
import type { PlacedSide } from "./placement.ts";
import { likeness } from "./policy-demands.ts";
import { openSides, type Problem, type Unit } from "./problem.ts";
import { isUncounted, knowsCaller } from "./section.ts";
import type { Blindness } from "./told-by-stamps.ts";

/** One message for each policy whose context cannot be looked through. */
export function diagnoseTooManyStates(policies: readonly Policy[]): readonly Diagnostic[] {
  return policies.map(
    (policy): Diagnostic => ({
      code: "PLC0106",
      severity: "error",
      message: `the context of \`${policy.name}\` has too many states on this mesh`,
      help: isManySteps(policy.context.expression)
        ? "every `.` after a repeated part doubles what has to be remembered of a path: write `.*` instead of many `.`"
        : "a service that may stand for several parts of the context doubles what has to be remembered of a path: write fewer parts behind the first that may be repeated, or more policies of shorter contexts",
      label: "takes more states than can be looked through",
      source: policy.source,
      span: policy.contextSpan,
    }),
  );
}

/** One message for policies of which each can be looked through, and which all together have more states than a header is to hold. */
export function diagnoseTooManyTogether(policies: readonly Policy[]): readonly Diagnostic[] {
  const [first] = policies;
  if (first === undefined) return [];
  return [
    {
      code: "PLC0106",
      severity: "error",
      message: `the contexts of ${someOf(policies)} have more than 65,535 states together`,
      help: "what a request has passed of each is remembered apart from the others: contexts that begin at fewer services, or that end where fewer policies ask, have fewer states",
      label: "is one of them",
      source: first.source,
      span: first.contextSpan,
    },
  ];
}

function someOf(policies: readonly Policy[]): string {
  const names = policies.slice(0, 5).map(({ name }) => `\`${name}\``);
  const more = policies.length - names.length;
  const last = more > 0 ? `${more} more` : names.pop();
  return `${names.join(", ")} and ${last}`;
}

/** What a service's proxy would have to know of the states of paths has no room there; of these policies, which ask. */
export function diagnoseNoRoom(policies: readonly Policy[], service: string): readonly Diagnostic[] {
  const [first, ...others] = policies;
  if (first === undefined) return [];
  if (others.length === 0)
    return diagnoseTooManyStates([first]).map((found) => ({
      ...found,
      message: `the context of \`${first.name}\` has more states on this mesh than the proxy of \`${service}\` has room for`,
      label: "takes more states than there is room for",
    }));
  return diagnoseTooManyTogether(policies).map((found) => ({
    ...found,
    message: `the contexts of ${someOf(policies)} have more states together than the proxy of \`${service}\` has room for`,
  }));
}

/** Whether there are several steps over any service that are not repeated. */
function isManySteps(expression: Expression): boolean {
  const steps = (node: Expression): number => {
    switch (node.kind) {
      case "any":
        return 1;
      case "sequence":
        return node.items.reduce((sum, item) => sum + steps(item), 0);
      case "choice":
        return Math.max(...node.options.map(steps));
      case "repeat":
      case "service":
      case "set":
        return 0;
      default:
        return node satisfies never;
    }
  };
  return steps(expression) > 2;
}

/** One message for each policy whose context says more than a connection does, with two paths that show it. */
export function diagnoseConnections(
  sometimes: readonly { readonly policy: Policy; readonly call: CallName }[],
  mesh: Mesh,
): readonly Diagnostic[] {
  return [...Map.groupBy(sometimes, ({ policy }) => policy).values()].flatMap((found): Diagnostic[] => {
    const [first] = found;
    if (first === undefined) return [];
    const { policy, call } = first;
    const yes = shortestWitness(policy, mesh, call, true);
    const no = shortestWitness(policy, mesh, call, false);
    const witnesses =
      pathText(yes) === pathText(no)
        ? `${pathText(yes)} matches with some versions of its services and not with others`
        : `${pathText(yes)} matches, ${pathText(no)} does not`;
    return [
      {
        code: "PLC0107",
        severity: "error",
        message: `\`${policy.name}\` needs more of the path than a TCP connection has, on the call ${callText(call)}: ${witnesses}`,
        help: `a connection may carry requests of many paths, and only its caller and callee are known: end the context with \`${call.from ?? "."} -> ${call.to}\` and nothing before it, or leave \`${call.to}\` out`,
        label: "is more than caller and callee decide",
        source: policy.source,
        span: policy.contextSpan,
      },
    ];
  });
}

/** One message for each policy that no proxy could enforce on some call, with what is missing and where. */
export function diagnoseHomeless(homeless: readonly Unit[], model: Problem): readonly Diagnostic[] {
  return [...Map.groupBy(homeless, ({ demand }) => demand.policy).values()].flatMap((units) => {
    const [unit] = units;
    if (unit === undefined) return [];
    const { code, reason, help } = reasonFor(unit, model);
    const { policy } = unit.demand;
    return [
      {
        code,
        severity: "error",
        message: `\`${policy.name}\` cannot be enforced on the call ${callText(unit.call)}: ${reason}`,
        help,
        source: policy.source,
        span: policy.span,
      },
    ];
  });
}

/** Each of these units could be enforced, and not all of them: shown by two that are held on the wrong sides of each other, where there are such. */
export function diagnoseConflict(
  { units: core, isMinimal }: Core,
  remedies: readonly Change[],
  model: Problem,
): readonly Diagnostic[] {
  const held = [...Map.groupBy(core, ({ call }) => call).values()]
    .map((units) => heldApart(units, model))
    .find((chain) => chain !== undefined);
  const [first] = held ?? core;
  if (first === undefined) return [];
  const message =
    held === undefined ? noChoiceText({ units: core, isMinimal }, model) : chainText(held, model);
  return [
    {
      code: "PLC0103",
      severity: "error",
      message,
      help: helpText(
        headingsFor(held === undefined ? splitsAmong(core, model) : linksIn(held, model)),
        remedies.slice(0, 4).map(changeText),
      ),
      source: first.demand.policy.source,
      span: first.demand.policy.span,
    },
  ];
}

function helpText(headings: readonly string[], remedies: readonly string[]): string {
  const all = [...headings, ...remedies];
  return all.length === 0
    ? "remove a heading, change a priority, let more services take a proxy, or a data plane offer more actions"
    : all.join(", or ");
}

/** Headings that would say which of two meanings is meant, for each two units that stay at one side since nothing says it. */
function headingsFor(links: readonly Linked[]): readonly string[] {
  const told = ({ demand: { policy, section } }: Unit, heading: string): readonly string[] =>
    section.sides.length === 1 ? [] : [`\`${policy.name}\` under \`[${heading}]\``];
  const texts = links.flatMap(({ one, next, kind }) =>
    kind === "split" ? [[...told(one, "Ingress"), ...told(next, "Egress")].join(" and ")] : [],
  );
  return texts.length === 0 ? [] : [`say what is meant: put ${texts.join(", or ")}`];
}

/**
 * Units of one call of which the first is held at ingress and the last at egress, and each draws the next along to ingress: the shortest such
 * chain, undefined where there is none.
 */
function heldApart(units: readonly Unit[], model: Problem): readonly Unit[] | undefined {
  const { implied } = shapeOf(units.map(({ demand }) => demand));
  const chains = units.filter((unit) => heldAt(unit, model) === "ingress").map((unit): Unit[] => [unit]);
  const met = new Set(chains.flat());
  for (const chain of chains) {
    for (const [p, q] of implied) {
      const next = units[q];
      if (units[p] !== chain.at(-1) || next === undefined || met.has(next)) continue;
      if (heldAt(next, model) === "egress") return [...chain, next];
      met.add(next);
      chains.push([...chain, next]);
    }
  }
  return undefined;
}

function chainText(chain: readonly Unit[], model: Problem): string {
  const names = chain.map(({ demand }) => `\`${demand.policy.name}\``);
  const [first, last] = [chain[0], chain.at(-1)];
  assert(first !== undefined && last !== undefined, "a chain has two ends");
  const tail = names.at(-1);
  // One policy may be there with two of its sections.
  const lead = [...new Set(names)].filter((name) => name !== tail).join(", ");
  const call = callText(first.call);
  if (chain.every(({ demand }) => demand.judges))
    return `the \`Allow\`s of ${[lead, tail].filter((name) => name !== "").join(" and ")} cannot be judged together on the call ${call}: ${names[0]} is held at ingress${holderText(first, model)}, ${tail} at egress${holderText(last, model)}`;
  const links = linksIn(chain, model);
  const all = lead === "" ? `all of ${tail}` : `${lead} and ${tail}`;
  const isOrder = links.every(({ kind }) => kind !== "split");
  const how = isOrder ? "in their order" : "with one meaning";
  return `${all} cannot be enforced ${how} on the call ${call}: ${names[0]} is held at ingress${holderText(first, model)}, ${links.map(linkText).join(", ")}, and ${tail} is held at egress${holderText(last, model)}${isOrder ? ", which a request passes first" : ""}`;
}

/** What holds a unit on its side, where a word says it. */
function holderText({ call, demand: { section } }: Unit, { mesh }: Problem): string {
  if (section.name !== "either") return " by its heading";
  const pinned = [call.from, call.to].filter(
    (name) => name !== null && mesh.services.get(name)?.proxy === "never",
  );
  return pinned.length === 1 ? `, as \`${pinned[0]}\` never takes a proxy` : "";
}

/** Policies with the calls that they are about, as far as a line holds them. */
function unitsText(units: readonly Unit[], between = "; "): string {
  const texts = [...Map.groupBy(units, ({ demand }) => demand.policy)].map(([policy, own]) => {
    const shown = own.slice(0, 4).map(({ call }) => callText(call));
    const more = own.length - shown.length;
    return `\`${policy.name}\` on ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
  return texts.join(between);
}

/** The solver came to no end. */
export function diagnoseNothing(seconds: number, [first]: readonly Policy[]): readonly Diagnostic[] {
  if (first === undefined) return [];
  return [
    {
      code: "PLC0108",
      severity: "error",
      message: `no placement was found in ${seconds} s, and none is known to be impossible`,
      help: "allow more time, or let the data planes offer more of the same actions",
      source: first.source,
      span: first.span,
    },
  ];
}

/** That a service would have to take two data planes at once, or else what is too much together and what each data plane has not. */
function noChoiceText({ units, isMinimal }: Core, model: Problem): string {
  const crowded = crowdedOf(units, model);
  if (crowded !== undefined)
    return `only the proxy of \`${crowded.service}\` can enforce ${unitsText(crowded.units, " and ")}, and no data plane that it can take enforces all of it: ${crowded.lacks}`;
  const lacks = lacksOf(units, model);
  const links = [...new Set(splitsAmong(units, model).map(linkText))].map((text) => `; ${text}`).join("");
  const blame = isMinimal ? "without any one of them there is one" : "of which fewer may be to blame";
  return `no choice of data planes and sides enforces all of ${unitsText(units)}; ${blame}${lacks === "" ? "" : `: ${lacks}`}${links}`;
}

/** The one side that a unit can sit on; undefined when it has a choice. */
function heldAt(unit: Unit, model: Problem): PlacedSide | undefined {
  const [side, ...others] = openSides(unit, model);
  return others.length === 0 ? side : undefined;
}

interface Reason {
  readonly code: Code;
  readonly reason: string;
  readonly help: string;
}

function reasonFor(unit: Unit, world: Problem): Reason {
  const {
    call,
    demand: { policy, section, versions, blind },
  } = unit;
  const { sides } = section;
  const [blindness] = sides.flatMap((side) => blind?.[side] ?? []);
  if (blindness !== undefined && sides.every((side) => blind?.[side] !== undefined))
    return { code: "PLC0101", ...blindnessText(blindness, call) };
  const reasons: string[] = [];
  let untold = false;
  let unversioned = false;
  for (const side of sides) {
    const place = side === "egress" ? call.from : call.to;
    const service = place === null ? undefined : world.mesh.services.get(place);
    if (service === undefined) {
      reasons.push("a request from outside has no caller with a proxy");
    } else if (service.proxy === "never") {
      reasons.push(`\`${service.name}\` never takes a proxy`);
    } else if (fitting(service, world.dataplanes).length === 0) {
      reasons.push(`\`${service.name}\` is pinned to \`${service.proxy}\`, which is no data plane`);
    } else if (!fitting(service, world.dataplanes).some((dataplane) => offers(dataplane, policy))) {
      const planes = fitting(service, world.dataplanes);
      const which = planes.length < world.dataplanes.length ? ` that \`${service.name}\` can take` : "";
      reasons.push(`no data plane${which} offers ${lacking(policy, planes)}`);
    } else if (
      !fitting(service, world.dataplanes).some((dataplane) =>
        offersAt(dataplane, side, { policy: policy, section }),
      )
    ) {
      reasons.push(`no data plane that \`${service.name}\` can take offers all of it at ${side}`);
    } else if (isUncounted(policy, call, world.mesh)) {
      return {
        code: "PLC0102",
        reason: `it is a call of requests, which share connections with others, and ${
          policy.kind === "filter"
            ? "this filter is called for TCP connections"
            : "`CountBytes` counts all of a TCP connection"
        }`,
        help: `write a context of TCP calls only, such as \`${call.from ?? "."} -> STORE\``,
      };
    } else if (versions !== undefined && side === "egress") {
      unversioned = true;
      reasons.push(
        `the proxy of \`${service.name}\` does not know which version of \`${call.to}\` a request goes to`,
      );
    } else if (!knowsCaller(world.mesh, section)) {
      untold = true;
      reasons.push(`the proxy of \`${service.name}\` does not know which caller its \`Allow\` is about`);
    } else {
      untold = true;
      reasons.push(`the proxy of \`${service.name}\` cannot tell this call from ${unlike(unit, world.mesh)}`);
    }
  }
  if (unversioned && !untold) {
    return {
      code: "PLC0105",
      reason: reasons.join(", and "),
      help: sides.includes("ingress")
        ? `let \`${call.to}\` take a proxy`
        : "enforce it at ingress, where the version is known, or leave the version out",
    };
  }
  return {
    code: untold ? "PLC0104" : "PLC0102",
    reason: [...new Set(reasons)].join(", and ") || "an action of it is for the caller's proxy only",
    help: !world.dataplanes.some((dataplane) => offers(dataplane, policy))
      ? "let one data plane offer all of its actions"
      : untold
        ? `set \`identity: address\` in the mesh${unversioned ? "" : atEgressText(unit, world)}`
        : sides.length === 1
          ? "let the service take a proxy that offers the actions, or leave out the heading so that the other side may enforce it"
          : "let one of the two services take a proxy that offers the actions",
  };
}

/** Why no proxy could know which requests of a call a policy is for, and what would help. */
function blindnessText(blindness: Blindness, call: CallName): Pick<Reason, "reason" | "help"> {
  const context = `or write a context that the call alone decides, such as \`${call.from ?? "^"} -> ${call.to}\``;
  const only = "only the path of a request says whether it is for it";
  switch (blindness.kind) {
    case "connection":
      return {
        reason: `${only}, and requests come by way of \`${blindness.service}\`, over connections, which carry no headers`,
        help: `leave \`${blindness.service}\` out of the calls, ${context}`,
      };
    case "origin":
      return {
        reason: `${only}, and paths begin at \`${blindness.service}\`, which has no proxy that could write where`,
        help: `let \`${blindness.service}\` take a proxy, ${context}`,
      };
    case "idAlone":
      return {
        reason: `${only}, and \`${blindness.service}\` hands on an id alone and has no proxy that could write the state which goes with it`,
        help: `let \`${blindness.service}\` take a proxy, have it hand on the state header and leave out its \`forwards\`, ${context}`,
      };
    case "originVersion":
      return {
        reason: `${only}, and what \`${blindness.service}\` sends by itself does not say which of its versions did`,
        help: `name \`${blindness.service}\` without a version, ${context}`,
      };
    case "outside":
      return {
        reason: `${only}, and the proxy of \`${blindness.service}\` cannot tell what comes from outside, where nobody is to be trusted, from what its callers send`,
        help: `set \`identity: address\` in the mesh, ${context}`,
      };
    case "lookalikes":
      return {
        reason: `${only}: ${pathText(blindness.matching)} is, ${pathText(blindness.other)} is not, and they look alike to all services that can take a proxy`,
        help: `let a service that is on one of these paths alone take a proxy, ${context}`,
      };
    default:
      return blindness satisfies never;
  }
}

/** How the caller's proxy could do it instead. */
function atEgressText({ call, demand: { policy, section } }: Unit, { mesh, dataplanes }: Problem): string {
  const caller = call.from === null ? undefined : mesh.services.get(call.from);
  if (caller === undefined) return "";
  const heading = section.sides.includes("egress") ? "" : " and enforce the policy at egress";
  if (caller.proxy === "never" || fitting(caller, dataplanes).length === 0)
    return `, or let \`${caller.name}\` take any proxy${heading}`;
  return fitting(caller, dataplanes).some((dataplane) => offers(dataplane, policy))
    ? ", or enforce the policy at egress"
    : `, or let \`${caller.name}\` take a proxy that offers its actions${heading}`;
}

/** A call into the same service that the policy does not match alike. */
function unlike({ call, demand: { policy } }: Unit, mesh: Mesh): string {
  const judged = new Map(verdicts(policy, mesh).calls.map((call) => [keyOf(call), call]));
  const own = judged.get(keyOf(call));
  const other = callsOf(mesh).find((each) => {
    const verdict = judged.get(keyOf(each));
    return (
      each.to === call.to &&
      (verdict === undefined || own === undefined || likeness(verdict) !== likeness(own))
    );
  });
  return other === undefined ? "others" : callText(other);
}

function callText(call: CallName): string {
  return call.from === null ? `from outside to \`${call.to}\`` : `\`${call.from} -> ${call.to}\``;
}

function pathText(path: readonly string[] | undefined): string {
  return path === undefined ? "no path" : `\`${path.join(" -> ")}\``;
}

/** The actions that none of the data planes offers, or where each has some of them, all of them. */
function lacking(policy: Policy, dataplanes: readonly Dataplane[]): string {
  const missing = policy.actions.filter(
    (action) => !dataplanes.some((dataplane) => offers(dataplane, { ...policy, actions: [action] })),
  );
  return missing.length > 0 ? listed(missing) : `${listed(policy.actions)} together`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
