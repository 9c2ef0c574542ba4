/** A file as the language sees it. `path` is what messages show; nothing here opens it. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Half-open range of UTF-16 offsets into a source's text. Lines and columns are made when printing. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
