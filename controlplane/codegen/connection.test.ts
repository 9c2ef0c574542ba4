import { beforeAll, describe, expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { tryModule } from "../../filters/proxy-wasm-as/build/try-module.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";
import { checkCopper } from "../language/check.ts";
import type { CopperPolicy } from "../language/policy.ts";
import { generate } from "./generate.ts";
import { refusedCallers } from "./refused-callers.ts";
import { switchedOff } from "./switched-off.ts";

const addresses: Readonly<Record<string, readonly string[]>> = {
  web: ["127.1.0.1", "127.2.0.1"],
  api: ["127.1.0.2", "127.2.0.2"],
  job: ["127.1.0.3", "127.2.0.3"],
};
const facts = `@self\tdb\n${Object.entries(addresses)
  .map(([name, list]) => `@peer\t${name}\t${list.join(",")}\n`)
  .join("")}`;

function policies(text: string): readonly CopperPolicy[] {
  const { policies: found, diagnostics } = checkCopper({ path: "policy.cup", text });
  expect(diagnostics).toEqual([]);
  return found;
}

const guard = (body: string, name = "guard"): string => `policy ${name} (
    act (Connection connection)
    context ('. -> db')
) {
    ${body}
}
`;

async function module(text: string): Promise<Uint8Array> {
  const { bytes, stderr } = await assemble({ entry: generate(policies(text), { over: "tcp" }) });
  if (bytes === undefined) throw new Error(stderr);
  expect(verifyModule(bytes)).toEqual([]);
  return bytes;
}

/** Whether a host lets each caller through, and a stranger. */
const admits = (host: Host): Readonly<Record<string, boolean>> =>
  Object.fromEntries(
    [...Object.entries(addresses), ["stranger", ["203.0.113.1"]] as const].map(([name, list]) => [
      name,
      list.every((address) => host.connect({ address }).isOpen),
    ]),
  );

describe("a module for connections", () => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = await module(
      guard('Allow(connection, "web", "db"); Allow(connection, "api"); CountBytes(connection, "db");'),
    );
  });
  const configuration = `${facts}guard\tinbound\t*\tenforce\n`;

  test("lets the callers through that a policy admits, at all of their addresses", () => {
    expect(tryModule(bytes, configuration)).toEqual([]);
    expect(admits(createHost(bytes, { configuration }))).toEqual({
      web: true,
      api: true,
      job: false,
      stranger: false,
    });
  });

  test("tells who is refused before anybody comes", async () => {
    const slotOf = (from: Uint8Array, text: string) => ({
      name: "slot",
      vmId: "vm",
      configuration: text,
      module: {
        sha256: "",
        bytes: from,
        policies: [],
        failure: "closed",
        imports: [],
        exports: [],
        actions: [],
        tags: [],
      } as const,
    });
    const refused = (slots: Parameters<typeof refusedCallers>[0]) =>
      refusedCallers(slots, Object.keys(addresses), (name) => addresses[name] ?? []);
    expect(refused([slotOf(bytes, configuration)])).toEqual({
      except: true,
      list: ["127.1.0.1", "127.1.0.2", "127.2.0.1", "127.2.0.2"],
    });
    const denies = slotOf(
      await module(guard('if (GetCaller(connection) == "web") Deny(connection);')),
      configuration,
    );
    expect(refused([denies])).toEqual({ except: false, list: ["127.1.0.1", "127.2.0.1"] });
    expect(refused([slotOf(bytes, configuration), denies])).toEqual({
      except: true,
      list: ["127.1.0.2", "127.2.0.2"],
    });
    expect(refused([])).toEqual({ except: false, list: [] });
  });

  test("counts the bytes of what it let through, until it is closed", () => {
    const host = createHost(bytes, { configuration });
    const [first, second] = ["127.1.0.1", "127.1.0.2"].map((address) => host.connect({ address }));
    first?.receive(10);
    second?.receive(1);
    second?.send(100);
    first?.close();
    second?.send(1000);
    second?.close();
    host.connect({ address: "127.1.0.3" }).receive(7);
    expect(Object.fromEntries(host.metrics)).toMatchObject({ "wire.db.received": 11, "wire.db.sent": 1100 });
  });

  test("audited it lets everybody through and counts those that it would not", () => {
    const host = createHost(bytes, { configuration: `${facts}guard\tinbound\t*\taudit\n` });
    expect(admits(host)).toEqual({ web: true, api: true, job: true, stranger: true });
    // It would have counted bytes for the first two callers, and refused the others: two addresses each, and a stranger's.
    expect(host.metrics.get("wire.audit.guard")).toBe(7);
    expect(host.metrics.get("wire.db.received")).toBe(0);
  });

  test("closes, when it is told, what is open from there, and what comes", () => {
    const host = createHost(bytes, { configuration });
    const [web, api] = ["127.2.0.1", "127.1.0.2"].map((address) => host.connect({ address }));
    expect(host.configure(`${configuration}@close\t127.1.0.1,127.2.0.1\n`)).toBe(true);
    expect([web?.isOpen, api?.isOpen]).toEqual([false, true]);
    expect(admits(host)).toMatchObject({ web: false, api: true });
    expect(api?.receive(1)).toBe(true);
    // Another one is not about it, and all but nobody is everybody.
    expect(host.configure(configuration)).toBe(true);
    expect(admits(host)).toMatchObject({ web: true, api: true });
    expect(host.configure(`${configuration}@close\t!127.1.0.1,127.2.0.1\n`)).toBe(true);
    expect(api?.isOpen).toBe(false);
    expect(admits(host)).toMatchObject({ web: true, api: false });
  });

  test("switched off lets everybody through, and closes, when it is back, whom it is told to", () => {
    const host = createHost(bytes, { configuration });
    expect(host.configure(switchedOff(configuration, ["guard"]))).toBe(true);
    expect(admits(host)).toEqual({ web: true, api: true, job: true, stranger: true });
    expect(host.metrics.get("wire.db.received")).toBe(0);
    const [web, job] = ["127.2.0.1", "127.1.0.3"].map((address) => host.connect({ address }));
    expect(host.configure(`${configuration}@close\t!127.1.0.1,127.2.0.1\n`)).toBe(true);
    expect([web?.isOpen, job?.isOpen]).toEqual([true, false]);
  });

  test("keeps apart the stores that a caller reaches through one VM", () => {
    const to = (callee: string): string => `@self\tweb\n@callee\t${callee}\nguard\toutbound\t*\tenforce\n`;
    const host = createHost(bytes, { configuration: to("db") });
    const address = "127.1.0.1";
    const db = host.connect({ address });
    expect(host.configure(to("cache"))).toBe(true);
    // `Allow` of any callee for `api`, and of `db` alone for `web`.
    expect(host.connect({ address }).isOpen).toBe(false);
    expect(host.configure(`${to("cache")}@close\t!\n`)).toBe(true);
    expect(db.isOpen).toBe(true);
    expect(host.configure(`${to("db")}@close\t!\n`)).toBe(true);
    expect(db.isOpen).toBe(false);
  });

  test("remembers many, and forgets each", () => {
    const host = createHost(bytes, { configuration });
    const open = Array.from({ length: 300 }, () => host.connect({ address: "127.1.0.1" }));
    for (const [index, each] of open.entries()) if (index % 3 === 0) each.close();
    for (const each of open) each.receive(1);
    expect(host.metrics.get("wire.db.received")).toBe(200);
    expect(host.configure(`${configuration}@close\t!\n`)).toBe(true);
    expect(open.filter((each) => each.isOpen)).toEqual([]);
    expect(host.failure).toBeNull();
  });
});

describe("states", () => {
  const configuration = `${facts}guard\tinbound\t*\tenforce\n`;
  const stateful = (using: string, body: string): Promise<Uint8Array> =>
    module(guard(`[Ingress] ${body}`).replace("    context", `    using (${using})\n    context`));

  test("hold a store to so many connections at a time", async () => {
    const bytes = await stateful("ConcurrencyLimit few", "if (!few.Acquire(2)) { Deny(connection); }");
    const host = createHost(bytes, { configuration, workers: 2 });
    const open = Array.from({ length: 4 }, () => host.connect({ address: "127.1.0.1" }));
    expect(open.map((each) => each.isOpen)).toEqual([true, true, false, false]);
    open[0]?.close();
    expect(host.connect({ address: "127.1.0.2" }).isOpen).toBe(true);
    expect(host.connect({ address: "127.1.0.2" }).isOpen).toBe(false);
  });

  test("count connections", async () => {
    const bytes = await stateful(
      "Counter all",
      "Increment(all); if (IsGreaterThan(all, 3)) { Deny(connection); }",
    );
    const host = createHost(bytes, { configuration });
    const open = Array.from({ length: 5 }, () => host.connect({ address: "127.1.0.1" }).isOpen);
    expect(open).toEqual([true, true, true, false, false]);
  });
});

describe("several policies", () => {
  const all = (names: readonly string[]): string =>
    `${facts}${names.map((name) => `${name}\tinbound\t*\tenforce\n`).join("")}`;

  test("of which one denies let nobody through, whoever allows", async () => {
    const bytes = await module(
      `${guard("Allow(connection);", "a")}---\n${guard('if (GetCaller(connection) != "api") { Deny(connection); }', "b")}`,
    );
    expect(admits(createHost(bytes, { configuration: all(["a", "b"]) }))).toEqual({
      web: false,
      api: true,
      job: false,
      stranger: false,
    });
  });

  test("are judged together, and nothing runs for what was not admitted", async () => {
    const bytes = await module(
      `${guard('Allow(connection, "web");', "a")}---\n${guard('Allow(connection, "api");', "b")}---\n${guard('Count(connection, "admitted");', "c")}`,
    );
    const host = createHost(bytes, { configuration: all(["a", "b", "c"]) });
    expect(admits(host)).toEqual({ web: true, api: true, job: false, stranger: false });
    expect(host.metrics.get("wire.admitted")).toBe(4);
  });
});

test("bytes are counted at as many places as the policies name", async () => {
  const names = Array.from({ length: 70 }, (_, n) => `at-${n}`);
  const counts = names.map((name, n) =>
    n % 3 === 0
      ? `CountBytes(connection, "${name}");`
      : `if (GetCaller(connection) == "web") { CountBytes(connection, "${name}"); }`,
  );
  const host = createHost(await module(guard(counts.join("\n"))), {
    configuration: `${facts}guard\tinbound\t*\n`,
  });
  const [web, job] = [host.connect({ address: "127.1.0.1" }), host.connect({ address: "127.1.0.3" })];
  job.receive(100);
  web.receive(1);
  web.close();
  job.send(7);
  const counted = (what: string): readonly (number | undefined)[] =>
    names.map((name) => host.metrics.get(`wire.${name}.${what}`));
  expect(counted("received")).toEqual(names.map((_, n) => (n % 3 === 0 ? 101 : 1)));
  expect(counted("sent")).toEqual(names.map((_, n) => (n % 3 === 0 ? 7 : 0)));
});
