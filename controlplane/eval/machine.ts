/** What figures were measured with. */
export interface Machine {
  /** Of Wire, by Git, with `-dirty` where it was changed since; null outside a clone. */
  readonly commit: string | null;
  /** The version of Node. */
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
}
