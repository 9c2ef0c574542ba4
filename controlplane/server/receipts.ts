/** A name that whoever gives snapshots has for what it gives, such as the number of a change. */
export interface Mark {
  readonly revision: string;
  /** It is a step on the way: what acknowledges it has not acknowledged the revision. */
  readonly partial?: boolean;
}

/** Milliseconds since 1970. */
export interface Moment {
  readonly revision: string;
  readonly atMs: number;
}

/** How far a node is with what it is to hold. */
export interface Receipt {
  readonly node: string;
  readonly connected: boolean;
  /** The last revision of which it was given something; absent where snapshots have none. */
  readonly given?: string;
  /** When the last response with something of this revision went out, or was found not to be needed. */
  readonly sent?: Moment;
  /** The last revision of which it has acknowledged all, and when; absent while a client of its name that came with nothing has not. */
  readonly acknowledged?: Moment;
  /** Why it refuses a part of what it is to hold now, in its own words. */
  readonly refused: readonly string[];
}

/** What is told of one node, and what it adds up to. */
export interface Progress {
  give(mark: Mark): void;
  /** A response has gone out. */
  sent(): void;
  /** All of the latest snapshot is acknowledged. True the first time for a revision, and the first time after one came with nothing. */
  settled(): boolean;
  /** A client has come that has nothing: whatever was acknowledged before, it was not by this one. */
  came(): void;
  /** Whether the node is to hold the revision, and has acknowledged all of it. */
  has(revision: string): boolean;
  receipt(): Pick<Receipt, "given" | "sent" | "acknowledged">;
}

export function createProgress(nowMs: () => number): Progress {
  let mark: Mark | undefined;
  let [sent, acknowledged]: (Moment | undefined)[] = [];
  return {
    give: (next) => {
      mark = next;
    },
    sent: () => {
      if (mark !== undefined) sent = { revision: mark.revision, atMs: nowMs() };
    },
    settled: () => {
      if (mark === undefined || mark.partial === true || acknowledged?.revision === mark.revision)
        return false;
      acknowledged = { revision: mark.revision, atMs: nowMs() };
      if (sent?.revision !== mark.revision) sent = acknowledged;
      return true;
    },
    came: () => {
      acknowledged = undefined;
    },
    has: (revision) =>
      mark?.revision === revision && mark.partial !== true && acknowledged?.revision === revision,
    receipt: () => ({
      ...(mark === undefined ? {} : { given: mark.revision }),
      ...(sent === undefined ? {} : { sent }),
      ...(acknowledged === undefined ? {} : { acknowledged }),
    }),
  };
}
