import { expect, test } from "vitest";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Application } from "./application.ts";
import { checkApplication } from "./check-application.ts";

const { mesh } = fromYaml({
  path: "mesh.yaml",
  text: `name: small
identity: address
services:
  web: { entry: true }
  rate: { versions: { v1: { replicas: 1 } } }
  db: { protocol: tcp }
calls: { web: [rate], rate: [db] }
`,
});
if (mesh === undefined) throw new Error("the mesh cannot be read");

const right: Application = {
  entry: "web",
  requests: [{ path: "/", share: 1, calls: { web: ["rate"], "rate@v1": [] } }],
  work: { services: {}, stores: {} },
  parallel: ["web"],
  covered: {
    p1: [{ policy: "p", version: "v1", paths: ["web rate"] }],
    p2: { policy: "q", allowed: { db: ["rate"] } },
  },
};

test("what fits its mesh has no faults", () => {
  expect(checkApplication(right, mesh)).toEqual([]);
});

test.each<[Partial<Application>, string]>([
  [{ entry: "rate", covered: { p1: [] } }, "entry: rate is no entry of the mesh"],
  [{ requests: [] }, "requests: there are none"],
  [{ requests: [{ path: "/", share: 1, calls: { geo: [] } }] }, "requests /: the mesh has no service geo"],
  [{ requests: [{ path: "/", share: 1, calls: { "rate@v2": [] } }] }, "requests /: rate has no version v2"],
  [
    { requests: [{ path: "/", share: 1, calls: { web: ["db"] } }] },
    "requests /: in the mesh web does not call db",
  ],
  [{ parallel: ["geo"] }, "parallel: the mesh has no service geo"],
  [
    { covered: { p1: [{ policy: "p", version: "v1", paths: ["rate db"] }] } },
    "covered p1 p: rate db does not begin at web",
  ],
  [
    { covered: { p1: [{ policy: "p", version: "v1", paths: ["web rate web"] }] } },
    "covered p1 p: in the mesh rate does not call web",
  ],
  [
    { covered: { p1: [], p2: { policy: "q", allowed: { rate: ["web"] } } } },
    "covered p2: rate is no store of the mesh",
  ],
])("%j is told", (change, fault) => {
  expect(checkApplication({ ...right, ...change }, mesh)).toEqual([fault]);
});
