import {
  type BinaryOperator,
  binaryLevels,
  type CallNode,
  type ClauseNode,
  type ExpressionNode,
  type Identifier,
  type ImportNode,
  type PolicyNode,
  type StatementNode,
  type Word,
} from "./ast.ts";
import { createCursor } from "./cursor.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { lex } from "./lexer.ts";
import { suggest } from "./nearest.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";

/** More than any person writes, and less than what exhausts the stack. */
const depthMax = 200;

/** Words that begin a statement elsewhere. */
const unknownStatements: ReadonlySet<string> = new Set(["while", "for", "do", "switch", "function", "try"]);

const precedences: ReadonlyMap<string, number> = new Map(
  binaryLevels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

/** How other languages write an operator. */
const foreign: ReadonlyMap<string, BinaryOperator> = new Map([
  ["=", "=="],
  ["===", "=="],
  ["!==", "!="],
  ["&", "&&"],
  ["and", "&&"],
  ["|", "||"],
  ["or", "||"],
]);

/** How other languages begin a `let`. */
const foreignLets: ReadonlySet<string> = new Set(["var", "const", "set", "val"]);

const units: ReadonlySet<string> = new Set(["ns", "us", "ms", "s", "m", "h"]);

/** These begin statements, so they are nobody's name. */
const keywords: readonly string[] = ["if", "else", "let", "return"];
const valueTypes: readonly string[] = ["string", "bytes", "int", "float", "bool", "duration"];
const clauseNames: readonly string[] = ["act", "using", "context", "priority", "mode", "onLost", "param"];

/** Parse one Copper file. Never throws: what could be read is returned beside what went wrong. */
export function parse(source: Source): {
  readonly imports: readonly ImportNode[];
  readonly policies: readonly PolicyNode[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  return { ...parseFile(reporter), diagnostics: reporter.diagnostics };
}

/** Functions that return undefined have reported why; their caller skips to where it can go on. */
function parseFile(reporter: Reporter): {
  readonly imports: readonly ImportNode[];
  readonly policies: readonly PolicyNode[];
} {
  const cursor = createCursor(lex(reporter), reporter, "CUP0103");
  const { peek, next, isAt, accept, expect, unexpected, identifier, from } = cursor;
  /** Of statements and expressions that the parser is in. */
  let depth = 0;
  /** Of the tree of the last expression that was read. */
  let height = 0;
  /** Blocks that are open here. */
  let blocks = 0;
  /** What the policy that is being read lacks because of a mistake. */
  let broken = new Set<string>();
  /** Where blocks were missing their braces last. */
  let unclosedAt = -1;

  function file(): { readonly imports: readonly ImportNode[]; readonly policies: readonly PolicyNode[] } {
    const imports: ImportNode[] = [];
    const policies: PolicyNode[] = [];
    while (peek().kind !== "end") {
      cursor.mute(false);
      if (peek().kind === "separator") next();
      else if (isAt("import", "name")) {
        const node = cursor.importLine();
        if (node) imports.push(node);
      } else if (isAt("policy", "name")) {
        const node = policy();
        if (node) policies.push(node);
      } else noPolicy();
    }
    return { imports, policies };
  }

  function noPolicy(): void {
    const { kind, value, span } = peek();
    const shape = "a file holds `policy NAME ( … ) { … }`, several of them separated by `---`";
    if (isAt("}")) unexpected("`policy`", "this `}` closes nothing: remove it");
    else unexpected("`policy`", kind === "name" ? suggest(value, ["policy", "import"], shape, span) : shape);
    do next();
    while (!isEndOfPolicy() && !isAt("policy", "name") && !(isAt("import", "name") && cursor.startsLine()));
  }

  /** Where nothing of a policy can follow, whatever it lacks. */
  function isEndOfPolicy(): boolean {
    const { kind } = peek();
    return kind === "end" || kind === "separator" || (isAt("policy", "name") && peek(1).kind === "name");
  }

  function policy(): PolicyNode | undefined {
    const start = next().span.start;
    broken = new Set();
    const name = identifier("the policy's name");
    if (name && !isEndOfPolicy() && peek().kind === "name" && !clauseNames.includes(peek().value))
      oneWord(name.text);
    const clauses = header();
    let statements: readonly StatementNode[] = [];
    // Without its brace the body is read all the same: what is wrong in it should be said too.
    if (clauses && (expect("{") || isAt("[") || (peek().kind === "name" && !isEndOfPolicy())))
      statements = block();
    if (!clauses) while (!isEndOfPolicy()) next();
    return name && { name, clauses: clauses ?? [], statements, broken, span: from(start) };
  }

  /** Past the other words of a name. */
  function oneWord(first: string): void {
    unexpected("`(`", `a name is one word: write \`${first}-${peek().value}\``);
    while (peek().kind === "name" && !isEndOfPolicy()) next();
  }

  /** `( … )`, or undefined when not even the body can be found. */
  function header(): readonly ClauseNode[] | undefined {
    if (isAt("{") && peek(1).kind === "name" && clauseNames.includes(peek(1).value)) {
      for (const clauseName of clauseNames) broken.add(clauseName);
      return unexpected(
        "`(`",
        "clauses stand in parentheses: write `policy NAME ( clauses ) { statements }`",
      );
    }
    if (!expect("(") && !isClause()) return isAt("{") ? [] : undefined;
    const clauses: ClauseNode[] = [];
    while (!accept(")")) {
      const node = isEndOfPolicy() ? unexpected("a clause or `)`") : clause();
      if (node) clauses.push(node);
      else if (!toNextClause()) return isAt("{") ? clauses : undefined;
      accept(",");
    }
    return clauses;
  }

  function lost(words: readonly Identifier[]): undefined {
    for (const { text } of words) broken.add(text);
    return undefined;
  }

  function isClause(): boolean {
    return peek().kind === "name" && peek(1).kind === "symbol" && peek(1).value === "(";
  }

  /** Past a broken clause; false when the header has ended. */
  function toNextClause(): boolean {
    for (; !isEndOfPolicy() && !isAt("{") && !isAt("}"); next()) {
      if (isAt(")") && peek(1).kind === "symbol" && peek(1).value === "{") return true;
      if (isClause() && (clauseNames.includes(peek().value) || cursor.startsLine())) return true;
      if (peek().kind === "name") broken.add(peek().value);
    }
    return false;
  }

  function clause(): ClauseNode | undefined {
    const start = peek().span.start;
    const keyword = identifier("a clause or `)`");
    if (!keyword) return undefined;
    if (!expect("(")) return lost([keyword]);
    const words: Word[] = [];
    const isContext = keyword.text === "context";
    for (let open = 0; open > 0 || !isAt(")"); ) {
      if (isEndOfPolicy() || isAt("{") || (isAt("(") && !isContext)) {
        unexpected("`)`");
        return lost([keyword, ...words]);
      }
      if (isAt("(")) open++;
      else if (isAt(")")) open--;
      words.push(isContext ? word() : (signed() ?? word()));
      // A string without its quote has the rest of its line in it, with the parenthesis.
      if (cursor.previous().isBroken) return { keyword, words, span: from(start) };
    }
    next();
    return { keyword, words, span: from(start) };
  }

  function word(): Word {
    const { kind, value, span } = next();
    return {
      kind: kind === "name" || kind === "number" || kind === "string" ? kind : "symbol",
      text: value,
      span,
    };
  }

  /** A number, with the sign before it. */
  function signed(): Word | undefined {
    const isNegative = isAt("-") && peek(1).kind === "number";
    if (!isNegative && peek().kind !== "number") return undefined;
    const { start } = peek().span;
    if (isNegative) next();
    const { value } = next();
    return { kind: "number", text: isNegative ? `-${value}` : value, span: from(start) };
  }

  /** After its `{`, up to and with its `}`. */
  function block(): readonly StatementNode[] {
    blocks++;
    const statements: StatementNode[] = [];
    for (;;) {
      if (isEndOfPolicy()) {
        // One message for all blocks that are open here.
        if (unclosedAt !== cursor.count()) unexpected("`}`");
        unclosedAt = cursor.count();
        break;
      }
      if (accept(";")) continue;
      if (isAt("}")) {
        const isStray = blocks === 1 && startsStatement(1);
        if (isStray) tooEarly();
        next();
        if (isStray) continue;
        break;
      }
      const before = cursor.count();
      const node = statement();
      if (node === undefined) toNextStatement();
      else if (node !== "recovered") statements.push(node);
      if (cursor.count() === before) next();
    }
    blocks--;
    return statements;
  }

  function tooEarly(): void {
    reporter.report("CUP0103", peek().span, "this `}` closes the policy, but statements follow it", {
      help: "remove it, or open the block that it closes with `{`",
    });
  }

  /** Whether what comes there can only be a statement. */
  function startsStatement(ahead: number): boolean {
    const { kind, value } = peek(ahead);
    const after = peek(ahead + 1);
    if (kind === "symbol") return value === "[";
    if (kind !== "name" || value === "policy" || value === "import") return false;
    return (
      keywords.includes(value) || (after.kind === "symbol" && (after.value === "(" || after.value === "."))
    );
  }

  /** Past the `;` of a broken statement, or in front of what ends its block or begins the next one. */
  function toNextStatement(): void {
    for (let nested = 0; !isEndOfPolicy(); next()) {
      if (isAt("{")) nested++;
      else if (isAt("}")) {
        if (nested === 0) return;
        nested--;
        if (nested > 0) continue;
        next();
        return;
      } else if (nested > 0) continue;
      else if (accept(";")) return;
      else if (cursor.startsLine()) {
        const isKeyword = peek().kind === "name" && keywords.includes(peek().value) && !isAt("else", "name");
        if (isKeyword || isAt("[") || cursor.previous().isBroken) return;
      }
    }
  }

  function statement(): StatementNode | "recovered" | undefined {
    const { kind, value, span } = peek();
    if (accept("[")) {
      const name = identifier("`Ingress` or `Egress`");
      return name && expect("]") ? { kind: "heading", name } : undefined;
    }
    if (kind === "name" && value === "if") return ifStatement();
    if (kind === "name" && value === "let") return letStatement();
    if (accept("return", "name")) {
      const isPlain = isAt(";") || isAt("}") || cursor.startsLine() || isEndOfPolicy();
      if (!isPlain) return unexpected("`;`", "a policy yields no value: write `return;`");
      return ended({ kind: "return", span });
    }
    if ((kind !== "name" && kind !== "string" && kind !== "number" && !isAt("(")) || isAt("else", "name"))
      return unexpected("a statement");
    if (kind === "name" && peek(1).kind === "symbol" && peek(1).value === "=") {
      next();
      return unexpected("an action", `values keep what they are: write \`let ${value} = …;\` for a new one`);
    }
    if (kind === "name" && foreignLets.has(value) && peek(1).kind === "name") {
      const suggestions = [{ span, text: "let" }];
      reporter.report("CUP0103", span, `Copper has no \`${value}\``, {
        help: "did you mean `let`?",
        suggestions,
      });
      return letStatement();
    }
    if (
      kind === "name" &&
      unknownStatements.has(value) &&
      (isAfter("(") || isAfter("{") || peek(1).kind === "name")
    )
      return unknownStatement();
    const node = expression();
    if (!node) return undefined;
    if (node.kind === "call") return ended(node);
    if (node.kind === "name") return unexpected("`(`");
    reporter.report("CUP0103", node.span, "expected an action, found a value", {
      help: "compare it in an `if`, or give it a name with `let`",
    });
    return undefined;
  }

  function isAfter(symbol: string): boolean {
    return peek(1).kind === "symbol" && peek(1).value === symbol;
  }

  /** What other languages have, with its parentheses and its block: one mistake, however much is in it. */
  function unknownStatement(): "recovered" {
    const { value, span } = next();
    if (peek().kind === "name") next();
    reporter.report("CUP0103", span, `Copper has no \`${value}\``, {
      help: "every policy comes to an end by itself: say it with `if`, or write filter code",
    });
    for (const [open, close] of [
      ["(", ")"],
      ["{", "}"],
    ] as const) {
      let depth = 0;
      do {
        if (isAt(open)) depth++;
        else if (isAt(close)) depth--;
        else if (depth === 0) break;
        next();
      } while (depth > 0 && peek().kind !== "end" && !isEndOfPolicy());
    }
    return "recovered";
  }

  /** With its semicolon, which may be left out before a `}`. */
  function ended<Node extends StatementNode>(node: Node): Node {
    if (accept(";") || isAt("}") || isEndOfPolicy() || cursor.previous().isBroken) return node;
    if (cursor.startsLine() || startsStatement(0)) {
      // What follows is most likely the next statement: only the semicolon is missing.
      reporter.report("CUP0103", cursor.previous().span, "expected `;` after this statement", {
        help: "end the statement with `;`",
      });
      return node;
    }
    unexpected("`;`");
    toNextStatement();
    return node;
  }

  function letStatement(): StatementNode | undefined {
    const { start } = next().span;
    if (peek().kind === "name" && keywords.includes(peek().value)) return unexpected("a name");
    const name = identifier("a name");
    if (!name) return undefined;
    if (!accept("=")) {
      broken.add(name.text);
      if (peek().kind === "name") broken.add(peek().value);
      const isTyped = peek().kind === "name" && valueTypes.includes(name.text);
      return unexpected(
        "`=`",
        isTyped || isAt(":")
          ? `the value says the type: write \`let ${isTyped ? peek().value : name.text} = …;\``
          : undefined,
      );
    }
    const value = expression();
    if (!value) broken.add(name.text);
    return value && ended({ kind: "let", name, value, span: from(start) });
  }

  function ifStatement(): StatementNode | "recovered" | undefined {
    if (depth >= depthMax) return cursor.tooDeep("fewer nested statements");
    depth++;
    const node = ifAndElse();
    depth--;
    return node;
  }

  /** A mistake in a condition does not hide those in the bodies. */
  function ifAndElse(): StatementNode | "recovered" | undefined {
    const { start } = next().span;
    const condition = conditionInParentheses();
    if (!condition && !isAt("{")) return undefined;
    const then = body();
    let otherwise: readonly StatementNode[] | undefined = [];
    if (accept("else", "name")) {
      if (isAt("if", "name")) {
        const nested = ifStatement();
        if (nested === undefined) return undefined;
        otherwise = nested === "recovered" ? undefined : [nested];
      } else otherwise = body();
    }
    if (!condition || !then || !otherwise) return "recovered";
    return { kind: "if", condition, then, else: otherwise, span: from(start) };
  }

  /** Undefined when it cannot be read: then the body, if there is one in braces, comes next. */
  function conditionInParentheses(): ExpressionNode | undefined {
    const isOpen = accept("(");
    if (!isOpen) unexpected("`(`", "a condition stands in parentheses: write `if (…) { … }`");
    if (!isOpen && isAt("{")) return undefined;
    const condition = expression();
    if (condition && (isOpen ? expect(")") : accept(")") || isAt("{"))) return condition;
    while (!isEndOfPolicy() && !isAt("{") && !isAt("}") && !isAt(";")) next();
    return undefined;
  }

  /** In braces, or one statement; undefined when that is broken, and has been skipped. */
  function body(): readonly StatementNode[] | undefined {
    if (accept("{")) return block();
    if (isAt("}") || isAt(";") || isEndOfPolicy()) {
      unexpected("`{` or a statement");
      accept(";");
      return undefined;
    }
    const node = statement();
    if (node === "recovered") return undefined;
    if (node === undefined) toNextStatement();
    return node && [node];
  }

  function expression(loosest = 0): ExpressionNode | undefined {
    const { start } = peek().span;
    let left = unary();
    while (left) {
      const operator = operatorHere(loosest);
      if (operator === undefined) return left;
      next();
      const leftHeight = height;
      const right: ExpressionNode | undefined = expression((precedences.get(operator) ?? 0) + 1);
      left = right && { kind: "binary", operator, left, right, span: from(start) };
      if (left && !grow(Math.max(leftHeight, height))) return undefined;
    }
    return undefined;
  }

  /** An operator that binds at least as tight. */
  function operatorHere(loosest: number): BinaryOperator | undefined {
    const { kind, value, span } = peek();
    if (kind !== "symbol" && kind !== "name") return undefined;
    const meant = foreign.get(value);
    const operator = meant ?? (kind === "symbol" ? (value as BinaryOperator) : undefined);
    const precedence = operator === undefined ? undefined : precedences.get(operator);
    if (precedence === undefined || precedence < loosest) return undefined;
    if (meant !== undefined) {
      const suggestions = [{ span, text: meant }];
      unexpected(`\`${meant}\``, { help: `did you mean \`${meant}\`?`, suggestions });
    }
    return operator;
  }

  /** Say that the tree has one more level than what is below. A chain is as deep as it is long. */
  function grow(below: number): boolean {
    height = below + 1;
    return height <= depthMax || cursor.tooDeep("fewer operators in one expression") === true;
  }

  function unary(): ExpressionNode | undefined {
    const { start } = peek().span;
    // No name has another one behind it.
    const isNot = isAt("not", "name") && (peek(1).kind === "name" || isAfter("("));
    if (isNot)
      unexpected("`!`", { help: "did you mean `!`?", suggestions: [{ span: peek().span, text: "!" }] });
    const operator = isNot || isAt("!") ? "!" : isAt("-") ? "-" : undefined;
    if (operator === undefined) return postfix();
    if (depth >= depthMax) return cursor.tooDeep("fewer nested expressions");
    next();
    depth++;
    const operand = unary();
    depth--;
    if (!operand || !grow(height)) return undefined;
    return { kind: "unary", operator, operand, span: from(start) };
  }

  /** A value, and what is asked of it: `value.Name(…)`. */
  function postfix(): ExpressionNode | undefined {
    const { start } = peek().span;
    let node = primary();
    while (node && accept(".")) {
      const name = identifier("the name of an action");
      node = name && call(name, start, node);
    }
    return node;
  }

  function primary(): ExpressionNode | undefined {
    const { kind, value, span } = peek();
    if (depth >= depthMax) return cursor.tooDeep("fewer nested expressions");
    if (accept("(")) {
      depth++;
      const inner = expression();
      depth--;
      return inner && expect(")") ? inner : undefined;
    }
    height = 1;
    if (kind === "number" || kind === "string") {
      next();
      return { kind, value, span };
    }
    if (kind !== "name" || keywords.includes(value)) {
      const isPercent = cursor.previous().value === "%" && cursor.previous().kind === "symbol";
      return unexpected("a value", isPercent ? "a percentage is a plain number, as in `50`" : undefined);
    }
    next();
    return isAt("(") ? call({ text: value, span }, span.start) : { kind: "name", value, span };
  }

  /** After the name. The receiver, where there is one before the name, is the first argument. */
  function call(name: Identifier, start: number, receiver?: ExpressionNode): CallNode | undefined {
    if (!expect("(")) return undefined;
    const list: ExpressionNode[] = receiver ? [receiver] : [];
    let tallest = receiver ? height : 0;
    depth++;
    const isComplete = ((): boolean => {
      while (!isAt(")")) {
        const node = expression();
        if (!node) return false;
        list.push(node);
        tallest = Math.max(tallest, height);
        if (!accept(",") && !isAt(")")) return unexpected("`,` or `)`", helpInCall(node)) === true;
      }
      next();
      return true;
    })();
    depth--;
    if (!isComplete || !grow(tallest)) return undefined;
    return { kind: "call", name, arguments: list, span: from(start) };
  }

  /** What somebody may have meant who goes on like this behind an argument. */
  function helpInCall(argument: ExpressionNode): string | undefined {
    const { kind, value } = peek();
    if (isAt("?")) return "a choice between two values is two statements, in an `if` and its `else`";
    if (isAt(":") && argument.kind === "name")
      return "arguments have no names: they are told apart by their order";
    if (kind === "name" && argument.kind === "number" && units.has(value))
      return `write the unit right behind the number: \`${argument.value}${value}\``;
    if (kind === "string" || kind === "number" || kind === "name") return "write `,` between two arguments";
    return undefined;
  }

  return file();
}
