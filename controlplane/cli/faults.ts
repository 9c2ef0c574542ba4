/** What could not be read: all are counted. Of each kind the first one has its place, for as many kinds as anybody reads. */
export interface Faults {
  readonly count: number;
  readonly kinds: readonly Fault[];
}

export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** How many there are of the kind. */
  readonly count: number;
}

const kindsMax = 10;

export interface FaultList {
  report(file: string, line: number, message: string): void;
  readonly faults: Faults;
}

export function createFaultList(): FaultList {
  const kinds = new Map<string, Fault>();
  let count = 0;
  return {
    report(file, line, message) {
      count++;
      const known = kinds.get(message);
      if (known !== undefined) kinds.set(message, { ...known, count: known.count + 1 });
      else if (kinds.size < kindsMax) kinds.set(message, { file, line, message, count: 1 });
    },
    get faults() {
      return { count, kinds: [...kinds.values()] };
    },
  };
}
