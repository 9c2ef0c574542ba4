import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Application, applicationOf } from "../eval/application.ts";
import { applicationNames } from "../eval/application-names.ts";
import { checkApplication } from "../eval/check-application.ts";
import type { Scenario } from "../eval/mode.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput } from "../pipeline/build.ts";
import { readSource } from "./read-files.ts";
import { readSources } from "./read-sources.ts";

const own = resolve(import.meta.dirname, "../eval/applications");

/** An application with its mesh, and the policies of a scenario for it. */
export interface LoadedApplication {
  readonly kind: "loaded";
  readonly name: string;
  readonly application: Application;
  readonly meshFile: Source;
  readonly mesh: Mesh;
  readonly policies: readonly Source[];
  /** Whether the entry speaks HTTP/2. */
  readonly isHttp2: boolean;
}

/** One that cannot be run: diagnostics of its policies and mesh, and what else is wrong with it. */
export interface FaultyApplication {
  readonly kind: "faulty";
  readonly name: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly faults: readonly string[];
}

/**
 * One of those that come along, by its name, or a user's, by its folder: `application.yaml`, `mesh.yaml`, `p1.cup`, and `p2.cup` where it has stores, with the
 * interfaces that these import.
 */
export async function loadApplication(
  app: string,
  scenario: Scenario,
): Promise<LoadedApplication | FaultyApplication> {
  const isOwn = applicationNames.some((name) => name === app);
  const folder = isOwn ? join(own, app) : app;
  const name = isOwn ? app : basename(resolve(app));
  const wanted = ["p1.cup", ...(scenario === "p1p2" && existsSync(join(folder, "p2.cup")) ? ["p2.cup"] : [])];
  const policies = await readSources(wanted.map((file) => join(folder, file)));
  const meshFile = await readSource(join(folder, "mesh.yaml"));
  const file = await readSource(join(folder, "application.yaml"));
  const { mesh, diagnostics } = checkInput({ policies, mesh: meshFile });
  const application = applicationOf(file.text);
  if ("fault" in application)
    return { kind: "faulty", name, diagnostics, faults: [`${file.path}: ${application.fault}`] };
  const faults = mesh === undefined ? [] : checkApplication(application, mesh);
  if (mesh === undefined || hasErrors(diagnostics) || faults.length > 0)
    return { kind: "faulty", name, diagnostics, faults: faults.map((fault) => `${file.path}: ${fault}`) };
  const isHttp2 = mesh.services.get(application.entry)?.protocol === "grpc";
  return { kind: "loaded", name, application, meshFile, mesh, policies, isHttp2 };
}
