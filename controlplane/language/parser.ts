import type {
  CallNode,
  ClauseNode,
  ExpressionNode,
  Identifier,
  PolicyNode,
  StatementNode,
  Word,
} from "./ast.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { lex, type Token } from "./lexer.ts";
import { didYouMean } from "./nearest.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";

/** More than any person writes, and less than what exhausts the stack. */
const depthMax = 200;

/** Parse one Copper file. Never throws: what could be read is returned beside what went wrong. */
export function parse(source: Source): {
  readonly policies: readonly PolicyNode[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  const tokens = lex(reporter);
  return { policies: parseFile(tokens, reporter), diagnostics: reporter.diagnostics };
}

/** Functions that return undefined have reported why; their caller skips to where it can go on. */
function parseFile(tokens: readonly Token[], reporter: Reporter): readonly PolicyNode[] {
  let index = 0;
  let depth = 0;
  /** Blocks that are open here. */
  let blocks = 0;
  const last = tokens[tokens.length - 1] as Token;
  const peek = (ahead = 0): Token => tokens[index + ahead] ?? last;
  const next = (): Token => tokens[index++] ?? last;
  const isAt = (value: string, kind: Token["kind"] = "symbol") =>
    peek().kind === kind && peek().value === value;
  const accept = (value: string): boolean => {
    if (!isAt(value)) return false;
    index++;
    return true;
  };
  const span = (start: number): Span => ({ start, end: tokens[index - 1]?.span.end ?? start });
  const unexpected = (wanted: string, help?: string): undefined => {
    const token = peek();
    // A file that ends too early is shown where its text ends, not on the empty line after it.
    const place = token.kind === "end" ? endOfText(tokens) : token.span;
    // A string without its quote has been reported, and swallowed whatever is missed here.
    const swallowed = reporter.diagnostics.some(
      (d) =>
        (d.code === "CUP0102" || d.code === "CUP0104") &&
        d.span.end <= token.span.start &&
        d.span.start >= (tokens[index - 1]?.span.start ?? 0),
    );
    if (!swallowed) {
      const found = token.kind === "end" ? "the file ends here" : `found \`${token.value}\``;
      reporter.report("CUP0103", place, `expected ${wanted}, ${found}`, help === undefined ? {} : { help });
    }
    return undefined;
  };
  const expect = (value: string): boolean => accept(value) || unexpected(`\`${value}\``) === true;

  function file(): readonly PolicyNode[] {
    const policies: PolicyNode[] = [];
    while (peek().kind !== "end") {
      if (peek().kind === "separator") index++;
      else if (isAt("import", "name")) importLine();
      else if (isAt("policy", "name")) {
        const node = policy();
        if (node) policies.push(node);
        else toNextPolicy();
      } else {
        const shape = "a file holds `policy NAME ( … ) { … }`, several of them separated by `---`";
        const { kind, value } = peek();
        unexpected("`policy`", kind === "name" ? didYouMean(value, ["policy", "import"], shape) : shape);
        toNextPolicy();
      }
    }
    return policies;
  }

  /** `import "interface.cui";` Interfaces are built in: the line is read and has no effect. */
  function importLine(): void {
    index++;
    while (["name", "string"].includes(peek().kind) || isAt(".")) {
      if (isAt("policy", "name")) return;
      index++;
    }
    accept(";");
  }

  function toNextPolicy(): void {
    while (peek().kind !== "end" && peek().kind !== "separator" && !isAt("policy", "name")) index++;
  }

  function policy(): PolicyNode | undefined {
    index++;
    const name = identifier("the policy's name");
    if (!name || !expect("(")) return undefined;
    const clauses: ClauseNode[] = [];
    while (!isAt(")")) {
      const node = clause();
      if (!node) return undefined;
      clauses.push(node);
      accept(",");
    }
    index++;
    // Without its brace the body is read all the same: what is wrong in it should be said too.
    const hasBody = expect("{") || isAt("[") || (peek().kind === "name" && !isAt("policy", "name"));
    return { name, clauses, statements: hasBody ? block() : [] };
  }

  function identifier(wanted: string): Identifier | undefined {
    if (peek().kind !== "name") return unexpected(wanted);
    const token = next();
    return { text: token.value, span: token.span };
  }

  function clause(): ClauseNode | undefined {
    const start = peek().span.start;
    const keyword = identifier("a clause or `)`");
    if (!keyword || !expect("(")) return undefined;
    const words: Word[] = [];
    while (!isAt(")")) {
      const { kind, value, span } = peek();
      if (kind === "end" || kind === "separator" || value === "{" || value === "(") return unexpected("`)`");
      words.push({ kind, text: value, span });
      index++;
    }
    index++;
    return { keyword, words, span: span(start) };
  }

  /** With its `{`; when that is missing, the `}` that closes nothing else tells how far the block goes. */
  function bracedBlock(): readonly StatementNode[] | undefined {
    if (expect("{")) return block();
    if (isAt("}") || peek().kind !== "name") return undefined;
    if (closersAhead() > blocks) return block();
    const node = statement();
    return node && [node];
  }

  /** How many more `}` than `{` the rest of this policy has. */
  function closersAhead(): number {
    let count = 0;
    for (let ahead = index; ahead < tokens.length; ahead++) {
      const { kind, value } = tokens[ahead] ?? last;
      if (kind === "separator" || (kind === "name" && value === "policy")) break;
      if (kind === "symbol") count += value === "}" ? 1 : value === "{" ? -1 : 0;
    }
    return count;
  }

  /** After its `{`, up to and with its `}`. */
  function block(): readonly StatementNode[] {
    blocks++;
    const statements = statementsUpToBrace();
    blocks--;
    return statements;
  }

  function statementsUpToBrace(): readonly StatementNode[] {
    const statements: StatementNode[] = [];
    while (!isAt("}")) {
      if (
        peek().kind === "end" ||
        peek().kind === "separator" ||
        (isAt("policy", "name") && peek(1).kind === "name")
      ) {
        unexpected("`}`");
        return statements;
      }
      if (accept(";")) continue;
      const before = index;
      const node = statement();
      if (node) statements.push(node);
      else toNextStatement(before);
    }
    index++;
    return statements;
  }

  /** Past the `;` of a broken statement, or in front of the `}` that ends its block. */
  function toNextStatement(before: number): void {
    let nested = 0;
    for (let i = before; i < index; i++)
      nested += tokens[i]?.value === "{" && tokens[i]?.kind === "symbol" ? 1 : 0;
    while (peek().kind !== "end" && peek().kind !== "separator") {
      if (isAt("}")) {
        if (nested === 0) return;
        nested--;
        index++;
        if (nested === 0) return;
        continue;
      }
      if (isAt("{")) nested++;
      if (isAt(";") && nested === 0) {
        index++;
        return;
      }
      index++;
    }
  }

  function statement(): StatementNode | undefined {
    if (accept("[")) {
      const name = identifier("`Ingress` or `Egress`");
      return name && expect("]") ? { kind: "heading", name } : undefined;
    }
    if (isAt("if", "name")) return ifStatement();
    const start = peek().span.start;
    const node = call(start, "a statement");
    if (!node) return undefined;
    if (isAt("}") || accept(";")) return node;
    const previous = tokens[index - 1]?.span ?? node.span;
    // What follows on its own line is most likely the next statement: only the semicolon is missing.
    reporter.report("CUP0103", previous, "expected `;` after this statement", {
      help: "end the statement with `;`",
    });
    return node;
  }

  function ifStatement(): StatementNode | undefined {
    if (depth >= depthMax) return unexpected("fewer nested statements");
    const start = next().span.start;
    depth++;
    const node = ((): StatementNode | undefined => {
      if (!expect("(")) return undefined;
      const condition = expression();
      if (!condition || !expect(")")) return undefined;
      const then = bracedBlock();
      if (!then) return undefined;
      let otherwise: readonly StatementNode[] = [];
      if (isAt("else", "name")) {
        index++;
        if (isAt("if", "name")) {
          const nested = ifStatement();
          if (!nested) return undefined;
          otherwise = [nested];
        } else {
          const block = bracedBlock();
          if (!block) return undefined;
          otherwise = block;
        }
      }
      return { kind: "if", condition, then, else: otherwise, span: span(start) };
    })();
    depth--;
    return node;
  }

  function call(start: number, wanted: string): CallNode | undefined {
    const first = identifier(wanted);
    if (!first) return undefined;
    if (accept(".")) {
      const name = identifier("the name of an action");
      return name && argumentsOf(name, [{ kind: "name", value: first.text, span: first.span }], start);
    }
    return argumentsOf(first, [], start);
  }

  function argumentsOf(
    name: Identifier,
    given: readonly ExpressionNode[],
    start: number,
  ): CallNode | undefined {
    if (!expect("(")) return undefined;
    const list = [...given];
    while (!isAt(")")) {
      const node = expression();
      if (!node) return undefined;
      list.push(node);
      if (!accept(",") && !isAt(")")) return unexpected("`,` or `)`");
    }
    index++;
    return { kind: "call", name, arguments: list, span: span(start) };
  }

  function expression(): ExpressionNode | undefined {
    return binary(["||"], () => binary(["&&"], () => binary(["==", "!="], unary)));
  }

  function binary(
    operators: readonly ("==" | "!=" | "&&" | "||")[],
    operand: () => ExpressionNode | undefined,
  ): ExpressionNode | undefined {
    let left = operand();
    // A chain is a tree that is as deep as it is long.
    for (let length = 0; left; length++) {
      const operator = operators.find((candidate) => isAt(candidate)) ?? assigned(operators);
      if (operator === undefined) return left;
      if (length >= depthMax) return unexpected("fewer operators in one condition");
      index++;
      const right: ExpressionNode | undefined = operand();
      left = right && {
        kind: "binary",
        operator,
        left,
        right,
        span: { start: left.span.start, end: right.span.end },
      };
    }
    return undefined;
  }

  /** `=` where `==` is meant: nothing is assigned in Copper. */
  function assigned<T extends string>(operators: readonly T[]): T | undefined {
    const equals = isAt("=") ? operators.find((operator) => operator === "==") : undefined;
    if (equals !== undefined) unexpected("`==`", "did you mean `==`?");
    return equals;
  }

  function unary(): ExpressionNode | undefined {
    if (depth >= depthMax) return unexpected("fewer nested expressions");
    depth++;
    const node = primary();
    depth--;
    return node;
  }

  function primary(): ExpressionNode | undefined {
    const { kind, value, span: place } = peek();
    if (accept("!")) {
      const operand = unary();
      return operand && { kind: "not", operand, span: { start: place.start, end: operand.span.end } };
    }
    if (accept("(")) {
      const inner = expression();
      return inner && expect(")") ? inner : undefined;
    }
    if (kind === "string" || kind === "number") {
      index++;
      return { kind, value, span: place };
    }
    if (kind === "name" && !["(", "."].includes(peek(1).value)) {
      index++;
      return { kind: "name", value, span: place };
    }
    return call(place.start, "a value");
  }

  return file();
}

function endOfText(tokens: readonly Token[]): Span {
  const end = tokens[tokens.length - 2]?.span.end ?? 0;
  return { start: Math.max(0, end - 1), end };
}
