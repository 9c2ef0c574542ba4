import { expect, test } from "vitest";
import { fromJson } from "./from-json.ts";

// That a placement is read as it was printed is tried with random ones, in `check-case.test-helper.ts`.
const placed = { policy: "p", side: "egress", calls: [["a", "b"]] };
const proxy = { service: "a", dataplane: "envoy", stamps: false, policies: [placed] };
const whole = { status: "optimal", cost: 1, bound: 1, ms: 2.5, proxies: [proxy], unmatched: [] };

function read(value: unknown): ReturnType<typeof fromJson> {
  return fromJson({ path: "last.json", text: typeof value === "string" ? value : JSON.stringify(value) }, []);
}

test("a placement whose policies are gone is one", () => {
  const { placement, diagnostics } = read(whole);
  expect(diagnostics).toEqual([]);
  const { ms: _, ...rest } = whole;
  expect(placement).toEqual({
    ...rest,
    proxies: [{ ...proxy, policies: [{ ...placed, section: "either" }] }],
  });
});

const withProxy = (change: object) => ({ ...whole, proxies: [{ ...proxy, ...change }] });
const withPolicy = (change: object) => withProxy({ policies: [{ ...placed, ...change }] });

test.each([
  ["", "it is not JSON"],
  ["name: mesh", "it is not JSON"],
  [[], "it is no object"],
  [{ diagnostics: [] }, "it holds diagnostics, and no placement"],
  [{ ...whole, status: "good" }, "`status` is neither `optimal` nor `feasible`"],
  [{ ...whole, cost: "1" }, "`cost` is no number"],
  [{ ...whole, bound: null }, "`bound` is no number"],
  [{ ...whole, unmatched: [1] }, "`unmatched` is no list of names"],
  [{ ...whole, proxies: {} }, "`proxies` is no list"],
  [{ ...whole, proxies: [proxy, proxy] }, "`a` has two proxies"],
  [{ ...whole, proxies: [1] }, "in `proxies[0]` there is no object"],
  [withProxy({ service: 1 }), "in `proxies[0]` `service` is no name"],
  [withProxy({ dataplane: 1 }), "in `proxies[0]` `dataplane` is no name"],
  [withProxy({ stamps: 1 }), "in `proxies[0]` `stamps` is neither `true` nor `false`"],
  [withProxy({ policies: 1 }), "in `proxies[0]` `policies` is no list"],
  [withProxy({ policies: [1] }), "in `proxies[0]` `policies[0]` is no object"],
  [withPolicy({ policy: 1 }), "in `proxies[0]` `policy` of `policies[0]` is no name"],
  [
    withPolicy({ side: "either" }),
    "in `proxies[0]` `side` of `policies[0]` is neither `egress` nor `ingress`",
  ],
  [withPolicy({ calls: 1 }), "in `proxies[0]` `calls` of `policies[0]` is no list of `[from, to]`"],
  [withPolicy({ calls: [["a"]] }), "in `proxies[0]` `calls` of `policies[0]` is no list of `[from, to]`"],
  [
    withPolicy({ calls: [["a", "b", [1]]] }),
    "in `proxies[0]` `calls` of `policies[0]` is no list of `[from, to]`",
  ],
])("%j is none", (value, wrong) => {
  const { placement, diagnostics } = read(value);
  expect(placement).toBeUndefined();
  expect(diagnostics).toMatchObject([
    { code: "PLC0109", severity: "error", message: `the last placement cannot be read: ${wrong}` },
  ]);
});
