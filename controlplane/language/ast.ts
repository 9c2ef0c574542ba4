import type { Span } from "./source.ts";

/** `import "interface.cui";`, quoted or bare. `span` is that of the path as it stands there. */
export interface ImportNode {
  readonly path: string;
  readonly span: Span;
}

/** A policy as written: names are not looked up yet and arguments are not counted. */
export interface PolicyNode {
  readonly name: Identifier;
  readonly clauses: readonly ClauseNode[];
  readonly statements: readonly StatementNode[];
  /** Words of clauses and names of values that could not be read: that they are missing has been said. */
  readonly broken: ReadonlySet<string>;
  readonly span: Span;
}

export interface Identifier {
  readonly text: string;
  readonly span: Span;
}

/** `keyword (words)`: each clause reads its words itself. Only a context has parentheses among them. */
export interface ClauseNode {
  readonly keyword: Identifier;
  readonly words: readonly Word[];
  readonly span: Span;
}

/** A number has its sign and its unit, a string neither quotes nor escapes. */
export interface Word extends Identifier {
  readonly kind: "name" | "number" | "string" | "symbol";
}

export type StatementNode =
  | { readonly kind: "heading"; readonly name: Identifier }
  | CallNode
  | {
      readonly kind: "let";
      readonly name: Identifier;
      readonly value: ExpressionNode;
      readonly span: Span;
    }
  | { readonly kind: "return"; readonly span: Span }
  | {
      readonly kind: "if";
      readonly condition: ExpressionNode;
      readonly then: readonly StatementNode[];
      readonly else: readonly StatementNode[];
      readonly span: Span;
    };

/** `receiver.Name(…)` and `Name(receiver, …)` are the same call: the receiver is the first argument. */
export interface CallNode {
  readonly kind: "call";
  readonly name: Identifier;
  readonly arguments: readonly ExpressionNode[];
  readonly span: Span;
}

/** Loosest first; those of one level associate to the left. */
export const binaryLevels = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["??"],
  ["+", "-"],
  ["*", "/", "%"],
] as const;

export type BinaryOperator = (typeof binaryLevels)[number][number];

/** A number as written, with its unit when it is a duration: `10`, `1.5`, `250us`. `true` and `false` are names. Parentheses leave no trace. */
export type ExpressionNode =
  | CallNode
  | { readonly kind: "string" | "number" | "name"; readonly value: string; readonly span: Span }
  | {
      readonly kind: "unary";
      readonly operator: "!" | "-";
      readonly operand: ExpressionNode;
      readonly span: Span;
    }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly span: Span;
    };
