import type { Source } from "../language/source.ts";
import { mentionsInMesh } from "./mentions.ts";
import { placeAt } from "./place.ts";
import type { Location, Workspace } from "./workspace.ts";

/** Where the thing at a place is given its name: a name of a policy in its clause or `let`, a service in the mesh file. Never throws. */
export function definition(source: Source, offset: number, { mesh }: Workspace = {}): Location | undefined {
  const place = placeAt(source, offset);
  if (place?.kind === "name") return { path: source.path, span: place.declaration.span };
  if (mesh === undefined || (place?.kind !== "service" && place?.kind !== "version")) return undefined;
  const name = place.kind === "service" ? place.name : place.service;
  const defined = mentionsInMesh(mesh.source).find(
    (mention) => mention.isDefinition === true && mention.name === name,
  );
  return defined && { path: mesh.source.path, span: defined.span };
}
