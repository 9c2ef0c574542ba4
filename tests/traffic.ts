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
  readonly outcome: Outcome;
}

/** What becomes of a request: an answer by a proxy on the way, or the service gets it. */
export type Outcome =
  /** Of a connection: nothing came through. */
  | { readonly kind: "closed" }
  | { readonly kind: "answer"; readonly status: number; readonly body?: string }
  | {
      readonly kind: "reaches";
      readonly service: string;
      readonly version?: string;
      /** Values as the service sees them; null for a header that it must not see. */
      readonly headers: readonly (readonly [string, string | null])[];
    };

/** What happened to a request, whoever carried it: the in-process host or real Envoys. */
export type Arrival =
  | { readonly kind: "closed" }
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  | {
      readonly kind: "reached";
      readonly service: string;
      readonly version?: string;
      readonly headers: readonly (readonly [string, string])[];
    };

/**
 * Read a `traffic.txt`; empty lines and those that start with `#` say nothing to us. A line is
 *
 *     CALLER -> CALLEE  METHOD PATH name=value name="with spaces"  =>  OUTCOME
 *
 * where the caller may be `outside`, and the outcome is `STATUS`, `STATUS BODY`, `SERVICE`, `SERVICE@VERSION`, or one of the last
 * two with `sees name: value, no name`. A connection to a store is `CALLER -> CALLEE  TCP  =>  CALLEE`, or `=>  closed`.
 */
export function parseTraffic(text: string): readonly Traffic[] {
  return text.split("\n").flatMap((row, index) => {
    if (row.trim() === "" || row.startsWith("#")) return [];
    const match =
      /^(\S+) -> (\S+)\s+(?:(TCP)|([A-Z]+)\s+(\/\S*))((?:\s+[^\s=]+=(?:"[^"]*"|[^\s"]\S*))*)\s+=>\s+(\S.*)$/.exec(
        row.trimEnd(),
      );
    const [, from = "", to = "", tcp, method = tcp ?? "", path = "", headers = "", outcome = ""] =
      match ?? [];
    const expected = match === null ? undefined : parseOutcome(outcome);
    if (expected === undefined) throw new Error(`traffic line ${index + 1} cannot be read: ${row}`);
    return [
      {
        line: index + 1,
        text: row.trimEnd(),
        from: from === "outside" ? null : from,
        to,
        method,
        path,
        headers: [...headers.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S+))/g)].map(
          ([, name = "", quoted, plain]) => [name, quoted ?? plain ?? ""] as const,
        ),
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
    });
  }
  const asked = expected.kind === "reaches" ? expected : { headers: [], version: undefined };
  const version = asked.version === undefined ? undefined : arrival.version;
  return showOutcome({
    kind: "reaches",
    service: arrival.service,
    ...(version === undefined ? {} : { version }),
    headers: asked.headers.map(([name]) => {
      const values = arrival.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase());
      return [name, values.length === 0 ? null : values.map(([, value]) => value).join(",")];
    }),
  });
}

/** An outcome as it is written. */
export function showOutcome(outcome: Outcome): string {
  if (outcome.kind === "closed") return "closed";
  if (outcome.kind === "answer")
    return [outcome.status, outcome.body].filter((part) => part !== undefined).join(" ");
  const service = outcome.version === undefined ? outcome.service : `${outcome.service}@${outcome.version}`;
  const facts = outcome.headers.map(([name, value]) => (value === null ? `no ${name}` : `${name}: ${value}`));
  return facts.length === 0 ? service : `${service} sees ${facts.join(", ")}`;
}

function parseOutcome(text: string): Outcome | undefined {
  if (text === "closed") return { kind: "closed" };
  const [, status, body] = /^(\d{3})(?:\s+(.+))?$/.exec(text) ?? [];
  if (status !== undefined)
    return { kind: "answer", status: Number(status), ...(body === undefined ? {} : { body }) };
  const [, service, version, facts] = /^([^\s@]+)(?:@(\S+))?(?:\s+sees\s+(.+))?$/.exec(text) ?? [];
  if (service === undefined) return undefined;
  const headers = (facts?.split(/,\s+/) ?? []).map((fact): readonly [string, string | null] | undefined => {
    const absent = /^no (\S+)$/.exec(fact)?.[1];
    if (absent !== undefined) return [absent, null];
    const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(fact) ?? [];
    return name === undefined ? undefined : [name, value ?? ""];
  });
  const known = headers.filter((header) => header !== undefined);
  if (known.length < headers.length) return undefined;
  return { kind: "reaches", service, ...(version === undefined ? {} : { version }), headers: known };
}
