import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from "yaml";

/** A call and how many requests a second it is to have in a mesh file. */
export interface DeclaredRate {
  readonly from: string;
  readonly to: string;
  readonly rate: number;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text of a mesh file, YAML or JSON, with other rates. Everything else stays as it is, comments and layout too. What the file does not
 * have as a call is left out, and so is a rate that it has already.
 */
export function withRates(
  text: string,
  rates: readonly DeclaredRate[],
): { readonly text: string; readonly written: readonly DeclaredRate[] } {
  const wanted = new Map(rates.map((each) => [`${each.from}>${each.to}`, each]));
  const { contents } = parseDocument(text);
  const calls = isMap(contents) ? contents.get("calls") : undefined;
  const isJson = text.trimStart().startsWith("{");
  const edits: Edit[] = [];
  const written: DeclaredRate[] = [];
  for (const { key, value } of isMap(calls) ? calls.items : [])
    for (const item of isSeq(value) ? value.items : []) {
      const callee = isMap(item) ? item.get("to") : isScalar(item) ? item.value : undefined;
      const rate = wanted.get(`${isScalar(key) ? key.value : ""}>${String(callee)}`);
      const edit = rate && editOf(text, item as Node, rate.rate, isJson);
      if (rate === undefined || edit === undefined) continue;
      edits.push(edit);
      written.push(rate);
    }
  const latest = edits.toSorted((a, b) => b.start - a.start);
  return {
    text: latest.reduce(
      (before, { start, end, text: by }) => before.slice(0, start) + by + before.slice(end),
      text,
    ),
    written,
  };
}

function editOf(text: string, item: Node, rate: number, isJson: boolean): Edit | undefined {
  if (isMap(item)) return inMap(text, item, rate, isJson);
  const { start, end } = placeOf(item);
  // A name alone calls once a second.
  if (rate === 1) return undefined;
  const callee = text.slice(start, end);
  const entry = isJson ? `{ "to": ${callee}, "rate": ${rate} }` : `{ to: ${callee}, rate: ${rate} }`;
  return { start, end, text: entry };
}

function inMap(text: string, item: YAMLMap, rate: number, isJson: boolean): Edit | undefined {
  const known = item.get("rate", true);
  if (known !== undefined)
    return Number(known.value) === rate ? undefined : { ...placeOf(known), text: `${rate}` };
  const callee = item.get("to", true);
  if (callee === undefined || rate === 1) return undefined;
  const { end } = placeOf(callee as Node);
  const name = isJson ? `"rate"` : "rate";
  if (item.flow === true) return { start: end, end, text: `, ${name}: ${rate}` };
  const { start: column } = placeOf(item.items[0]?.key as Node);
  const indent = column - (text.lastIndexOf("\n", column - 1) + 1);
  const after = text.indexOf("\n", end);
  const at = after < 0 ? text.length : after;
  return { start: at, end: at, text: `\n${" ".repeat(indent)}${name}: ${rate}` };
}

function placeOf({ range }: Node): { readonly start: number; readonly end: number } {
  const [start = 0, end = 0] = range ?? [];
  return { start, end };
}
