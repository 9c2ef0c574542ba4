import { expect, test } from "vitest";
import { createChainCache } from "../codegen/build-chains.ts";
import { type Build, build } from "../pipeline/build.ts";
import { finalStage, type Stage, type Standing, stagesOf, waveStage } from "./stages.ts";

const cache = createChainCache();
const mesh = {
  path: "mesh.yaml",
  text: `name: small
identity: address
services:
  web: { entry: true }
  api: {}
  db: { protocol: tcp }
calls:
  web: [api, db]
  api: [db]
`,
};

async function built(side: "Ingress" | "Egress"): Promise<Build> {
  const text = `
policy mark ( act (Request r) context ('web -> api') ) { [${side}] SetHeader(r, 'x', 'y'); }
policy other ( act (Request r) context ('web -> api') ) { [Ingress] SetHeader(r, 'z', 'y'); }
policy keep ( act (Connection c) context ('web -> db') ) { [${side}] Deny(c); }
`;
  const result = await build({ policies: [{ path: "all.cup", text }], mesh }, { cache });
  if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return result.build;
}

const [ingress, egress] = await Promise.all([built("Ingress"), built("Egress")]);

/** Whatever is in a stage, by name and version. */
function contentOf({ name, snapshots, addresses }: Stage): unknown {
  const versions = [...snapshots].map(([service, snapshot]) => [
    service,
    Object.entries(snapshot).map(([type, resources]: [string, (typeof snapshot)["listeners"]]) => [
      type,
      [...resources.values()].map((resource) => [resource.name, resource.version]),
    ]),
  ]);
  return { name, versions, addresses };
}

const standings: readonly Standing[] = [
  { off: [] },
  { off: ["mark"] },
  { off: ["keep", "other"] },
  { off: [], back: ["keep"] },
  { off: ["mark"], former: new Map([["web", ["10.0.0.9"]]]) },
];

test("a stage with other switches is the same whether it is made anew or from what there was", () => {
  const seen = new Set<string>();
  for (const before of standings)
    for (const standing of standings) {
      const three = stagesOf(ingress, egress, standing);
      const again = stagesOf(ingress, egress, standing, stagesOf(ingress, egress, before));
      expect(again.map(contentOf)).toEqual(three.map(contentOf));
      const final = finalStage(ingress, standing, finalStage(ingress, before));
      expect(contentOf(final)).toEqual(contentOf(finalStage(ingress, standing)));
      seen.add(JSON.stringify(contentOf(final)));
    }
  // Each of the standings is another one in the proxies.
  expect(seen.size).toBe(standings.length);
});

test("proxies whose policies are not switched keep what they have", () => {
  const before = finalStage(ingress);
  const after = finalStage(ingress, { off: ["keep"] }, before);
  expect(after.snapshots.get("api")).toBe(before.snapshots.get("api"));
  const [was, is] = [before, after].map(({ snapshots }) => snapshots.get("db"));
  expect(is?.extensions).not.toEqual(was?.extensions);
  expect(is?.listeners).toBe(was?.listeners);
});

test("so it is in a wave", () => {
  const of = (standing: Standing, like?: Stage): Stage =>
    waveStage(ingress, ingress, ["api"], standing, like);
  const again = of({ off: ["mark"] }, of({ off: [] }));
  expect(contentOf(again)).toEqual(contentOf(of({ off: ["mark"] })));
});

test("what is like another build is made anew", () => {
  expect(contentOf(finalStage(egress, { off: [] }, finalStage(ingress)))).toEqual(
    contentOf(finalStage(egress)),
  );
});
