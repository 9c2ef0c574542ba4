import fc from "fast-check";
import { expect, test } from "vitest";
import { ipAddress } from "./ip-address.ts";

test.each([
  ["10.1.0.7", "10.1.0.7"],
  ["FD00:0:0:0:0:0:0:7", "fd00::7"],
  ["fd00::0007", "fd00::7"],
  ["::1", "::1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
])("%s is %s", (written, shown) => {
  expect(ipAddress(written)).toBe(shown);
});

test.each([
  "",
  "my-host",
  "10.1.0",
  "10.1.0.256",
  "010.1.0.7",
  "::ffff:10.1.0.7",
  "::ffff:a01:7",
  "::10.1.0.7",
  "[::1]",
  "fe80::1%eth0",
  ":",
  "1::2::3",
  "::1]/x[",
])("%s is none", (written) => {
  expect(ipAddress(written)).toBeUndefined();
});

test("never throws, and what it gives is its own form", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
      const address = ipAddress(text);
      if (address !== undefined) expect(ipAddress(address)).toBe(address);
    }),
  );
});
