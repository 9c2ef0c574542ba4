import { argumentBounds, boundText } from "../language/argument-bounds.ts";
import type { Interface, Receiver, Signature } from "../language/interface.ts";
import { usageOf } from "../language/lookup.ts";
import { declarationOf, documentationOf } from "./describe.ts";
import { languageChapter, wordList } from "./language-chapter.ts";
import { kindWords } from "./words.ts";

/** The reference manual of Copper, in Markdown: the language, and what an interface offers. */
export function manual(offered: Interface): string {
  const receivers = [...offered.receivers.values()];
  const of = (kind: Receiver["kind"]): readonly Receiver[] => receivers.filter((each) => each.kind === kind);
  return [
    "# Reference",
    "",
    "The language first, then every action, written by `npm run gen:reference` from what the compiler itself reads.",
    "",
    "[The tutorial](tutorial.md) is for a first reading; this is to look things up in. [Diagnostics](diagnostics.md) has every message by its code.",
    "",
    ...languageChapter(),
    ...section("What must be a literal", wordList(new Map(Object.entries(kindWords)))),
    "## How actions are written",
    "",
    "Below, an action is written as interfaces declare it: first what it is done to, then its arguments; `const` marks what must be a literal,",
    "`= …` what may be left out, and `?` a result that may be absent. `Name(thing, …)` and `thing.Name(…)` are the same call.",
    "Below that stands what an argument may be: a literal that is something else, or the default of a parameter that is given as it is,",
    "is a mistake.",
    "",
    ...section("What a policy handles", of("act").flatMap(describe)),
    ...section("State", of("state").flatMap(describe)),
    ...section("What values offer", of("type").flatMap(describe)),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`## ${title}`, "", ...lines, ...(lines.at(-1) === "" ? [] : [""])];
}

function describe({ name, extends: parent, documentation, actions }: Receiver): readonly string[] {
  const inherits =
    parent === undefined ? "" : `Has all actions of [\`${parent}\`](#${parent.toLowerCase()}) too.`;
  const said = [documentation, inherits].filter((text) => text !== "").join(" ");
  return [
    `### ${name}`,
    "",
    ...(said === "" ? [] : [said, ""]),
    ...[...actions.values()].flatMap((signature) => describeAction(name, signature)),
  ];
}

function describeAction(receiver: string, signature: Signature): readonly string[] {
  const side = signature.side === undefined ? "" : ` At ${signature.side} only.`;
  const said = `${documentationOf(signature.name, signature)}${side}`.trim();
  const bounds = boundsOf(receiver, signature);
  const example = usageOf(signature, nounOf(receiver));
  return [
    `#### ${receiver}.${signature.name}`,
    "",
    "```",
    declarationOf(receiver, signature),
    "```",
    "",
    ...(said === "" ? [] : [said, ""]),
    ...bounds,
    ...(bounds.length === 0 ? [] : [""]),
    `Written as \`${example}\`.`,
    "",
  ];
}

/** What its arguments may be, and what becomes of those that turn out to be something else when a request is looked at. */
function boundsOf(receiver: string, { name, parameters }: Signature): readonly string[] {
  const bounds = argumentBounds[name] ?? argumentBounds[`${receiver}.${name}`] ?? {};
  return parameters.flatMap(({ name: parameter = "" }) => {
    const bound = bounds[parameter];
    return bound === undefined
      ? []
      : [`- \`${parameter}\` is ${boundText(bound)}; at run time ${bound.otherwise}.`];
  });
}

/** What policies call it, as in the messages of the checker. */
function nounOf(receiver: string): string {
  return /^RPC/.test(receiver)
    ? receiver.slice(3).toLowerCase()
    : receiver.charAt(0).toLowerCase() + receiver.slice(1);
}
