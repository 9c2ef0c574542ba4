import { expect, test } from "vitest";
import { type Build, build } from "../pipeline/build.ts";
import type { Nack } from "../server/node.ts";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { refusalReports } from "./refusal-report.ts";

const mesh = { path: "mesh.yaml", text: "name: one\nservices:\n  app: { entry: true, port: 8080 }\n" };

async function built(name: string): Promise<Build> {
  const text = `// first\npolicy ${name} ( act (Request r) context ('app') ) { [Ingress] SetHeader(r, 'a', 'b'); }\n`;
  const { build: made } = await build({ policies: [{ path: `${name}.cup`, text }], mesh });
  if (made === undefined) throw new Error("the policy does not build");
  return made;
}

test("each refused resource has its version, the place of its policy, and the proxy's words", async () => {
  const made = await built("mark");
  const [place = ""] = made.chains.flatMap(({ slots }) => slots.map((slot) => slot.place));
  const type = typeUrl.extension;
  const wanted = new Map([
    [type, byName([{ name: place, typeUrl: type, version: "7", bytes: new Uint8Array() }])],
  ]);
  const nacks: readonly Nack[] = [
    { node: "app", typeUrl: type, resources: [place], message: "Unable to create Wasm plugin" },
    { node: "app", typeUrl: typeUrl.listener, resources: ["in", "out"], message: "in use" },
  ];
  const mark = { policy: "mark", file: "mark.cup", line: 2 };
  const listener = { type: typeUrl.listener, policies: [], reason: "in use" };
  const refused = { type, name: place, version: "7", reason: "Unable to create Wasm plugin" };
  const others = [
    { ...listener, name: "in" },
    { ...listener, name: "out" },
  ];
  expect(refusalReports(nacks, wanted, [made])).toEqual([{ ...refused, policies: [mark] }, ...others]);
  // Where the newest build has nothing there, it is of the one before.
  const without = { ...made, chains: [] };
  expect(refusalReports(nacks, wanted, [without, made])).toEqual([
    { ...refused, policies: [mark] },
    ...others,
  ]);
  expect(refusalReports(nacks, undefined, [without])).toEqual([
    { type, name: place, policies: [], reason: refused.reason },
    ...others,
  ]);
  expect(refusalReports([], wanted, [made])).toEqual([]);
});
