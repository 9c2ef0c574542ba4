import { expect, test } from "vitest";
import { declaredDataplanes } from "../language/check-imports.ts";
import { carriesState } from "./dataplane.ts";
import { priced } from "./priced.ts";

test.each([
  [
    "dataplane tcp\nact Connection {\n  action Allow(self, const service caller, const service callee)\n}",
    false,
  ],
  ["dataplane tcp\nact Connection {\n  action Deny(self),\n  action Count(self, const name name)\n}", false],
  ["dataplane light\nact Request {\n  action Deny(self)\n}", true],
  [
    "dataplane light\nact Connection {\n  action Deny(self)\n}\nact Response {\n  action SetHeader(self, const header name, string value)\n}",
    true,
  ],
  ['dataplane full\nimport "standard.cui";', true],
  ["dataplane none", false],
])(
  "of what a data plane offers it is told whether its proxies can carry the state of paths: %j",
  (text, expected) => {
    const [dataplane] = priced(declaredDataplanes([{ path: "a.cui", text }]));
    expect(dataplane === undefined ? undefined : carriesState(dataplane)).toBe(expected);
  },
);
