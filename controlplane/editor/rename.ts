import type { Source, Span } from "../language/source.ts";
import { mentionsIn, mentionsInMesh } from "./mentions.ts";
import { type Place, placeAt, referencesOf } from "./place.ts";
import { statementWords, typeWords } from "./words.ts";
import { type Edit, touches, type Workspace } from "./workspace.ts";

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const serviceName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/i;

/** A new name everywhere, or why not. */
export type Renamed = { readonly edits: readonly Edit[] } | { readonly problem: string };

/** The name at a place that can be changed: one of a policy's own, or a service of the mesh, in its file too. Never throws. */
export function renamable(
  source: Source,
  offset: number,
  workspace: Workspace = {},
): { readonly span: Span; readonly name: string } | undefined {
  const place = targetAt(source, offset, workspace);
  if (place === undefined) return undefined;
  return { span: place.span, name: place.kind === "name" ? place.declaration.name : place.name };
}

/** Give the thing at a place another name, wherever it is named: a service in all policies and in the mesh file. Never throws. */
export function rename(source: Source, offset: number, to: string, workspace: Workspace = {}): Renamed {
  const place = targetAt(source, offset, workspace);
  if (place === undefined) return { problem: "there is no name here that can be changed" };
  return place.kind === "name"
    ? renameInPolicy(source, place, to)
    : renameService(source, place.name, to, workspace);
}

type Target = Extract<Place, { kind: "name" | "service" }>;

function targetAt(source: Source, offset: number, { mesh }: Workspace): Target | undefined {
  if (source.path === mesh?.source.path) {
    const found = mentionsInMesh(source).find(({ span }) => touches(span, offset));
    return found && { kind: "service", name: found.name, span: found.span };
  }
  const place = placeAt(source, offset);
  if (place?.kind === "name") return place;
  return place?.kind === "service" && mesh?.mesh?.services.has(place.name) ? place : undefined;
}

function renameInPolicy(source: Source, place: Extract<Place, { kind: "name" }>, to: string): Renamed {
  const { declaration, policy, doc } = place;
  if (!identifier.test(to) || statementWords.has(to) || typeWords.has(to))
    return { problem: `\`${to}\` is not a name: letters, digits and \`_\`, and no word of the language` };
  const taken = policy.declarations.some(
    (other) =>
      other.name === to &&
      other !== declaration &&
      other.scope.start < declaration.scope.end &&
      declaration.scope.start < other.scope.end,
  );
  if (taken) return { problem: `there is a \`${to}\` already` };
  return {
    edits: referencesOf(doc, policy, declaration).map((span) => ({ path: source.path, span, text: to })),
  };
}

function renameService(
  source: Source,
  name: string,
  to: string,
  { policies = [], mesh }: Workspace,
): Renamed {
  if (!serviceName.test(to)) return { problem: `\`${to}\` is not a DNS label` };
  if (mesh?.mesh?.services.has(to) && to !== name)
    return { problem: `the mesh has a service \`${to}\` already` };
  const isMesh = source.path === mesh?.source.path;
  const documents =
    isMesh || policies.some(({ path }) => path === source.path) ? policies : [source, ...policies];
  const edits = (path: string, mentions: readonly { readonly name: string; readonly span: Span }[]) =>
    mentions.filter((mention) => mention.name === name).map(({ span }): Edit => ({ path, span, text: to }));
  return {
    edits: [
      ...(mesh === undefined ? [] : edits(mesh.source.path, mentionsInMesh(mesh.source))),
      ...documents.flatMap((document) => edits(document.path, mentionsIn(document))),
    ],
  };
}
