import type { Assertion, Pattern } from "./pattern.ts";
import { type ByteEdge, DONE, type Utf8Tree, utf8Tree } from "./utf8-tree.ts";

/** One place in a pattern, and where it goes on from there. */
export type NfaNode =
  | { readonly kind: "bytes"; readonly edges: readonly ByteEdge[] }
  | { readonly kind: "fork"; readonly to: readonly number[] }
  | { readonly kind: "assertion"; readonly assertion: Assertion; readonly to: number }
  | { readonly kind: "final" };

/** A pattern as nodes that bytes lead through. */
export interface Nfa {
  readonly nodes: readonly NfaNode[];
  readonly start: number;
}

/** Thompson's construction, from the end backwards; undefined when there would be more than `maxNodes`. */
export function buildNfa(pattern: Pattern, maxNodes: number): Nfa | undefined {
  const trees = new Map<Pattern, Utf8Tree>();
  const sets = new Map<string, Utf8Tree>();
  const treeOf = (leaf: Pattern & { readonly kind: "class" }): Utf8Tree => {
    const found = trees.get(leaf);
    if (found !== undefined) return found;
    const key = leaf.set.join();
    const tree = sets.get(key) ?? utf8Tree(leaf.set);
    sets.set(key, tree);
    trees.set(leaf, tree);
    return tree;
  };
  /** No less than the nodes that a pattern becomes. Asked before any is made, for counts multiply. */
  const sizeOf = (part: Pattern): number => {
    switch (part.kind) {
      case "class":
        return treeOf(part).length;
      case "byte":
      case "assertion":
        return 1;
      case "sequence":
        return part.parts.reduce((sum, each) => sum + sizeOf(each), 0);
      case "choice":
        return part.branches.reduce((sum, each) => sum + sizeOf(each), 1);
      case "repeat":
        return (Number.isFinite(part.max) ? part.max : part.min + 1) * (sizeOf(part.of) + 1);
      default:
        return part satisfies never;
    }
  };
  if (sizeOf(pattern) > maxNodes) return undefined;

  const nodes: NfaNode[] = [{ kind: "final" }];
  const add = (node: NfaNode): number => nodes.push(node) - 1;
  const build = (part: Pattern, next: number): number => {
    switch (part.kind) {
      case "class": {
        const tree = treeOf(part);
        const base = nodes.length;
        for (const edges of tree) {
          add({
            kind: "bytes",
            edges: edges.map(({ first, last, to }) => ({ first, last, to: to === DONE ? next : base + to })),
          });
        }
        return base;
      }
      case "byte":
        return add({ kind: "bytes", edges: [{ first: 0, last: 255, to: next }] });
      case "assertion":
        return add({ kind: "assertion", assertion: part.assertion, to: next });
      case "sequence":
        return part.parts.reduceRight((then, each) => build(each, then), next);
      case "choice":
        return add({ kind: "fork", to: part.branches.map((branch) => build(branch, next)) });
      case "repeat": {
        let entry = next;
        if (Number.isFinite(part.max)) {
          for (let i = part.min; i < part.max; i++)
            entry = add({ kind: "fork", to: [build(part.of, entry), next] });
        } else {
          entry = add({ kind: "fork", to: [next] });
          nodes[entry] = { kind: "fork", to: [build(part.of, entry), next] };
        }
        for (let i = 0; i < part.min; i++) entry = build(part.of, entry);
        return entry;
      }
      default:
        return part satisfies never;
    }
  };
  return { start: build(pattern, 0), nodes };
}
