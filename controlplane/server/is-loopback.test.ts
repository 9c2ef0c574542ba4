import { expect, test } from "vitest";
import { isLoopback } from "./is-loopback.ts";

test.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost"])(
  "%s is this machine",
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each(["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "mesh.example", "127.0.0.1.example", ""])(
  "%s may be reached by others",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
