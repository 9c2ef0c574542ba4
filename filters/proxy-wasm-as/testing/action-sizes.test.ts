import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { verifyModule } from "../build/verify-module.ts";
import { type ActionModule, actionModule } from "./action-module.test-helper.ts";

async function build(module: ActionModule, extra = ""): Promise<Uint8Array> {
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: extra + actionModule(module) });
  expect(stderr).toBe("");
  return bytes;
}

const files = ["body", "headers", "state", "telemetry"];

test("what is imported and not used costs no bytes", async () => {
  const module = { imports: {}, request: 'deny(403, b"");' };
  const all = files.map((file) => `import * as ${file} from "proxy-wasm-as/assembly/actions/${file}";\n`);
  expect((await build(module, all.join(""))).length).toBe((await build(module)).length);
});

test("all of it together is a module that a proxy may be given", async () => {
  const module = await build({
    imports: {
      "actions/body": "bodyContains, getBodySize, getJsonField",
      "actions/headers": "addHeader, getHeader, getHeaders, hasHeader, removeHeader, setHeader",
      "actions/state":
        "acquire, getCount, increment, isGreaterThan, isTimeSince, release, resetCounter, resetTimer, SLOT, state, takeToken",
      "actions/telemetry": "count, getStatus, histogram, isRequestStatus, log, tagAccessLog",
    },
    configure: 'state(s0, b"p/c"); state(s1, b"p/t"); state(s2, b"p/b"); state(s3, b"p/l");',
    response: `number(getStatus()); number(isRequestStatus(true)); addHeader(b"a", b"b"); removeHeader(b"c");
      show(getHeaders(b"a")); number(hasHeader(b"a", b"b")); setHeader(b"a", getHeader(b"b"));`,
    requestBody: `number(getBodySize(9)); number(bodyContains(b"a", 9)); show(getJsonField(b"a.b", 9));
      count(m0, b"a", 1); histogram(m1, b"a", 1); log(b"a", 2); tagAccessLog(b"a", b"b");
      increment(s0, 1); number(isGreaterThan(s0, 1)); resetCounter(s0); number(isTimeSince(s1, 5)); resetTimer(s1);
      number(takeToken(s2, 1.5, 3)); number(acquire(s3, 5)); number(getCount(s0));`,
    rest: `${[0, 1, 2, 3].map((n) => `const s${n}: usize = memory.data(SLOT);`).join("\n")}
const m0: usize = memory.data(4);
const m1: usize = memory.data(4);
export function proxy_on_log(context: u32): void { release(context); }
export function proxy_on_delete(context: u32): void { release(context); deleted(context); }`,
  });
  expect(verifyModule(module)).toEqual([]);
  // The SDK's share; the formatting of numbers that this test uses is half as much again.
  expect(module.length).toBeLessThan(16_384);
});
