import { describe, expect, test } from "vitest";
import type { Answered, Examination, Sighting, Verdict } from "./examination.ts";
import { judge } from "./judge.ts";

/** `a>b c>d`: calls. `>b`: the proxy of `b` looks at what comes in; `b>`: at what goes out. */
function examination(calls: string, proxies: string, services: string): Examination {
  const names = services.split(" ");
  const looking = proxies.split(" ");
  return {
    ...{ id: "e", stateHeader: "tracestate" },
    calls: calls.split(" ").map((call) => {
      const [from = "", to = ""] = call.split(">");
      return [from, to] as const;
    }),
    inbound: looking.filter((each) => each.startsWith(">")).map((each) => each.slice(1)),
    outbound: looking.filter((each) => each.endsWith(">")).map((each) => each.slice(0, -1)),
    services: names.map((service) => ({
      ...{
        service,
        protocol: "http",
        endpoints: [],
        probe: `probe of ${service}`,
        headers: {},
        state: "r.1",
      },
    })),
  };
}

/** `a: b>c whole`: of the probe of `a`, the proxy of `c` saw the state in a request from `b`; `?>c` is from nobody knows whom, `b>` going out. */
function seen(...lines: readonly string[]): readonly Sighting[] {
  return lines.map((line): Sighting => {
    const [, of, from = "", to = "", what = ""] = /^(\w+): ([\w?]+)>(\w*) (\w+)$/.exec(line) ?? [];
    const state = { whole: { state: "r.1" }, updated: { state: "r.2" } }[what] ?? {};
    const place =
      to === ""
        ? ({ service: from, direction: "outbound" } as const)
        : ({ service: to, direction: "inbound", ...(from === "?" ? {} : { from }) } as const);
    return { probe: `probe of ${of}`, ...place, by: ["traceparent"], ...state };
  });
}

const ok: Answered = { kind: "status", status: 200 };

function verdicts(
  asked: Examination,
  sightings: readonly Sighting[],
  answers: Readonly<Record<string, Answered>> = {},
): Readonly<Record<string, Verdict>> {
  const all = asked.services.map(({ service }) => [service, answers[service] ?? ok] as const);
  return Object.fromEntries(judge(asked, { sightings, answers: new Map(all) }));
}

const forwards = { kind: "forwards" };
const drops = (...to: readonly string[]): Verdict => ({ kind: "drops", headers: ["traceparent"], to });

test("a service that is to hand on an id alone does so, or not even that", () => {
  const { services, ...rest } = examination("a>b", "a>", "a");
  const asked = (forwards: string): Examination => ({
    ...rest,
    services: services.map((each) => ({ ...each, forwards })),
  });
  expect(verdicts(asked("traceparent"), seen("a: a> bare"))).toEqual({ a: forwards });
  expect(verdicts(asked("x-request-id"), seen("a: a> bare"))).toEqual({ a: drops() });
});

describe("next to a proxy", () => {
  const asked = examination("a>b a>c", ">b >c", "a");

  test("a service hands on the state, or not, or to some", () => {
    expect(verdicts(asked, seen("a: a>b whole", "a: a>c whole"))).toEqual({ a: forwards });
    expect(verdicts(asked, seen("a: a>b bare", "a: a>c bare"))).toEqual({ a: drops("b", "c") });
    expect(verdicts(asked, seen("a: a>b whole", "a: a>c bare"))).toEqual({ a: drops("c") });
  });

  test("one call of several with it is enough, as retries and health checks are", () => {
    expect(verdicts(asked, seen("a: a>b bare", "a: a>b whole"))).toEqual({ a: forwards });
  });

  test("its own proxy sees all that it sends", () => {
    const own = examination("a>b b>c", "a> >c", "a b");
    expect(verdicts(own, seen("a: a> bare", "b: b>c whole"))).toEqual({ a: drops(), b: forwards });
  });

  test("nothing that is seen is no blame", () => {
    expect(verdicts(asked, [])).toEqual({ a: { kind: "silent", status: 200 } });
    const why = "127.0.0.1:80: refused";
    expect(verdicts(asked, [], { a: { kind: "failed", why } })).toEqual({ a: { kind: "unasked", why } });
    // It had no time to answer, and was seen to call.
    expect(verdicts(asked, seen("a: a>b bare"), { a: { kind: "failed", why } })).toEqual({ a: drops("b") });
  });

  test("requests of others are not about it", () => {
    expect(verdicts(asked, seen("other: a>b bare"))).toEqual({ a: { kind: "silent", status: 200 } });
  });
});

describe("behind services without proxies", () => {
  const asked = examination("a>b b>c c>d", ">d", "a b c");

  test("who is nearest to a proxy is judged first, and only one is blamed", () => {
    expect(verdicts(asked, seen("a: c>d whole", "b: c>d whole", "c: c>d whole"))).toEqual({
      ...{ a: forwards, b: forwards, c: forwards },
    });
    expect(verdicts(asked, seen("a: c>d bare", "b: c>d bare", "c: c>d whole"))).toEqual({
      ...{ b: drops("d"), c: forwards },
      a: { kind: "behind", services: ["b"] },
    });
    expect(verdicts(asked, seen("a: c>d bare", "b: c>d whole", "c: c>d whole"))).toEqual({
      ...{ a: drops("d"), b: forwards, c: forwards },
    });
  });

  test("of what is behind one that hands on nothing nobody knows", () => {
    expect(verdicts(asked, [])).toEqual({
      a: { kind: "behind", services: ["b", "c"] },
      b: { kind: "behind", services: ["c"] },
      c: { kind: "silent", status: 200 },
    });
  });

  test("several ways to the proxy clear whom all of them hand on", () => {
    const two = examination("a>b a>c b>d c>d", ">d", "a b c");
    const both = seen("b: b>d whole", "c: c>d bare");
    expect(verdicts(two, [...both, ...seen("a: b>d whole", "a: c>d bare")])).toEqual({
      ...{ a: forwards, b: forwards, c: drops("d") },
    });
    // Nobody knows by whom it came.
    expect(verdicts(two, [...both, ...seen("a: ?>d bare")])).toMatchObject({
      a: { kind: "behind", services: ["c"] },
    });
  });

  test("where nobody looks, nothing is known", () => {
    expect(verdicts(examination("a>b b>c", ">x", "a"), [])).toEqual({ a: { kind: "unseen" } });
  });
});

describe("behind proxies that update states", () => {
  test("what comes on from there is about those who are there", () => {
    const asked = examination("a>b b>c", ">b >c", "a b");
    const sightings = seen("a: a>b whole", "a: b>c updated", "b: b>c whole");
    expect(verdicts(asked, sightings)).toEqual({ a: forwards, b: forwards });
    expect(verdicts(asked, seen("a: a>b whole", "a: b>c bare", "b: b>c bare"))).toEqual({
      a: forwards,
      b: drops("c"),
    });
  });

  test("a state that nothing is asked of any more may end there", () => {
    const asked = examination("a>b b>c", ">b >c", "a b");
    const sightings = seen("a: a>b whole", "a: b>c bare", "b: b>c whole");
    expect(verdicts(asked, sightings)).toEqual({ a: forwards, b: forwards });
  });

  test("another state than that of the probe is none that was handed on", () => {
    const asked = examination("a>b", ">b", "a");
    expect(verdicts(asked, seen("a: a>b updated"))).toEqual({ a: { kind: "silent", status: 200 } });
  });

  test("on a circle nobody is blamed for what another one has lost", () => {
    const circle = examination("a>b b>a a>c", ">b >c", "a b");
    const sightings = seen("a: a>b whole", "a: a>c bare", "b: a>c bare", "b: a>b bare");
    expect(verdicts(circle, sightings)).toEqual({ a: forwards, b: drops("c", "b") });
    const own = seen("a: a>b whole", "a: a>c bare", "b: a>c whole", "b: a>b whole");
    expect(verdicts(circle, own)).toEqual({ a: drops("c"), b: forwards });
  });
});
