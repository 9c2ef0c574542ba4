import { type Action, bytesAt, intAt } from "../action.ts";
import { jsonField } from "../json.ts";
import { bodyOf } from "../run.ts";

const getBodySize: Action = (call) => {
  const [size, limit] = [BigInt(bodyOf(call.run).length), intAt(call, 0)];
  return size > limit ? limit + 1n : size;
};

const bodyContains: Action = (call) =>
  bodyOf(call.run)
    .slice(0, Number(intAt(call, 1)))
    .includes(bytesAt(call, 0));

const getJsonField: Action = (call) => {
  const body = bodyOf(call.run);
  return BigInt(body.length) > intAt(call, 1) ? undefined : jsonField(body, bytesAt(call, 0));
};

/** What a body says, of a request or a response. */
export const body: Readonly<Record<string, Action>> = {
  GetBodySize: getBodySize,
  BodyContains: bodyContains,
  GetJsonField: getJsonField,
};
