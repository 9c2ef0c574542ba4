import type { Source, Span } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";

/** What an editor's question is answered from, besides the document that it is about. */
export interface Workspace {
  /** Those that lie beside the document, and what they and it import; of a mesh file all that are known. */
  readonly interfaces?: readonly Source[];
  /** Policies that are renamed along with the document; it may be among them. */
  readonly policies?: readonly Source[];
  readonly mesh?: MeshFile;
}

/** A mesh file; `mesh` is absent when it cannot be read. */
export interface MeshFile {
  readonly source: Source;
  readonly mesh?: Mesh;
}

/** A place in a document. */
export interface Location {
  readonly path: string;
  readonly span: Span;
}

/** `text` instead of what stands at the place. */
export interface Edit extends Location {
  readonly text: string;
}

/** Half-open, but for a cursor: one that stands right behind a word is still at it. */
export function touches(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}
