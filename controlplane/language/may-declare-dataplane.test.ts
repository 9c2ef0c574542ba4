import { expect, test } from "vitest";
import { mayDeclareDataplane } from "./may-declare-dataplane.ts";

const may = (text: string): boolean => mayDeclareDataplane({ path: "a.cui", text });

test.each([
  ["a name", "dataplane sidecar\nact Request {}"],
  ["a cost", "cost: 10\nact Request {}"],
  ["several", "act Request {}\n---\nact Request {}"],
  ["a misspelled name", "datplane sidecar\nact Request {"],
  ["a cost in units", "cost: { cpu: 1mCPU }\nact Request {}"],
  ["a cost in units without its colon", "act Request {}\ncost { memory: 45 MiB }"],
  ["a misspelled cost in units", "cots: {}\nact Request {}"],
  ["a misspelled cost", "act Request {}\ncots: 10"],
  ["what an open comment may hide", "/* dataplane sidecar"],
  ["what is no text", "d\0a\0t\0a\0"],
])("%s may be a data plane's", (_, text) => {
  expect(may(text)).toBe(true);
});

test.each([
  [
    "nothing but declarations",
    "act Response: Request { action Count(self, const name name, int by = 1): int }",
  ],
  ["a comment about cost", "// cost: 10, as the dataplane has it\nact Request {}"],
  ["what is broken", "act Requ {"],
])("%s is none", (_, text) => {
  expect(may(text)).toBe(false);
});
