import { expect, test } from "vitest";
import { isCrossSite } from "./is-cross-site.ts";

test.each(["127.0.0.1:18001", "localhost:18001", "[::1]:18001", "localhost"])("%s is ours", (host) => {
  expect(isCrossSite({ host })).toBe(false);
  expect(isCrossSite({ host, origin: "https://elsewhere.example" })).toBe(true);
});

test.each(["elsewhere.example:18001", "127.0.0.1.elsewhere.example", "10.0.0.1", "", "a b"])(
  "`%s` may be another's name for this machine",
  (host) => {
    expect(isCrossSite({ host })).toBe(true);
  },
);
