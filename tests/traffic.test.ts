import { expect, test } from "vitest";
import { parseTraffic, showArrival, showOutcome } from "./traffic.ts";

test("lines are read, comments are not", () => {
  const text = `# said before\n\nsearch -> rate  GET /a x-canary=true agent="my scraper/1"  =>  rate@v2 sees critical: true, no x-canary
outside -> frontend  POST /  =>  403 No scrapers, please.\n`;
  const [first, second] = parseTraffic(text);
  expect(first).toMatchObject({
    line: 3,
    from: "search",
    to: "rate",
    method: "GET",
    path: "/a",
    headers: [
      ["x-canary", "true"],
      ["agent", "my scraper/1"],
    ],
  });
  expect(first?.outcome).toEqual({
    kind: "reaches",
    service: "rate",
    version: "v2",
    headers: [
      ["critical", "true"],
      ["x-canary", null],
    ],
  });
  expect(second).toMatchObject({ from: null, outcome: { status: 403, body: "No scrapers, please." } });
  for (const line of parseTraffic(text)) expect(line.text).toContain(showOutcome(line.outcome));
});

test("a connection has neither path nor headers", () => {
  const lines = parseTraffic("job -> db  TCP  =>  closed\nweb -> db  TCP  =>  db");
  expect(lines.map(({ method, path, headers }) => [method, path, headers.length])).toEqual([
    ["TCP", "", 0],
    ["TCP", "", 0],
  ]);
  expect(lines.map(({ outcome }) => showOutcome(outcome))).toEqual(["closed", "db"]);
  const [closed, reaches] = lines;
  if (closed === undefined || reaches === undefined) throw new Error("the lines were not read");
  expect(showArrival({ kind: "closed" }, reaches.outcome)).toBe("closed");
  expect(showArrival({ kind: "reached", service: "db", headers: [] }, closed.outcome)).toBe("db");
});

test("what cannot be read is an error with its line", () => {
  expect(() => parseTraffic("\na -> b GET / 403")).toThrow("traffic line 2 cannot be read");
  expect(() => parseTraffic("a -> b  GET /  =>  b sees nothing")).toThrow("line 1");
});

test("what happened is told in the terms of what was expected", () => {
  const [line] = parseTraffic("a -> b  GET /  =>  b sees x: 1, no y");
  if (line === undefined) throw new Error("the line was not read");
  const headers = [
    ["X", "1"],
    ["other", "2"],
  ] as const;
  const reached = { kind: "reached", service: "b", version: "v1", headers } as const;
  expect(showArrival(reached, line.outcome)).toBe("b sees x: 1, no y");
  expect(showArrival({ ...reached, headers: [...headers, ["x", "2"]] }, line.outcome)).toBe(
    "b sees x: 1,2, no y",
  );
  expect(showArrival({ kind: "answer", status: 503, body: "" }, line.outcome)).toBe("503");
  expect(showArrival({ kind: "answer", status: 403, body: "no" }, { kind: "answer", status: 403 })).toBe(
    "403",
  );
});
