import { strict as assert } from "node:assert";

/** The header of a mesh that states are in. */
export interface StateHeader {
  /** In lower case. */
  readonly name: string;
  /** Whether the state is one of its members. */
  readonly isList: boolean;
}

/**
 * A request by which `wire doctor` finds out what a service hands on. All that it may hand on has the same 32 hexadecimal digits, of which the first 17
 * are those of every probe: so proxies know one by whatever is left of it.
 */
export interface Probe {
  readonly id: string;
  /** `REVISION.STATE` of a path that may come to the service. */
  readonly state: string;
}

/** What is left of a probe in a request that it has led to. */
export interface Seen {
  readonly id: string;
  /** The headers by which it was known. */
  readonly by: readonly string[];
  /** What the request has for a state; absent where it has none. */
  readonly state?: string;
}

/** "wiredoCt", and a digit that makes a UUID of the whole, as the ids of requests often are. */
const prefix = "77697265646f43749";
/** What follows it. */
export const probeDigits = 15;

/** The member beside the state; where the state is all of the header, how it begins. */
const mark = "wire-doctor";

export function stateHeaderOf(text: string): StateHeader {
  const isWhole = text.startsWith("header:");
  return { name: (isWhole ? text.slice("header:".length) : text).toLowerCase(), isList: !isWhole };
}

/** Of the hexadecimal digits that are its own. */
export function probeId(own: string): string {
  assert(own.length === probeDigits, `a probe has ${probeDigits} digits of its own`);
  return `${prefix}${own}`;
}

/** What a probe says. Where the state is all of its header nobody knows it for one, and policies take it for lost. */
export function probeHeaders({ id, state }: Probe, header: StateHeader): Readonly<Record<string, string>> {
  const span = id.slice(-16);
  return {
    traceparent: `00-${id}-${span}-00`,
    "x-request-id": asUuid(id),
    b3: `${id}-${span}-0`,
    "x-b3-traceid": id,
    "x-b3-spanid": span,
    "x-b3-sampled": "0",
    [header.name]: header.isList ? `wire=${state},${mark}=${id}` : stateOf({ id, state }, header),
  };
}

/** What stands for the state in a request to which all of a probe was handed on. */
export function stateOf({ id, state }: Probe, { isList }: StateHeader): string {
  return isList ? state : `${mark}.${id}`;
}

/** By what a proxy knows a probe: a header, and what it begins with or, among members, has in it. */
export function probeSigns({ name, isList }: StateHeader): readonly {
  readonly header: string;
  readonly how: "prefix" | "contains";
  readonly text: string;
}[] {
  const signs = [
    { header: "traceparent", how: "prefix", text: `00-${prefix}` },
    { header: "x-request-id", how: "prefix", text: asUuid(prefix) },
    { header: "b3", how: "prefix", text: prefix },
    { header: "x-b3-traceid", how: "prefix", text: prefix },
  ] as const;
  return [
    ...signs.filter(({ header }) => header !== name),
    isList
      ? { header: name, how: "contains", text: `${mark}=${prefix}` }
      : { header: name, how: "prefix", text: `${mark}.${prefix}` },
  ];
}

/** What a request has left of a probe; undefined where it is of none. */
export function readProbe(headers: Readonly<Record<string, string>>, header: StateHeader): Seen | undefined {
  const found = probeSigns(header).flatMap((sign) => {
    const digits = (headers[sign.header] ?? "").replaceAll("-", "");
    const [id] = probePattern.exec(digits) ?? [];
    return id === undefined ? [] : [{ header: sign.header, id }];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const state = readState(headers[header.name] ?? "", header);
  return {
    id: first.id,
    by: found.filter(({ id }) => id === first.id).map((each) => each.header),
    ...(state === undefined ? {} : { state }),
  };
}

const probePattern = new RegExp(`${prefix}[0-9a-f]{${probeDigits}}`);

function readState(value: string, { isList }: StateHeader): string | undefined {
  if (!isList) return value === "" ? undefined : value;
  for (const member of value.split(",")) {
    const [, state] = /^\s*wire\s*=([^;]*)/.exec(member) ?? [];
    if (state !== undefined) return state.trim();
  }
  return undefined;
}

function asUuid(digits: string): string {
  const parts = [8, 12, 16, 20].map((end, index, ends) => digits.slice(ends[index - 1] ?? 0, end));
  return [...parts, digits.slice(20)].filter((part) => part !== "").join("-");
}
