import { strict as assert } from "node:assert";
import { obstacle } from "../analysis/commutes.ts";
import { type Split, splits, splitText } from "../analysis/splits.ts";
import { headed, isNested, shapeOf } from "./call-sides.ts";
import type { Problem, Unit } from "./problem.ts";

/** Two units of a call, of which the one at ingress draws the next one along, and why. */
export type Linked = { readonly one: Unit; readonly next: Unit } & (
  | { readonly kind: "judged" }
  | { readonly kind: "order"; readonly about: string }
  | { readonly kind: "split"; readonly split: Split }
);

export function linksIn(chain: readonly Unit[], model: Problem): readonly Linked[] {
  return chain.slice(1).map((next, at) => linkBetween(chain[at] as Unit, next, model));
}

/** Those of the units that stay at one side since they would mean something else on two. */
export function splitsAmong(units: readonly Unit[], model: Problem): readonly Linked[] {
  return [...Map.groupBy(units, ({ call }) => call).values()].flatMap((own) =>
    shapeOf(own.map(({ demand }) => demand))
      .implied.map(([p, q]) => linkBetween(own[p] as Unit, own[q] as Unit, model))
      .filter(({ kind }) => kind === "split"),
  );
}

function linkBetween(one: Unit, next: Unit, { demands }: Problem): Linked {
  const [p, q] = [one.demand, next.demand];
  if (p.judges && q.judges) return { one, next, kind: "judged" };
  const isLater = demands.indexOf(p) > demands.indexOf(q);
  if (!isLater && isNested(p, q)) {
    const about = obstacle(p.policy, q.policy, { p: p.section.name, q: q.section.name });
    return { one, next, kind: "order", about };
  }
  const split = splits(headed(q), headed(p), isLater);
  assert(split !== undefined, "what draws along has a reason");
  return { one, next, kind: "split", split };
}

export function linkText(link: Linked): string {
  const [one, next] = [link.one, link.next].map(({ demand }) => `\`${demand.policy.name}\``);
  switch (link.kind) {
    case "judged":
      return `the \`Allow\`s of ${one} and ${next} are judged together`;
    case "order":
      return `${next} comes after ${one} because of ${link.about}`;
    case "split":
      return `${next} stays at the side of ${one} because of ${splitText(link.split)}`;
    default:
      return link satisfies never;
  }
}
