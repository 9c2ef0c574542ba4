import { type CallKind, filterCallbacks } from "../../filters/proxy-wasm-as/abi/filter-callbacks.ts";
import {
  filterEntry,
  waitsForAnswers,
  writtenSides,
} from "../../filters/proxy-wasm-as/build/filter-entry.ts";
import {
  type ExportedFunction,
  readFilterModule,
} from "../../filters/proxy-wasm-as/build/read-filter-module.ts";
import type { PolicyParameter } from "../language/policy.ts";
import { noting } from "./entry.ts";
import { createImports } from "./generate.ts";
import { constant, createLiterals } from "./literals.ts";

/** A policy that is filter code, as far as its entry goes. */
export interface FilterSource {
  readonly name: string;
  /** The text of `./policy`. */
  readonly code: string;
  /** Default none. */
  readonly parameters?: readonly PolicyParameter[];
  /** How often `onTick` is called, in milliseconds. */
  readonly tickPeriod?: number;
  /** The name of the file by which what it does is recorded for the access log. Default: it is not recorded. */
  readonly recordedAs?: string;
  /** Whether only the paths of requests say what it is for. Default false. */
  readonly asks?: boolean;
}

const reads = {
  string: "String",
  bytes: "String",
  int: "Number",
  duration: "Number",
  float: "Float",
  bool: "Bool",
} as const;

/** The entry file around an author's filter code: that of a filter which stands for itself, and what the policy of a mesh needs around it. */
export function generateFilter({
  name,
  code,
  parameters = [],
  tickPeriod,
  recordedAs,
  asks: isAsking = false,
}: FilterSource): string {
  const filter = readFilterModule(code);
  const { use, lines } = createImports();
  const own = filter.exported.flatMap(({ name: callback }) => filterCallbacks[callback] ?? []);
  const isTcp = own.some((callback) => callback.isTcp === true);
  // What is found out once has to be kept in mind for what is called later.
  const remembers =
    isTcp ||
    waitsForAnswers(filter) ||
    writtenSides(filter).length > 0 ||
    own.filter(({ kind }) => kind !== "plugin").length > 1;
  const guard = remembers ? "remember" : "enforce";
  const asks: Readonly<Record<CallKind, string>> = {
    request: "applies",
    response: isTcp ? "applies" : "appliesToResponse",
    connection: "appliesToNew",
    end: remembers ? "appliesToEnd" : "applies",
    answer: "appliesToAnswer",
    plugin: "appliesToPlugin",
  };
  const ends: Readonly<Record<CallKind, string>> = {
    request: "finish",
    response: remembers ? "finishResponse" : "finish",
    connection: "finishNew",
    end: "finish",
    answer: "finishPlugin",
    plugin: "finishPlugin",
  };
  const said = (kind: CallKind, called: string): string =>
    use(kind === "connection" ? "enforce-connection" : guard, called);
  use("bytes", "bytes");
  const values = parameters.map(({ name: field, type }, place) => {
    // The field may be narrower than the numbers of the configuration, and its default was held against that.
    const like = reads[type] === "Number" ? `params.${field}, ` : "";
    return `  params.${field} = ${use("parameters", `parameter${reads[type]}`)}(${like}0, ${place});\n`;
  });
  const records = recordedAs !== undefined && !isTcp;
  const literals = createLiterals();
  /** Which callback is at work: what it calls is not told apart. */
  const place = (callback: ExportedFunction | undefined): string => {
    if (!records) return "";
    const text =
      callback === undefined
        ? `${recordedAs} answer`
        : `${recordedAs}:${code.slice(0, callback.start).split("\n").length} ${callback.name}`;
    return `    ${use("decisions", "at")}(${literals.text(text)}());\n`;
  };
  const configured = [
    ...(isAsking ? [`  ${use("on-path", "askPaths")}();\n`] : []),
    ...(records ? [`  ${use("decisions", "recordDecisions")}();\n`] : []),
    ...(tickPeriod === undefined
      ? []
      : [`  if (accepted) ${use("clock", "setTickPeriod")}(${tickPeriod});\n`]),
    ...(isTcp
      ? [
          `  ${use("enforce-connection", "keepConnections")}();\n  if (accepted) ${use("enforce-connection", "closeUnadmitted")}(root);\n`,
        ]
      : []),
  ];
  const parametersText =
    values.length === 0
      ? ""
      : `
/** Each callback sees the parameters of its own configuration. */
function readParameters(): void {
${values.join("")}}
`;
  const entryWith = (noting: readonly string[], forgetting: string): string =>
    filterEntry(filter, {
      file: "policy",
      imports: parameters.length > 0 ? ["params"] : [],
      head: () => `${lines()}

${[constant("NAMES", `${name}\n`), literals.declarations()].join("\n").trimEnd()}
${parametersText}`,
      callbacks: [
        `export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = ${use("plugins", "configure")}(root, size, NAMES());
${configured.join("")}  __collect();
  return accepted;
}
`,
        ...noting,
      ],
      asks: (kind, context) => `${said(kind, asks[kind])}(${context})`,
      before: (callback) => `${place(callback)}${values.length === 0 ? "" : "    readParameters();\n"}`,
      ends: (kind, flow, last) => `${said(kind, ends[kind])}(${argumentsOf(ends[kind], flow, last)})`,
      takesConnections: isTcp,
      remembers,
      created: `  ${use("policy", "begun")}(context, parent);\n`,
      deleted: `${forgetting}${isTcp ? `  ${use("enforce-connection", "forgetConnection")}(context);\n` : ""}  ${use("policy", "over")}(context);\n`,
    });
  const plain = entryWith([], "");
  // Whoever is called as the request comes in asks then; for others it is noted.
  const notes = isAsking && !plain.includes("export function proxy_on_request_headers(");
  // What remembers streams forgets them by itself, once nothing is left that uses what is kept.
  const forgetting = () => (remembers ? "" : `  ${use("on-path", "forgetPath")}(context);\n`);
  const entry = notes ? entryWith([noting(use)], forgetting()) : plain;
  return `// The callbacks around the filter code of ${name}.\n${entry}`;
}

/** What the end of a callback is told; that nothing more comes is what it takes for granted. */
function argumentsOf(called: string, flow: string, last: string): string {
  if (called === "finishPlugin") return "";
  return last === "1" ? flow : `${flow}, ${last}`;
}
