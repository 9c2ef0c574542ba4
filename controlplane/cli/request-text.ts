import type { Attributes } from "../analysis/trial.ts";
import type { TrialValue } from "../analysis/trial-value.ts";

const lengthMax = 60;

/** What a request has to be like, in words: "with `x-tier: gold`, without `x-debug`, and a body of 11 bytes". */
export function requestText(request: Attributes): string {
  const parts = [...request].flatMap(([attribute, values]) => partText(attribute, values) ?? []);
  const having = parts.filter(({ has }) => has).map(({ text }) => text);
  const lacking = parts.filter(({ has }) => !has).map(({ text }) => text);
  return [
    ...(having.length === 0 ? [] : [`with ${having.join(", ")}`]),
    ...(lacking.length === 0 ? [] : [`without ${lacking.join(", ")}`]),
  ].join(" and ");
}

/** By attribute its values as texts. */
export function requestJson(request: Attributes): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...request].map(([attribute, values]) => [attribute, values.map((value) => characters(String(value)))]),
  );
}

function partText(
  attribute: string,
  values: readonly TrialValue[],
): { readonly has: boolean; readonly text: string } | undefined {
  // By which policies draw; what it is does not matter to them.
  if (attribute === "request:x-request-id") return undefined;
  const [kind = "", ...names] = attribute.split(/[ :]/);
  const name = attribute.slice(kind.length + 1);
  const [value] = values;
  const has = values.length > 0;
  switch (kind) {
    case "request":
    case "response":
      if (name === "body") return { has, text: bodyText(String(value)) };
      if (name.startsWith(":")) return { has, text: `${words[name] ?? name} ${quoted(String(value))}` };
      if (name.startsWith("field ")) return { has, text: fieldText(`JSON ${name}`, value) };
      return {
        has,
        text: has ? values.map((each) => quoted(`${name}: ${each}`)).join(", ") : quoted(name),
      };
    case "count":
      return { has, text: `${quoted(names.at(-1) ?? "")} at ${value}` };
    case "elapsed":
      return { has, text: `${Number(value) / 1e9} s since ${quoted(names.at(-1) ?? "")}` };
    default:
      return { has, text: fieldText(`${kind} ${name}`, value) };
  }
}

const words: Readonly<Record<string, string>> = {
  ":method": "method",
  ":path": "path",
  ":authority": "host",
  ":status": "status",
};

function fieldText(what: string, value: TrialValue): string {
  return value === undefined ? what : `${what} ${quoted(String(value))}`;
}

function bodyText(body: string): string {
  if (body === "") return "no body";
  return body.length > lengthMax ? `a body of ${body.length} bytes` : `body ${quoted(body)}`;
}

/** A text of bytes as one of characters, cut where it is long. */
function quoted(bytes: string): string {
  const text = characters(bytes).replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
  return text.length > lengthMax ? `\`${text.slice(0, lengthMax)}…\` (${bytes.length} bytes)` : `\`${text}\``;
}

function characters(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
