/** Takes a text in pieces and hands on its lines, without their ends; blank ones are left out. */
export interface LineReader {
  write(text: string): void;
  end(): void;
}

/** What is longer is no line of anybody's. */
export const lineMax: number = 1 << 20;

/** Of a line that is too long, `line` gets undefined. */
export function createLineReader(onLine: (text: string | undefined, number: number) => void): LineReader {
  let number = 1;
  let begun = "";
  let isTooLong = false;

  function finish(rest: string): void {
    const text = begun + rest;
    if (isTooLong || text.length > lineMax) onLine(undefined, number);
    else if (text.trim() !== "") onLine(text.endsWith("\r") ? text.slice(0, -1) : text, number);
    begun = "";
    isTooLong = false;
    number++;
  }

  return {
    write(text) {
      let start = 0;
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
        finish(text.slice(start, end));
        start = end + 1;
      }
      begun += text.slice(start);
      // Of what is no line, nothing has to be kept.
      if (begun.length <= lineMax) return;
      begun = "";
      isTooLong = true;
    },
    end() {
      if (begun !== "" || isTooLong) finish("");
    },
  };
}
