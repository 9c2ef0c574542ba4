import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hostOf } from "./filter.test-helper.ts";

test("any text is a name to ask for, though none of a header: what cannot be there reads as missing", async () => {
  const host = await hostOf(`export function onRequest(request: Request): void {
    const headers = request.headers;
    const name = utf8.decode(headers.get("name")!)!;
    const value = utf8.decode(headers.get("value")!)!;
    const joined = headers.getJoined(name);
    log.info((headers.get(name) === null).toString() + headers.has(name).toString() + headers.has(name, value).toString() +
      headers.getAll(name).length.toString() + (joined === null).toString() + headers.has("value", value).toString());
  }`);
  const text = fc.string({ unit: "grapheme", maxLength: 8 }).filter((each) => !/[\0\r\n]/.test(each));
  const wide = fc.tuple(text, text).map(([before, behind]) => `${before}日${behind}`);
  fc.assert(
    fc.property(wide, wide, (name, value) => {
      const headers = [
        ["name", name],
        ["value", value],
      ] as const;
      const { logs } = host.request({ headers });
      expect(logs.map(({ message }) => message)).toEqual(["truefalsefalse0truefalse"]);
    }),
    { numRuns: 2000 },
  );
  expect(host.failure).toBeNull();
});
