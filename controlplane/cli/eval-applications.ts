import { join, resolve } from "node:path";
import { type Application, applicationOf } from "../eval/application.ts";
import type { Scenario } from "../eval/mode.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { renderDiagnostic } from "../language/render.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput } from "../pipeline/build.ts";
import { readSource } from "./read-files.ts";

const folder = resolve(import.meta.dirname, "../eval/applications");

/** An application with its mesh, and the policies of a scenario for it. */
export interface LoadedApplication {
  readonly name: string;
  readonly application: Application;
  readonly meshFile: Source;
  readonly mesh: Mesh;
  readonly policies: readonly Source[];
  /** Whether the entry speaks HTTP/2. */
  readonly isHttp2: boolean;
}

export async function loadApplication(name: string, scenario: Scenario): Promise<LoadedApplication> {
  const read = (file: string): Promise<Source> => readSource(join(folder, name, file));
  const names = scenario === "p1" ? ["p1.cup"] : ["p1.cup", "p2.cup"];
  const policies = [
    await readSource(join(folder, "dataplanes.cui")),
    ...(await Promise.all(names.map(read))),
  ];
  const [meshFile, { text }] = [await read("mesh.yaml"), await read("application.yaml")];
  const { mesh, diagnostics } = checkInput({ policies, mesh: meshFile });
  // They are ours, and tests read them.
  if (mesh === undefined || hasErrors(diagnostics))
    throw new Error(diagnostics.map((each) => renderDiagnostic(each, { color: false })).join("\n"));
  const application = applicationOf(text);
  const isHttp2 = mesh.services.get(application.entry)?.protocol === "grpc";
  return { name, application, meshFile, mesh, policies, isHttp2 };
}
