import { codes, type TextMachine } from "./text-machine.ts";
import { lower } from "./trial-value.ts";

/** Which texts there may be. */
export interface Texts {
  /** What every one begins with. */
  readonly begin: string;
  /** The bytes of what comes then. */
  readonly bytes: readonly number[];
  /** Whether blanks stand only between other bytes. */
  readonly isTrimmed: boolean;
  readonly mayBeEmpty: boolean;
}

export interface ToldApart {
  /** For each way to answer all the questions some texts, a shortest one first. */
  readonly texts: readonly (readonly string[])[];
  /** Whether there are no other ways. */
  readonly isComplete: boolean;
}

/** What a search may take. */
const statesMax = 8_192;
const blanks: ReadonlySet<number> = new Set([9, 32]);

/**
 * The texts that questions tell apart: the product of their machines, breadth first, so that a text for each way to answer all of them is a shortest.
 * `each`: so many texts for every way, where there are so many. Those in `avoided` are not taken where another does.
 */
export function tellApart(
  machines: readonly TextMachine[],
  { begin, bytes, isTrimmed, mayBeEmpty }: Texts,
  { each, avoided }: { readonly each: number; readonly avoided: ReadonlySet<string> },
): ToldApart {
  const alphabet = oneOfEach(machines, bytes);
  const statesOf = (text: string): readonly number[] =>
    machines.map(({ start, step }) => codes(text).reduce(step, start));
  const answersOf = (states: readonly number[]): string =>
    machines.map(({ answer }, at) => answer(states[at] ?? 0)).join();
  const isText = (text: string): boolean =>
    !(isTrimmed && /^[ \t]|[ \t]$/.test(text)) && (mayBeEmpty || text !== "");

  const found = new Map<string, string[]>();
  const first = statesOf(begin);
  const seen = new Set([first.join()]);
  const queue: { readonly text: string; readonly states: readonly number[] }[] = [
    { text: begin, states: first },
  ];
  let isComplete = true;
  for (const { text, states } of queue) {
    if (isText(text)) {
      const answers = answersOf(states);
      const texts = found.get(answers) ?? [];
      found.set(answers, texts);
      if (texts.length < each || avoided.has(texts[0] ?? "")) texts.push(text);
    }
    for (const byte of alphabet) {
      if (isTrimmed && blanks.has(byte) && text === "") continue;
      const next = machines.map(({ step }, at) => step(states[at] ?? 0, byte));
      // A blank is not the end, so that what ends so is not told apart from what goes on.
      const key = `${next.join()}${isTrimmed && blanks.has(byte) ? " " : ""}${text === begin && !mayBeEmpty ? "1" : ""}`;
      if (seen.has(key)) continue;
      if (seen.size >= statesMax) {
        isComplete = false;
        continue;
      }
      seen.add(key);
      queue.push({ text: text + String.fromCharCode(byte), states: next });
    }
  }
  const isWanted = (answers: string, text: string): boolean =>
    isText(text) && answersOf(statesOf(text)) === answers;
  const texts = [...found].map(([answers, some]) => {
    const fit = some.filter((text) => !avoided.has(text));
    if (fit.length >= each) return fit.slice(0, each);
    const others = some.flatMap((text) => variants(text, begin, alphabet));
    const all = [...new Set([...some, ...others.filter((text) => isWanted(answers, text))])];
    const isAvoided = (text: string): boolean => avoided.has(text);
    return [...all.filter((text) => !isAvoided(text)), ...all.filter(isAvoided)].slice(0, each);
  });
  return { texts, isComplete };
}

/** A text with something put in between. */
function variants(text: string, begin: string, alphabet: readonly number[]): readonly string[] {
  const rest = text.slice(begin.length);
  return alphabet.flatMap((byte) => {
    const added = String.fromCharCode(byte);
    return [added, added.repeat(2), added.repeat(3)].flatMap((more) => [
      text + more,
      begin + more + rest,
      begin + rest.slice(0, 1) + more + rest.slice(1),
    ]);
  });
}

/** One of the bytes that no question tells apart, a letter where there is one. */
function oneOfEach(machines: readonly TextMachine[], bytes: readonly number[]): readonly number[] {
  const known = new Map<string, number>();
  for (const byte of bytes) {
    const key = machines.map(({ classOf }) => classOf(byte)).join();
    const before = known.get(key);
    if (before === undefined || rank(byte) < rank(before)) known.set(key, byte);
  }
  return [...known.values()];
}

/** Which byte is plainer to read. */
function rank(byte: number): number {
  const character = String.fromCharCode(byte);
  if (/[a-z]/.test(character)) return 0;
  if (/[0-9]/.test(character)) return 1;
  if (lower(character) !== character) return 2;
  return byte > 32 && byte < 127 ? 3 : 4;
}
