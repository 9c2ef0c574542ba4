import { type Action, bytesAt, type Invocation, intAt } from "../action.ts";
import { type Bytes, lower, toText } from "../bytes.ts";
import { matches } from "../regex.ts";

/** A question about a text; of an absent one nothing is true. */
const asks =
  (holds: (text: Bytes, other: Bytes) => boolean): Action =>
  (call) =>
    call.values[0] !== undefined && holds(bytesAt(call, 0), bytesAt(call, 1));

const toInt: Action = (call) => {
  const [text, otherwise] = [bytesAt(call, 0), intAt(call, 1)];
  if (!/^-?[0-9]+$/.test(text)) return otherwise;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : otherwise;
};

const isAbsent = ({ values }: Invocation): boolean => values[0] === undefined;

/** What is done to values. The value comes first. */
export const text: Readonly<Record<string, Action>> = {
  "string.Matches": asks((text, pattern) => matches(toText(pattern) ?? "", text)),
  "string.Contains": asks((text, other) => text.includes(other)),
  "string.StartsWith": asks((text, other) => text.startsWith(other)),
  "string.EndsWith": asks((text, other) => text.endsWith(other)),
  "string.Length": (call) => BigInt(bytesAt(call, 0).length),
  "string.ToLower": (call) => (isAbsent(call) ? undefined : lower(bytesAt(call, 0))),
  "string.ToInt": toInt,
  "int.ToString": (call) => intAt(call, 0).toString(),
};
