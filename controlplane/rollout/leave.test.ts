import { expect, test } from "vitest";
import { leaveCommand, leaveText } from "./leave.ts";

/** Of `rate` and `user` there is no proxy any more, of `geo` there is one. */
function setUp(unkept?: string) {
  const left = new Set<string>();
  const told: string[] = [];
  const command = leaveCommand(
    {
      async forceLeave(services) {
        const unknown = services.filter((name) => !["rate", "user", "geo"].includes(name));
        const connected = services.filter((name) => name === "geo");
        if (unknown.length + connected.length === 0) for (const name of services) left.add(name);
        return { unknown, connected, ...(unkept === undefined ? {} : { unkept }) };
      },
    },
    (report) => told.push(leaveText(report)),
  );
  return { left, told, command };
}

test("proxies that are gone leave, and that is told of", async () => {
  const { left, told, command } = setUp();
  expect(await command({ services: ["rate"] })).toEqual({ status: 200, value: { left: ["rate"] } });
  expect(await command({ services: ["user", "rate", "user"] })).toMatchObject({
    value: { left: ["rate", "user"] },
  });
  expect([...left]).toEqual(["rate", "user"]);
  expect(told).toEqual([
    "no change waits for the proxy of rate any more, until it connects again",
    "no change waits for the proxies of rate, user any more, until they connect again",
  ]);
});

test("that it cannot be kept is a part of the answer", async () => {
  const { command } = setUp("[state] the disk is full");
  expect(await command({ services: ["rate"] })).toEqual({
    status: 200,
    value: { left: ["rate"], unkept: "[state] the disk is full" },
  });
});

test.each([
  [{ services: ["rate", "x"] }, 404, "no proxy of x is to run"],
  [{ services: ["rate", "geo"] }, 409, "of geo a proxy is connected, so it has not left"],
  ...[undefined, null, [], {}, { services: "rate" }, { services: [] }, { services: [1] }].map(
    (body) => [body, 400, 'whose proxies have left is {"services": ["NAME"]}'] as const,
  ),
] as const)("%j lets none leave", async (body, status, error) => {
  const { left, told, command } = setUp();
  expect(await command(body)).toEqual({ status, value: { error } });
  expect([left.size, told]).toEqual([0, []]);
});
