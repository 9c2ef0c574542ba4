/** The last lines of a process's output: bounded, so that a chatty process costs no memory. */
export interface LogTail {
  readonly push: (chunk: string) => void;
  readonly text: () => string;
}

/** Keeps at most `bytesMax` characters and drops the oldest first. */
export function logTail(bytesMax: number): LogTail {
  let text = "";
  return {
    push(chunk) {
      text += chunk;
      if (text.length > 2 * bytesMax) text = text.slice(-bytesMax);
    },
    text: () => text.slice(-bytesMax),
  };
}
