import { checkCopper } from "../language/check.ts";
import type { Interface, Parameter, Signature } from "../language/interface.ts";
import { actionOf } from "../language/lookup.ts";
import type { Statement } from "../language/policy.ts";
import { standardInterface } from "../language/standard.ts";
import { statementsIn } from "../language/statements-in.ts";
import { declarationOf, isName, isSymbol, type Outline, type PolicyOutline } from "./outline.ts";

/** More links than anyone writes in `a.B().C()`, and fewer than what exhausts the stack. */
const depthMax = 50;

/** An action with what it is done to. */
export interface FoundAction {
  readonly receiver: string;
  readonly signature: Signature;
}

/** An argument that someone is writing. */
export interface Argument {
  readonly action: FoundAction;
  readonly parameter: Parameter;
  /** Of the interface's list, which leaves the receiver out. */
  readonly index: number;
  /** The token before the call's arguments: its parenthesis. */
  readonly open: number;
}

/** The action that the name at this token means: that of its receiver, or else of whatever has one of this name. */
export function actionAt(doc: Outline, policy: PolicyOutline, at: number): FoundAction | undefined {
  return findAction(doc, policy, at, 0);
}

/** The type of the value, or the receiver, that ends with this token. */
export function typeEnding(doc: Outline, policy: PolicyOutline, at: number): string | undefined {
  return typeOf(doc, policy, at, 0);
}

/** The argument of a call between whose tokens a place is: before the token `at`. */
export function argumentBefore(doc: Outline, policy: PolicyOutline, at: number): Argument | undefined {
  const { tokens } = doc;
  let depth = 0;
  let commas = 0;
  for (let index = at - 1; index > 0; index--) {
    const token = tokens[index];
    if (isSymbol(token, ";") || isSymbol(token, "{") || isSymbol(token, "}")) return undefined;
    if (isSymbol(token, ")")) depth++;
    else if (isSymbol(token, ",") && depth === 0) commas++;
    else if (isSymbol(token, "(") && depth-- === 0) {
      if (!isName(tokens[index - 1])) return undefined;
      const action = actionAt(doc, policy, index - 1);
      const isMethod = isSymbol(tokens[index - 2], ".");
      const position = isMethod ? commas : commas - 1;
      const parameter = action?.signature.parameters[position];
      return action && parameter && { action, parameter, index: position, open: index };
    }
  }
  return undefined;
}

/** The text of an earlier argument of the same call, if it is a string. */
export function earlierText(
  doc: Outline,
  { open, index, action }: Argument,
  kind: string,
): string | undefined {
  const { tokens } = doc;
  const wanted = action.signature.parameters.findLastIndex(
    (parameter, at) => at < index && parameter.type === kind,
  );
  const isMethod = isSymbol(tokens[open - 2], ".");
  let position = isMethod ? 0 : -1;
  for (let at = open + 1, depth = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (isSymbol(token, "(")) depth++;
    else if (isSymbol(token, ")") && depth-- === 0) return undefined;
    else if (isSymbol(token, ",") && depth === 0) position++;
    else if (depth === 0 && position === wanted && token?.kind === "string") return token.value;
  }
  return undefined;
}

/** The type that the checker finds for the `let` at this place. */
export function typeOfLet(doc: Outline, start: number): string | undefined {
  const { policies, broken } = checkCopper(doc.source);
  const statements: readonly Statement[] = [...policies, ...broken]
    .flatMap(({ sections }) => sections)
    .flatMap(({ body }) => statementsIn(body));
  const found = statements.find(
    (statement) =>
      statement.kind === "let" &&
      statement.span.start <= start &&
      start < statement.value.span.start &&
      doc.source.text.startsWith(statement.name, start),
  );
  return found?.kind === "let" ? found.value.type : undefined;
}

function findAction(doc: Outline, policy: PolicyOutline, at: number, depth: number): FoundAction | undefined {
  const { tokens } = doc;
  const name = tokens[at]?.value ?? "";
  if (depth > depthMax) return undefined;
  const receiver = isSymbol(tokens[at - 1], ".")
    ? typeOf(doc, policy, at - 2, depth + 1)
    : typeStarting(doc, policy, at + 2, depth + 1);
  const known = [receiver, policy.act, ...standardInterface.receivers.keys()];
  for (const candidate of known) {
    const signature = candidate === undefined ? undefined : actionOf(standardInterface, candidate, name);
    if (candidate !== undefined && signature) return { receiver: candidate, signature };
  }
  return undefined;
}

function typeOf(doc: Outline, policy: PolicyOutline, at: number, depth: number): string | undefined {
  const { tokens } = doc;
  const token = tokens[at];
  if (isName(token)) return typeOfName(doc, policy, at);
  if (!isSymbol(token, ")")) return typeOfLiteral(doc, at);
  let open = at - 1;
  for (let nested = 0; open > 0; open--) {
    if (isSymbol(tokens[open], ")")) nested++;
    else if (isSymbol(tokens[open], "(") && nested-- === 0) break;
  }
  if (!isName(tokens[open - 1])) return depth > depthMax ? undefined : typeOf(doc, policy, at - 1, depth + 1);
  return findAction(doc, policy, open - 1, depth + 1)?.signature.result?.type;
}

function typeStarting(doc: Outline, policy: PolicyOutline, at: number, depth: number): string | undefined {
  const { tokens } = doc;
  if (!isName(tokens[at])) return typeOfLiteral(doc, at);
  if (!isSymbol(tokens[at + 1], "(")) return typeOfName(doc, policy, at);
  return findAction(doc, policy, at, depth)?.signature.result?.type;
}

function typeOfLiteral({ tokens }: Outline, at: number): string | undefined {
  const token = tokens[at];
  if (token?.kind === "string") return "string";
  if (token?.kind !== "number") return undefined;
  if (/[a-z]$/i.test(token.value)) return "duration";
  return token.value.includes(".") ? "float" : "int";
}

function typeOfName(doc: Outline, policy: PolicyOutline, at: number): string | undefined {
  const token = doc.tokens[at];
  if (token === undefined) return undefined;
  if (token.value === "true" || token.value === "false") return "bool";
  const declared = declarationOf(policy, token.value, token.span.start);
  return declared?.kind === "let" ? typeOfLet(doc, declared.span.start) : declared?.type;
}

/** The interface that editors answer from. */
export const offered: Interface = standardInterface;
