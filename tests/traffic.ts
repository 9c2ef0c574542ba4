/** One request of a `traffic.txt` and what must become of it. */
export interface Traffic {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Null is `outside`. */
  readonly from: string | null;
  readonly to: string;
  /** `TCP` is a connection, which has neither path nor headers. */
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  /** In the pieces in which it is sent; none is no body. */
  readonly body: readonly string[];
  /** What the service is asked to answer, where it is not its own tree. */
  readonly answer?: Answer;
  readonly outcome: Outcome;
}

/** What a service answers. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: readonly string[];
}

/** What the caller gets, whoever answers it. */
export interface Got {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** What the caller should get: of the headers, those that are asked for, null for one that it must not get. */
interface Caller {
  readonly status?: number;
  readonly headers: readonly (readonly [string, string | null])[];
}

/** What becomes of a request: an answer by a proxy on the way, or the service gets it. */
export type Outcome =
  /** Of a connection: nothing came through. */
  | { readonly kind: "closed" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly caller?: Caller;
    }
  | {
      readonly kind: "reaches";
      readonly service: string;
      readonly version?: string;
      /** Values as the service sees them; null for a header that it must not see. */
      readonly headers: readonly (readonly [string, string | null])[];
      readonly caller?: Caller;
    };

/** What happened to a request, whoever carried it: the in-process host or real Envoys. */
export type Arrival =
  | { readonly kind: "closed" }
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly got?: Got }
  | {
      readonly kind: "reached";
      readonly service: string;
      readonly version?: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly got?: Got;
    };

const item = /([^\s=]+)=(?:"([^"]*)"|'([^']*)'|([^\s"']\S*))(?:\*(\d+))?/;
const items = `((?:\\s+${item.source.replaceAll(/\((?!\?)/g, "(?:")})*)`;
const lineShape = new RegExp(
  String.raw`^(\S+) -> (\S+)\s+(?:(TCP)|([A-Z]+)\s+(\/\S*))${items}(?:\s+answers\s+(\d{3})${items})?\s+=>\s+(\S.*)$`,
);

/** The headers and the body of one direction. */
function parseMessage(text: string): Pick<Answer, "headers" | "body"> {
  const headers: (readonly [string, string])[] = [];
  const body: string[] = [];
  for (const [, name = "", quoted, single, plain, times = "1"] of text.matchAll(new RegExp(item, "g"))) {
    const value = (quoted ?? single ?? plain ?? "").repeat(Number(times));
    if (name === ":body") body.push(value);
    else headers.push([name, value]);
  }
  return { headers, body };
}

/**
 * Read a `traffic.txt`; empty lines and those that start with `#` say nothing to us. A line is
 *
 *     CALLER -> CALLEE  METHOD PATH name=value name="with spaces"  =>  OUTCOME
 *
 * where the caller may be `outside`, and the outcome is `STATUS`, `STATUS BODY`, `SERVICE`, `SERVICE@VERSION`, or one of the last
 * two with `sees name: value, no name`. A connection to a store is `CALLER -> CALLEE  TCP  =>  CALLEE`, or `=>  closed`.
 *
 *     CALLER -> CALLEE  POST PATH :body='{"a":1}' :body="x"*9000  answers 503 name=value :body="text"  =>  OUTCOME; caller sees 503, name: value, no name
 *
 * A body is sent in the pieces that are written, `*N` is a text N times over. `answers` is what the service is asked to answer.
 */
export function parseTraffic(text: string): readonly Traffic[] {
  return text.split("\n").flatMap((row, index) => {
    if (row.trim() === "" || row.startsWith("#")) return [];
    const [
      ,
      from = "",
      to = "",
      tcp,
      method = tcp ?? "",
      path = "",
      request = "",
      status,
      answered = "",
      outcome = "",
    ] = lineShape.exec(row.trimEnd()) ?? [];
    const expected = parseOutcome(outcome);
    if (expected === undefined) throw new Error(`traffic line ${index + 1} cannot be read: ${row}`);
    return [
      {
        line: index + 1,
        text: row.trimEnd(),
        from: from === "outside" ? null : from,
        to,
        method,
        path,
        ...parseMessage(request),
        ...(status === undefined ? {} : { answer: { status: Number(status), ...parseMessage(answered) } }),
        outcome: expected,
      },
    ];
  });
}

/** What happened, told in the terms of what was expected: equal outcomes read alike. */
export function showArrival(arrival: Arrival, expected: Outcome): string {
  if (arrival.kind === "closed") return "closed";
  if (arrival.kind === "answer") {
    const said = expected.kind !== "answer" || expected.body !== undefined;
    return showOutcome({
      kind: "answer",
      status: arrival.status,
      ...(said && arrival.body !== "" ? { body: arrival.body } : {}),
      ...callerOf(arrival, expected),
    });
  }
  const asked = expected.kind === "reaches" ? expected : { headers: [], version: undefined };
  const version = asked.version === undefined ? undefined : arrival.version;
  return showOutcome({
    kind: "reaches",
    service: arrival.service,
    ...(version === undefined ? {} : { version }),
    headers: valuesOf(arrival.headers, asked.headers),
    ...callerOf(arrival, expected),
  });
}

/** What the caller got, of what it was asked for. */
function callerOf(
  { got }: Extract<Arrival, { readonly got?: Got }>,
  expected: Outcome,
): { readonly caller?: Caller } {
  const asked = expected.kind === "closed" ? undefined : expected.caller;
  if (asked === undefined) return {};
  return {
    caller: {
      ...(asked.status === undefined || got === undefined ? {} : { status: got.status }),
      headers: valuesOf(got?.headers ?? [], asked.headers),
    },
  };
}

function valuesOf(
  headers: readonly (readonly [string, string])[],
  asked: readonly (readonly [string, string | null])[],
): readonly (readonly [string, string | null])[] {
  return asked.map(([name]) => {
    const values = headers.filter(([key]) => key.toLowerCase() === name.toLowerCase());
    return [name, values.length === 0 ? null : values.map(([, value]) => value).join(",")];
  });
}

/** An outcome as it is written. */
export function showOutcome(outcome: Outcome): string {
  if (outcome.kind === "closed") return "closed";
  const { caller } = outcome;
  const facts = caller === undefined ? [] : showFacts(caller.headers);
  const status = caller?.status === undefined ? [] : [String(caller.status)];
  const got = caller === undefined ? "" : `; caller sees ${[...status, ...facts].join(", ")}`;
  if (outcome.kind === "answer")
    return `${[outcome.status, outcome.body].filter((part) => part !== undefined).join(" ")}${got}`;
  const service = outcome.version === undefined ? outcome.service : `${outcome.service}@${outcome.version}`;
  const seen = showFacts(outcome.headers);
  return `${seen.length === 0 ? service : `${service} sees ${seen.join(", ")}`}${got}`;
}

function showFacts(headers: readonly (readonly [string, string | null])[]): readonly string[] {
  return headers.map(([name, value]) => (value === null ? `no ${name}` : `${name}: ${value}`));
}

function parseOutcome(text: string): Outcome | undefined {
  if (text === "closed") return { kind: "closed" };
  const [own = "", told] = text.split(/;\s+caller\s+sees\s+/);
  const [, callerStatus, callerFacts] = /^(?:(\d{3})(?:,\s+|$))?(.*)$/.exec(told ?? "") ?? [];
  const got = parseFacts(callerFacts === "" ? undefined : callerFacts);
  if (got === undefined) return undefined;
  const caller =
    told === undefined
      ? {}
      : { caller: { ...(callerStatus === undefined ? {} : { status: Number(callerStatus) }), headers: got } };
  const [, status, body] = /^(\d{3})(?:\s+(.+))?$/.exec(own) ?? [];
  if (status !== undefined)
    return { kind: "answer", status: Number(status), ...(body === undefined ? {} : { body }), ...caller };
  const [, service, version, facts] = /^([^\s@]+)(?:@(\S+))?(?:\s+sees\s+(.+))?$/.exec(own) ?? [];
  const headers = parseFacts(facts);
  if (service === undefined || headers === undefined) return undefined;
  return { kind: "reaches", service, ...(version === undefined ? {} : { version }), headers, ...caller };
}

function parseFacts(facts: string | undefined): readonly (readonly [string, string | null])[] | undefined {
  const headers = (facts?.split(/,\s+/) ?? []).map((fact): readonly [string, string | null] | undefined => {
    const absent = /^no (\S+)$/.exec(fact)?.[1];
    if (absent !== undefined) return [absent, null];
    const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(fact) ?? [];
    return name === undefined ? undefined : [name, value ?? ""];
  });
  const known = headers.filter((header) => header !== undefined);
  return known.length < headers.length ? undefined : known;
}
