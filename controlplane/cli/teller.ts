/** Tells how far the reading of files is, once a second. */
export interface Teller {
  /** So many bytes more were read. */
  read(bytes: number): void;
  readonly hasTold: boolean;
}

const everyMs = 1000;

/** `counts` are what has been found, with their units; of what there is nothing, nothing is told. */
export function createTeller(
  progress: (text: string) => void,
  counts: () => readonly (readonly [count: number, unit: string])[],
): Teller {
  let told = performance.now();
  let bytes = 0;
  let hasTold = false;
  return {
    read(more) {
      bytes += more;
      if (performance.now() - told < everyMs) return;
      told = performance.now();
      hasTold = true;
      const what = counts().flatMap(([count, unit]) => (count === 0 ? [] : [`, ${count} ${unit}`]));
      progress(`${Math.round(bytes / 2 ** 20)} MiB read${what.join("")}`);
    },
    get hasTold() {
      return hasTold;
    },
  };
}
