import { generateApplication } from "../../mesh/generate-application.ts";
import { random } from "../../mesh/random.ts";
import type { Application } from "./application-mesh.ts";

/** Applications with the published statistics, without an end; equal seeds make equal ones. */
export function* generatedApplications(seed: number): Generator<Application> {
  const draw = random(seed);
  for (;;) {
    const own = draw.below(2 ** 31);
    const mesh = generateApplication({ seed: own });
    yield { name: mesh.name, mesh, requests: null, drawnReplicas: 0, seed: own };
  }
}
