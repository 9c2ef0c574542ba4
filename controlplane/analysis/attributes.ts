import { phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, Side } from "../language/policy.ts";
import { textOf } from "../language/statements-in.ts";
import { touchedBy } from "./footprint.ts";
import type { Texts } from "./tell-apart.ts";
import { operate, type TrialValue } from "./trial-value.ts";

// What policies ask about has a name: `request:x-tier`, `request::path`, `response::status`, `query page`, `claim sub`, `request body`,
// `request field user.name`, and of states `count POLICY SIDE NAME` and `elapsed POLICY SIDE NAME`.

/** Where a call stands. */
export interface Standing {
  readonly policy: CopperPolicy;
  readonly side: Side;
}

/** The names of what a call is told about; none for what tells nothing. */
export function attributesOf(call: Call, { policy, side }: Standing): readonly string[] {
  const phase = phaseOf(policy);
  switch (call.action) {
    case "GetHeader":
    case "GetHeaders":
    case "HasHeader":
    case "GetMethod":
    case "GetPath":
    case "GetHost":
    case "GetStatus":
    case "IsRequestStatus":
      return touchedBy(call, phase).reads ?? [];
    case "GetQuery":
      // A query stands in the path, and neither decides the other.
      return [`query ${textOf(call, 0)}`];
    case "GetClaim":
      return [`claim ${textOf(call, 0)}`];
    case "GetJsonField":
      return [`${phase} field ${textOf(call, 0)}`];
    case "GetBodySize":
    case "BodyContains":
      return [`${phase} body`];
    case "Counter.GetCount":
    case "Counter.IsGreaterThan":
      return [`count ${policy.name} ${side} ${call.state}`];
    case "Timer.IsTimeSince":
      return [`elapsed ${policy.name} ${side} ${call.state}`];
    default:
      return [];
  }
}

/** What a call yields where the attributes that it is about are these: of a header all values. Undefined where it is about none. */
export function toldBy(
  call: Call,
  given: readonly TrialValue[],
  [own = [], other = []]: readonly (readonly TrialValue[])[],
): TrialValue {
  const [first] = own;
  switch (call.action) {
    case "GetHeaders":
      return own.length === 0 ? undefined : own.join();
    case "HasHeader":
      if (call.arguments.length < 2) return own.length > 0;
      return given[1] !== undefined && own.includes(given[1]);
    case "GetPath":
      return String(first).replace(/\?.*$/s, "");
    case "IsRequestStatus": {
      const [grpc = "0"] = other;
      return (Number(first) >= 500 || grpc !== "0") === (given[0] === "FAILED");
    }
    case "GetBodySize": {
      const [size, limit] = [BigInt(String(first).length), BigInt(Number(given[0]))];
      return size > limit ? limit + 1n : size;
    }
    case "BodyContains":
      return String(first).slice(0, Number(given[1])).includes(String(given[0]));
    case "GetJsonField":
      // The field stands in a body of no more than so many bytes, between quotes and behind its name.
      return String(first ?? "").length + textOf(call, 0).length + fieldFrame > Number(given[1])
        ? undefined
        : first;
    case "Counter.IsGreaterThan":
      return operate(">", first, given[0]);
    case "Timer.IsTimeSince":
      return operate(">=", first, given[0]);
    default:
      return first;
  }
}

/** `{"":""}` around a name and a text. */
const fieldFrame = 7;

/** What an attribute may be: a number from 0, or from one to another, or a text, which some may lack. */
export type Range =
  | { readonly kind: "number"; readonly least: bigint; readonly most?: bigint }
  | {
      readonly kind: "text";
      readonly texts: Texts;
      readonly isOptional: boolean;
      readonly isHeader: boolean;
    };

export function rangeOf(attribute: string): Range {
  if (attribute === "response::status") return { kind: "number", least: 200n, most: 599n };
  if (/^(count|elapsed) /.test(attribute)) return { kind: "number", least: 0n };
  const always = { kind: "text", isOptional: false, isHeader: false } as const;
  // RFC 9110 and 3986, as far as Envoy lets it through.
  switch (attribute) {
    case "request::method":
      return { ...always, texts: { ...headerText, bytes: bytesOf(/[\w!#$%&'*+.^`|~-]/), mayBeEmpty: false } };
    case "request::path":
      return {
        ...always,
        texts: { ...headerText, begin: "/", bytes: bytesOf(/[\x21-\x22\x24-\x3e\x40-\x7e\x80-\xff]/) },
      };
    case "request::authority":
      return { ...always, texts: { ...headerText, bytes: bytesOf(/[\w.:~[\]-]/), mayBeEmpty: false } };
    case "request body":
    case "response body":
      return { ...always, texts: anyText };
    default: {
      const isHeader = /^(request|response):/.test(attribute);
      return { kind: "text", isOptional: true, isHeader, texts: isHeader ? headerText : anyText };
    }
  }
}

/** Those bytes that are such characters. */
function bytesOf(characters: RegExp): readonly number[] {
  return Array.from({ length: 256 }, (_, byte) => byte).filter((byte) =>
    characters.test(String.fromCharCode(byte)),
  );
}

const headerText: Texts = {
  begin: "",
  bytes: bytesOf(/[\t\x20-\x7e\x80-\xff]/),
  isTrimmed: true,
  mayBeEmpty: true,
};
const anyText: Texts = { begin: "", bytes: bytesOf(/[\s\S]/), isTrimmed: false, mayBeEmpty: true };
