import type { RevisionSummary } from "./history-answers.ts";

/** The answer to `POST /rollback`. */
export interface RollbackReport {
  /** The one that is being rolled out. */
  readonly revision: number;
  readonly to: number;
  /** False where that is in force, or on its way, already. */
  readonly isNew: boolean;
  /** What is otherwise than before. */
  readonly changes: NonNullable<RevisionSummary["changes"]>;
}
