import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, startWire, type Wire } from "./start-wire.ts";

const share = 0.5;
const mesh = `name: log
identity: address
decisionLog: ${share}
services: { web: { entry: true, protocol: http }, api: { protocol: http } }
calls: { web: [api] }
`;
const policy = (name: string, context: string, body: string, mode = "enforce"): string =>
  `policy ${name} ( act (Request r) context ('${context}') mode (${mode}) ) {\n  [Ingress]\n  ${body}\n}\n`;
const files = {
  "mark.cup": policy("mark", "web -> api", "SetHeader(r, 'x-marked', 'yes');"),
  "gate.cup": policy("gate", "web", "if (HasHeader(r, 'x-bad')) { Deny(r, 418); }"),
  "trial.cup": policy("trial", "web", "if (HasHeader(r, 'x-odd')) { Deny(r); }", "audit"),
};

let wire: Wire;
let folder: string;
let log: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-decisions-"));
  log = join(folder, "log");
  await mkdir(join(folder, "policies"));
  await writeFile(join(folder, "mesh.yaml"), mesh);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, "policies", name), text);
  wire = await startWire({
    mesh: join(folder, "mesh.yaml"),
    from: [],
    policies: join(folder, "policies"),
    args: ["--access-log", log],
  });
  while ((await wire.ask()).tree === undefined) await sleep(20);
});

afterAll(async () => {
  await wire?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Line {
  readonly log?: string;
  readonly requestId?: string;
  readonly service?: string;
  readonly [key: string]: unknown;
}

function lines(): readonly Line[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text): Line => JSON.parse(text));
}

async function ask(times: number, headers: Readonly<Record<string, string>>): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < times; n++) answers.push(await wire.ask({ ...headers, "x-request-id": `r${n}` }));
  return answers;
}

const of = (service: string, key: string): readonly Line[] =>
  lines().filter((line) => line.service === service && key in line);

test("a share of what is denied, changed and would be is logged, with who, where and what", async () => {
  const times = 120;
  const statuses = async (headers: Readonly<Record<string, string>>): Promise<ReadonlySet<number>> =>
    new Set((await ask(times, headers)).map(({ status }) => status));
  expect(await statuses({ "x-bad": "1" })).toEqual(new Set([418]));
  expect(await statuses({ "x-odd": "1" })).toEqual(new Set([200]));
  expect(await statuses({})).toEqual(new Set([200]));

  await expect.poll(() => of("web", "denied").length, { timeout: 15_000 }).toBeGreaterThan(0);
  await expect.poll(() => of("web", "wouldDeny").length, { timeout: 15_000 }).toBeGreaterThan(0);
  await sleep(500);
  const [denied] = of("web", "denied");
  expect(denied).toMatchObject({
    ...{ log: "decision", direction: "inbound", callee: "web", method: "GET", path: "/", status: 418 },
    ...{
      denied: "gate gate.cup:3 Deny",
      requestId: expect.stringMatching(/^r\d+$/),
      time: expect.any(String),
      from: expect.any(String),
    },
  });
  const [audited] = of("web", "wouldDeny");
  expect(audited).toMatchObject({ status: 200, wouldDeny: "trial trial.cup:3 Deny", callee: "web" });
  const logged = [
    { key: "denied", service: "web", all: times },
    { key: "wouldDeny", service: "web", all: times },
    // Of what `web` denies there is no call.
    { key: "changed", service: "api", all: 2 * times },
  ].map((each) => ({ ...each, count: of(each.service, each.key).length }));
  const figures = logged.map(({ key, all, count }) => `${key} ${count} of ${all}`);
  process.stderr.write(`decision-log: at ${share}: ${figures.join(", ")}\n`);
  for (const { all, count } of logged) {
    expect(count).toBeGreaterThan(all * share * 0.5);
    expect(count).toBeLessThan(all * share * 1.5);
  }
  const [changed] = of("api", "changed");
  expect(changed).toMatchObject({ service: "api", status: 200, changed: "mark mark.cup:3 SetHeader" });
  // Nothing of requests that nobody did anything to.
  for (const line of lines())
    expect(["denied", "changed", "wouldDeny", "wouldChange"].some((key) => key in line)).toBe(true);
});
