import { describe, expect, test } from "vitest";
import { applicationFigures, distancesToPublished } from "../../mesh/application-figures.ts";
import type { Application } from "./application-mesh.ts";
import { generatedApplications } from "./generated-applications.ts";

function take(seed: number, count: number): readonly Application[] {
  const taken: Application[] = [];
  for (const application of generatedApplications(seed)) {
    if (taken.length === count) break;
    taken.push(application);
  }
  return taken;
}

describe("generatedApplications", () => {
  test.each([1, 2, 3])("those of seed %i are as near to what was published as 2,000 can be", (seed) => {
    const meshes = take(seed, 2000).map(({ mesh }) => mesh);
    const distances = distancesToPublished(applicationFigures(meshes));
    // Of so many independent values, 1.63 / √2000 is passed once in a hundred times.
    expect(Math.max(distances.services, distances.calls, distances.inDegrees, distances.depths)).toBeLessThan(
      0.036,
    );
    expect(distances.outDegrees).toBeLessThan(0.06);
  });

  test("equal seeds make equal ones, other seeds have none in common, and a name says how to make it again", () => {
    expect(take(7, 20)).toEqual(take(7, 20));
    const names = (seed: number) => take(seed, 200).map(({ name }) => name);
    expect(new Set([...names(1), ...names(2)]).size).toBe(400);
    for (const { name, mesh, seed } of take(3, 20))
      expect(name).toBe(`application-${mesh.services.size}-${seed}`);
  });
});
