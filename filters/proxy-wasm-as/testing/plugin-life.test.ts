import { expect, test } from "vitest";
import { buildFilter } from "../build/build-filter.ts";
import { hostOf } from "./filter.test-helper.ts";
import { createHost, type Host } from "./index.ts";

const said = (host: Host): readonly string[] => host.logs.map(({ message }) => message);

test("each configuration that begins is told that of the VM first, and may refuse", async () => {
  const code = `export function onVmStart(configuration: string): bool {
      log.info("starts with " + configuration);
      return configuration != "no";
    }
    export function onConfigure(configuration: string): void { log.info("takes " + configuration); }`;
  const host = await hostOf(code, { vmConfiguration: "ü", configuration: "a" });
  host.addPlugin({ configuration: "b" });
  expect(said(host)).toEqual(["starts with ü", "takes a", "starts with ü", "takes b"]);
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": `import { log } from "proxy-wasm-as";\n${code}` },
  });
  expect(problems).toEqual([]);
  const refused = createHost(bytes, { vmConfiguration: "no" });
  expect(refused.failure).toBe("the plugin refused its configuration");
  expect(said(refused)).toEqual(["starts with no"]);
});

test("a plugin that has gone may be waited for, and streams are not asked", async () => {
  const host = await hostOf(
    `let left: u32 = 0;
    export function onConfigure(configuration: string): void { if (configuration == "old") setTickPeriod(10); }
    export function onRequest(request: Request): void { request.headers.set("done", done().toString()); }
    export function onDone(): bool { log.info("to be done"); left = 2; return false; }
    export function onTick(): void {
      if (left == 0) return;
      log.info("left " + left.toString());
      if (--left == 0) log.info("done " + done().toString() + done().toString());
    }
    export function onDelete(stream: Stream): void { log.info("gone"); }`,
    { configuration: "old" },
  );
  expect(host.exchange({}).requestHeaders).toEqual([["done", "1"]]);
  expect(said(host)).toEqual([]);
  expect(host.configure("new")).toBe(true);
  host.advance(1_000_000_000n);
  // The context of the old one is no stream, and nothing ticks for it any longer.
  expect(said(host)).toEqual(["to be done", "left 2", "left 1", "done 01"]);
});

test("what is done in a tick ticks no more, and what was refused neither ends nor ticks", async () => {
  const host = await hostOf(
    `export function onConfigure(configuration: string): bool { setTickPeriod(10); log.info("takes " + configuration); return configuration != "bad"; }
    export function onDone(): bool { log.info("to be done"); return false; }
    export function onTick(): void { log.info("tick " + done().toString()); }`,
    { configuration: "old" },
  );
  expect(host.configure("bad")).toBe(false);
  host.advance(35_000_000n);
  expect(said(host)).toEqual(["takes old", "takes bad", "tick 1", "tick 1", "tick 1"]);
  expect(host.configure("new")).toBe(true);
  host.advance(25_000_000n);
  // Of the old one a last tick, and of the new one two.
  expect(said(host).slice(5)).toEqual(["takes new", "to be done", "tick 0", "tick 1", "tick 1"]);
  host.advance(1_000_000_000n);
  expect(said(host).filter((each) => each === "tick 0")).toHaveLength(1);
});

test("a plugin that returns nothing at its end has gone", async () => {
  const host = await hostOf(
    `const settings = new PerPlugin<string>();
    export function onConfigure(configuration: string): void { settings.set(configuration); }
    export function onDone(): void { log.info("bye " + settings.current!); }`,
    { configuration: "a" },
    "minimal",
  );
  host.configure("b");
  host.stop();
  expect(said(host)).toEqual(["bye a", "bye b"]);
});

test("a variable of the environment has the value that the host gives", async () => {
  const host = await hostOf(
    `function shown(value: string | null): string { return value === null ? "none" : "<" + value + ">"; }
    export function onVmStart(): void { log.info(shown(environment.get("ZONE"))); }
    export function onRequest(request: Request): void {
      request.headers.set("seen", shown(environment.get(request.headers.get("name")!)));
    }`,
    { environment: { ZON: "no", ZONE: "a=b", EMPTY: "", ZONES: "no" } },
  );
  expect(said(host)).toEqual(["<a=b>"]);
  const ask = (name: string): string | undefined =>
    host.request({ headers: [["name", name]] }).requestHeaders.find(([each]) => each === "seen")?.[1];
  expect(["ZONE", "EMPTY", "ZON", "ZO", "ZONE=a", "NONE", "zone", ""].map(ask)).toEqual([
    "<a=b>",
    "<>",
    "<no>",
    "none",
    "none",
    "none",
    "none",
    "none",
  ]);
  const pages = host.memoryPages;
  for (let i = 0; i < 10_000; i++) ask("ZONE");
  expect(host.memoryPages).toBe(pages);
  const without = await hostOf(`export function onRequest(request: Request): void {
    request.headers.set("seen", environment.get("ZONE") === null ? "none" : "some");
  }`);
  expect(without.request({}).requestHeaders).toEqual([["seen", "none"]]);
});
