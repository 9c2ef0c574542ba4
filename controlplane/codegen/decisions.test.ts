import { describe, expect, test } from "vitest";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";
import { type Build, build } from "../pipeline/build.ts";
import { addressPlan } from "../xds/address-plan.ts";

const mesh = (extra = "decisionLog: 1"): { readonly path: string; readonly text: string } => ({
  path: "mesh.yaml",
  text: `name: small
identity: address
${extra}
services:
  web: { entry: true, protocol: http }
  api: { protocol: http }
  rate: { protocol: http, versions: { v1: {}, v2: {} } }
calls:
  web: [api, rate]
  api: [rate]
`,
});

async function built(
  files: Readonly<Record<string, string>>,
  inMesh: ReturnType<typeof mesh> = mesh(),
): Promise<Build> {
  const policies = Object.entries(files).map(([path, text]) => ({ path: `somewhere/${path}`, text }));
  const { build: made, diagnostics } = await build({ policies, mesh: inMesh });
  if (made === undefined) throw new Error(JSON.stringify(diagnostics));
  return made;
}

/** Its modules for requests to a service, one for each slot. */
function hosts(made: Build, service: string): readonly Host[] {
  return made.chains
    .filter((chain) => chain.service === service)
    .flatMap(({ slots }) => slots)
    .map(({ module, configuration }) => createHost(module.bytes, { configuration, failure: module.failure }));
}

const from = (made: Build, caller: string, headers: readonly (readonly [string, string])[] = []) => ({
  headers,
  properties: { "source.address": `${addressPlan(made.mesh).sources(caller)[0]}:1` },
});

const policy = (name: string, body: string, mode = "enforce"): string => `policy ${name} (
  act (Request r)
  context ('. -> rate')
  mode (${mode})
) {
  [Ingress]
  ${body}
}
`;

/** What of a request's filter state is of decisions. */
function recorded(made: Build, request: Parameters<Host["request"]>[0]): Readonly<Record<string, string>> {
  const [host, ...others] = hosts(made, "rate");
  if (host === undefined || others.length > 0) throw new Error("one module");
  const { filterState } = host.exchange({ ...request, response: {} });
  expect(host.failure).toBeNull();
  return Object.fromEntries(filterState);
}

describe("what policies do is recorded where they do it", () => {
  test("by policy, file, line and action, in order, once for each statement", async () => {
    const made = await built({
      "headers.cup": policy(
        "headers",
        'SetHeader(r, "x-a", "1");\n  if (HasHeader(r, "x-b")) { RemoveHeader(r, "x-b"); }\n  AddHeader(r, "x-d", "1");\n  Count(r, "none");',
      ),
      "gate.cup": policy("gate", 'if (HasHeader(r, "x-bad")) { Deny(r); }'),
    });
    const all = hosts(made, "rate");
    const states = (headers: readonly (readonly [string, string])[]) =>
      all.map((host) => Object.fromEntries(host.request(from(made, "web", headers)).filterState));
    expect(states([])).toContainEqual({
      "wasm.wire.changed": "headers headers.cup:7 SetHeader; headers headers.cup:9 AddHeader",
    });
    expect(states([["x-b", ""]])).toContainEqual({
      "wasm.wire.changed":
        "headers headers.cup:7 SetHeader; headers headers.cup:8 RemoveHeader; headers headers.cup:9 AddHeader",
    });
    expect(states([["x-bad", ""]])).toContainEqual({ "wasm.wire.denied": "gate gate.cup:7 Deny" });
    expect(states([])).toContainEqual({});
  });

  test("by all whose `Allow` did not admit it", async () => {
    const made = await built({
      "one.cup": policy("one", 'Allow(r, "api", "rate");'),
      "two.cup": policy("two", 'if (HasHeader(r, "x")) { return; }\n  Allow(r, "api", "rate");'),
    });
    expect(recorded(made, from(made, "web"))).toEqual({
      "wasm.wire.denied": "one one.cup:7 Allow; two two.cup:8 Allow",
    });
    expect(recorded(made, from(made, "api"))).toEqual({});
  });

  test("apart where they are audited, and nothing is done", async () => {
    const made = await built({
      "a.cup": policy("marks", 'SetHeader(r, "x-a", "1");', "audit"),
      "b.cup": policy("denies", "Deny(r);", "audit"),
      "c.cup": policy("admits", 'Allow(r, "api", "rate");', "audit"),
    });
    expect(recorded(made, from(made, "web"))).toEqual({
      "wasm.wire.wouldChange": "marks a.cup:7 SetHeader",
      "wasm.wire.wouldDeny": "admits c.cup:7 Allow; denies b.cup:7 Deny",
    });
    expect(recorded(made, from(made, "api"))).toEqual({
      "wasm.wire.wouldChange": "marks a.cup:7 SetHeader",
      "wasm.wire.wouldDeny": "denies b.cup:7 Deny",
    });
  });

  test("of a response behind what was done to its request", async () => {
    const made = await built({
      "a.cup": policy("asked", 'SetHeader(r, "x-a", "1");'),
      "b.cup": policy("answered", 'SetHeader(r, "x-b", "1");').replace("Request r", "Response r"),
    });
    expect(recorded(made, from(made, "web"))).toEqual({
      "wasm.wire.changed": "asked a.cup:7 SetHeader; answered b.cup:7 SetHeader",
    });
  });

  test("of filter code, by the callback", async () => {
    const code = `import { Request, Response, log } from "proxy-wasm-as";
export const context = ". -> rate";
export const side = "ingress";

export function onRequest(request: Request): void {
  log.info("seen");
  if (request.headers.has("x-bad")) request.deny(403);
  else if (request.headers.has("x-more")) {
    request.headers.set("x-a", "1");
    request.headers.set("x-b", "1");
  }
}

export function onResponse(response: Response): void { response.headers.remove("x-c"); }
`;
    const made = await built({ "code.ts": code });
    const changed = "code code.ts:14 onResponse";
    expect(recorded(made, from(made, "web"))).toEqual({ "wasm.wire.changed": changed });
    expect(recorded(made, from(made, "web", [["x-more", ""]]))).toEqual({
      "wasm.wire.changed": `code code.ts:5 onRequest; ${changed}`,
    });
    expect(recorded(made, from(made, "web", [["x-bad", ""]]))).toEqual({
      "wasm.wire.denied": "code code.ts:5 onRequest",
    });
  });

  test("of what has no room, the first ones", async () => {
    const body = Array.from({ length: 60 }, (_, n) => `SetHeader(r, "x-${n}", "1");`).join("\n  ");
    const made = await built({ "many.cup": policy("many", body) });
    const { "wasm.wire.changed": text = "" } = recorded(made, from(made, "web"));
    const items = text.split("; ");
    expect(items).toEqual(items.map((_, n) => `many many.cup:${7 + n} SetHeader`));
    expect(text.length).toBeLessThanOrEqual(1024);
    expect(text.length).toBeGreaterThan(1024 - 30);
  });
});

test("where it is not asked for, modules are what they were and set nothing", async () => {
  const files = { "a.cup": policy("headers", 'SetHeader(r, "x-a", "1");') };
  const [off, on] = [await built(files, mesh("")), await built(files)];
  const generated = ({ generated: texts }: Build): string => [...texts.values()].join("");
  expect(generated(off)).not.toContain("decisions");
  expect(generated(on)).toContain("decisions");
  expect(recorded(off, from(off, "web"))).toEqual({});
});
