import { expect, test } from "vitest";
import type { Snapshot } from "../server/snapshot.ts";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { resourceReports } from "./resource-report.ts";

const type = typeUrl.extension;
const wanted = (version: string): Snapshot =>
  new Map([[type, byName([{ name: "a", typeUrl: type, version, bytes: new Uint8Array() }])]]);
const types = new Map([
  [
    type,
    new Map([
      ["a", { sent: "1", acked: "1", nacked: "2" }],
      ["b", { nacked: "2" }],
    ]),
  ],
]);

test("a refusal is told of while its version is the one to run", () => {
  expect(resourceReports({ types }, wanted("2"))).toEqual([
    { type, name: "a", sent: "1", acked: "1", nacked: "2" },
  ]);
  expect(resourceReports({ types }, wanted("3"))).toEqual([{ type, name: "a", sent: "1", acked: "1" }]);
  expect(resourceReports({ types }, undefined)).toEqual([{ type, name: "a", sent: "1", acked: "1" }]);
});
