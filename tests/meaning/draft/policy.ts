import fc from "fast-check";
import type { Interface, ValueType } from "../../../controlplane/language/interface.ts";
import type { Mode, Side } from "../../../controlplane/language/policy.ts";
import { utf8 } from "../bytes.ts";
import type { Value } from "../run.ts";
import { actionsOf, calls, type Draft, expression, isOnSide, type Names, word } from "./expression.ts";

/** Lines of Copper, in both ways of writing. */
interface Lines {
  readonly text: readonly string[];
  readonly full: readonly string[];
}

type DraftLines = fc.Arbitrary<Lines>;

export interface PolicyDraft {
  readonly name: string;
  readonly text: string;
  readonly full: string;
  /** What is changed once it is compiled. */
  readonly changes: readonly Change[];
}

/** Another value for a parameter, and where it stands in the text. */
export interface Change {
  readonly name: string;
  readonly value: Value;
  readonly from: string;
  readonly to: string;
}

/** Values by the names of parameters. */
export type Values = ReadonlyMap<string, Value>;

/** The text with other values for its parameters. */
export function changed({ text, changes }: PolicyDraft): string {
  return changes.reduce((written, { from, to }) => written.replace(from, () => to), text);
}

export function tuned(changes: readonly Change[]): Values {
  return new Map(changes.map(({ name, value }) => [name, value]));
}

/** What a policy of a scenario is to be. */
export interface PolicyOptions {
  readonly interface: Interface;
  readonly services: readonly string[];
  readonly contexts: readonly string[];
  readonly name: string;
  readonly act: "Connection" | "Request" | "RPCRequest" | "Response" | "RPCResponse";
  /** `both`: two sections, each with its heading. */
  readonly side: Side | "both";
  readonly mode: Mode;
  /** Whether it has all parameters, uses them a lot, and gets other values for them. */
  readonly tuned: boolean;
  /** Whether it may control access: all `Allow`s of a call sit on one side of it. */
  readonly allows: boolean;
}

const stateTypes: readonly { readonly type: string; readonly name: string; readonly scope: string }[] = [
  { type: "Counter", name: "total", scope: "" },
  { type: "Counter", name: "own", scope: "worker " },
  { type: "Timer", name: "since", scope: "proxy " },
  { type: "TokenBucket", name: "bucket", scope: "" },
  { type: "ConcurrencyLimit", name: "running", scope: "" },
];
interface ParameterDraft {
  readonly type: ValueType;
  readonly name: string;
  readonly default: string;
  /** What it may be changed to, and what that is. */
  readonly others: readonly (readonly [text: string, value: Value])[];
}

const parameters: readonly ParameterDraft[] = [
  {
    type: "int",
    name: "few",
    default: "3",
    others: [
      ["0", 0n],
      ["-5", -5n],
      ["9223372036854775807", 2n ** 63n - 1n],
    ],
  },
  {
    type: "string",
    name: "word",
    default: '"ab"',
    others: [
      ['""', ""],
      ['"é 1"', utf8("é 1")],
      ['"10"', "10"],
    ],
  },
  {
    type: "duration",
    name: "while_",
    default: "1s",
    others: [
      ["0s", 0n],
      ["250us", 250_000n],
      ["60s", 60_000_000_000n],
    ],
  },
  {
    type: "float",
    name: "part",
    default: "0.5",
    others: [
      ["0.0", 0],
      ["-1.5", -1.5],
      ["1000000000000000000000.0", 1e21],
    ],
  },
  { type: "bool", name: "flag", default: "true", others: [["false", false]] },
];

/** A policy for the checker: declarations, a heading unless it may sit on either side, and statements. */
export function policy(options: PolicyOptions): fc.Arbitrary<PolicyDraft> {
  const self =
    options.act === "Connection" ? "connection" : options.act.endsWith("Response") ? "response" : "request";
  // State that outlives a request needs a heading.
  const allStates = options.side === "either" ? [] : stateTypes;
  return fc
    .record({
      states: fc.subarray([...allStates]),
      parameters: fc
        .subarray([...parameters], options.tuned ? { minLength: parameters.length } : {})
        .chain((given) =>
          fc.tuple(
            ...given.map((each) =>
              fc.record({
                declared: fc.constant(each),
                other: options.tuned
                  ? fc.constantFrom(...each.others)
                  : fc.option(fc.constantFrom(...each.others), { nil: undefined }),
              }),
            ),
          ),
        ),
      context: fc.constantFrom(...options.contexts),
      priority: fc.integer({ min: 0, max: 2 }),
    })
    .chain(({ states, parameters: given, context, priority }) => {
      const section = (side: Side): DraftLines => {
        const names: Names = {
          interface: options.interface,
          act: options.act,
          self,
          side,
          services: options.services,
          states,
          values: Array.from({ length: options.tuned ? 10 : 1 }, () =>
            given.map(({ declared: { name, type } }) => ({ name, type, isOptional: false })),
          ).flat(),
        };
        const heading = side === "egress" ? ["[Egress]"] : side === "ingress" ? ["[Ingress]"] : [];
        return lets(names).chain(({ lines, names: all }) =>
          fc.array(statement(all, options.allows, 2), { minLength: 1, maxLength: 4 }).map((body): Lines => {
            const write = (way: keyof Lines): readonly string[] => [
              ...heading,
              ...lines[way],
              ...body.flatMap((each) => each[way]),
            ];
            return { text: write("text"), full: write("full") };
          }),
        );
      };
      const sides: readonly Side[] = options.side === "both" ? ["egress", "ingress"] : [options.side];
      const written = ({ type, name }: ParameterDraft, value: string): string => `${type} ${name} = ${value}`;
      return fc.tuple(...sides.map(section)).map((sections): PolicyDraft => {
        const clauses = [
          `act (${options.act} ${self})`,
          `context ('${context}')`,
          `priority (${basePriority(options.side) + priority})`,
          ...states.map(({ type, name, scope }) => `using (${scope}${type} ${name})`),
          ...(given.length === 0
            ? []
            : [`param (${given.map(({ declared }) => written(declared, declared.default)).join(", ")})`]),
          ...(options.mode === "enforce" ? [] : [`mode (${options.mode})`]),
        ];
        const write = (way: keyof Lines): string =>
          [
            `policy ${options.name} (`,
            ...indent(clauses),
            ") {",
            ...indent(sections.flatMap((each) => each[way])),
            "}",
            "",
          ].join("\n");
        const changes = given.flatMap(({ declared, other }): readonly Change[] => {
          if (other === undefined) return [];
          const [text, value] = other;
          const from = written(declared, declared.default);
          return [{ name: declared.name, value, from, to: written(declared, text) }];
        });
        return { name: options.name, text: write("text"), full: write("full"), changes };
      });
    });
}

/** What the caller's proxy does comes before what the callee's does, so that a placement need not reverse the order. */
function basePriority(side: PolicyOptions["side"]): number {
  return side === "egress" ? 20 : side === "ingress" ? 0 : 10;
}

/** Some values by name, each made of those before. */
function lets(names: Names): fc.Arbitrary<{ readonly lines: Lines; readonly names: Names }> {
  const kinds = [
    ["string", true],
    ["string", false],
    ["int", false],
    ["bool", false],
    ["float", false],
    ["duration", false],
  ] as const;
  return fc.subarray([...kinds], { maxLength: 3 }).chain((chosen) =>
    fc.tuple(...chosen.map(([type, isOptional]) => expression(type, names, 2, isOptional))).map((drafts) => ({
      lines: {
        text: drafts.map(({ text }, index) => `let v${index} = ${text};`),
        full: drafts.map(({ full }, index) => `let v${index} = ${full};`),
      },
      names: {
        ...names,
        values: [
          ...names.values,
          ...chosen.map(([type, isOptional], index) => ({ name: `v${index}`, type, isOptional })),
        ],
      },
    })),
  );
}

function statement(names: Names, allows: boolean, depth: number): DraftLines {
  const kept = known.get(names) ?? new Map<string, DraftLines>();
  known.set(names, kept);
  const key = `${allows} ${depth}`;
  const found = kept.get(key) ?? statementOf(names, allows, depth);
  kept.set(key, found);
  return found;
}

const known = new WeakMap<Names, Map<string, DraftLines>>();

function statementOf(names: Names, allows: boolean, depth: number): DraftLines {
  const act = actionsOf(names.interface, names.act)
    .filter((signature) => signature.result === undefined && isOnSide(signature, names.side))
    .filter(({ name }) => !ends.includes(name) && (name !== "CountBytes" || names.act === "Connection"))
    .flatMap((signature) =>
      calls(signature, fc.constant(word(names.self)), names, 3).map((arbitrary) => ({
        // What can be done on one side only gets the chance that it lacks on the other one.
        weight: signature.side === undefined ? 1 : 3,
        arbitrary: line(arbitrary),
      })),
    );
  const ofStates = names.states.flatMap((state) =>
    actionsOf(names.interface, state.type)
      .filter(({ name }) => !/^(Get|Is)/.test(name))
      .flatMap((signature) => calls(signature, fc.constant(word(state.name)), names, 3)),
  );
  const action = fc.oneof(
    ...act,
    ...ofStates.map((arbitrary) => ({ weight: 1, arbitrary: line(arbitrary) })),
  );
  if (depth === 0) return action;
  const block = fc.array(statement(names, allows, depth - 1), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: action },
    { weight: 4, arbitrary: branches(names, block) },
    { weight: 2, arbitrary: ending(names, allows) },
  );
}

/** What ends the request or decides on it as a whole: behind a condition, so that there is something after it. */
const ends: readonly string[] = ["Deny", "Allow"];

function ending(names: Names, allows: boolean): DraftLines {
  const found = actionsOf(names.interface, names.act)
    .filter(({ name }) => name === "Deny" || (name === "Allow" && allows))
    .flatMap((signature) => calls(signature, fc.constant(word(names.self)), names, 1));
  const end = fc.oneof(...found.map(line), fc.constant<Lines>({ text: ["return;"], full: ["return;"] }));
  return fc
    .tuple(expression("bool", names, 2), end)
    .map(([condition, then]) => ifElse(condition, [then], []));
}

function branches(names: Names, block: fc.Arbitrary<readonly Lines[]>): DraftLines {
  return fc
    .tuple(expression("bool", names, 3), block, fc.option(block, { nil: undefined }))
    .map(([condition, then, otherwise]) => ifElse(condition, then, otherwise ?? []));
}

function ifElse(condition: Draft, then: readonly Lines[], otherwise: readonly Lines[]): Lines {
  const braced = (way: keyof Lines): readonly string[] => [
    `if (${condition[way]}) {`,
    ...indent(then.flatMap((each) => each[way])),
    ...(otherwise.length === 0 ? [] : ["} else {", ...indent(otherwise.flatMap((each) => each[way]))]),
    "}",
  ];
  const only = then.length === 1 && then[0]?.text.length === 1 && otherwise.length === 0;
  return {
    text: only ? [`if (${condition.text}) ${then[0]?.text[0]}`] : braced("text"),
    full: braced("full"),
  };
}

function line(draft: fc.Arbitrary<Draft>): DraftLines {
  return draft.map(({ text, full }) => ({ text: [`${text};`], full: [`${full};`] }));
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((each) => `  ${each}`);
}
