import { fromBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
  ResourceSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import { type Pieces, roomBytes } from "./encode.ts";
import type { Form } from "./methods.ts";
import { aliasesOf } from "./random-script.test-helper.ts";
import { collectionOf, rootTypes, standaloneTypes } from "./session.ts";

/** A client on one stream, in either form. It asks, and has what it accepts. */
export interface ScriptedClient {
  /** Read a response, which is answered later; in words, what it says. */
  readonly read: (pieces: Pieces) => string;
  /**
   * Ask for names, and incrementally for `less` no more; in the state of the world for these names alone, and `early`: before it looks at what it has
   * read and not answered.
   */
  readonly ask: (
    type: TypeUrl,
    names: readonly string[],
    less: readonly string[],
    how?: { readonly early: boolean },
  ) => void;
  /** On a new stream: ask for what was asked for on the one before, and say what it has of that. */
  readonly resume: (before: ScriptedClient) => void;
  /** Answer one of the responses that were read, or with `inOrder` the first of its type. */
  readonly answer: (
    which: number,
    how: { readonly inOrder: boolean; readonly error?: (type: TypeUrl) => string },
  ) => void;
  readonly unanswered: () => number;
  readonly asked: ReadonlyMap<TypeUrl, Asked>;
}

/** What a client wants of a type, and what it has. */
export interface Asked {
  readonly names: Set<string>;
  wildcard: boolean;
  /** In the state of the world: whether it wants all because it has never named anything (xds.md P8). */
  legacy: boolean;
  readonly held: Map<string, Held>;
  /** Of the last response that was read, and of the last that was looked at. */
  nonce: string;
  looked: string;
  /** Of the last that was taken, in the state of the world. */
  version: string;
}

interface Held {
  readonly version: string;
  /** What else it may be asked for by. */
  readonly aliases: readonly string[];
}

interface Response {
  readonly type: TypeUrl;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly (readonly [name: string, Held])[];
  /** Removed, or missing. */
  readonly gone: readonly string[];
  readonly words: string;
}

export function createScriptedClient(form: Form, say: (ask: Ask) => void): ScriptedClient {
  const asked = new Map<TypeUrl, Asked>();
  const unanswered: Response[] = [];

  function begin(type: TypeUrl, before?: Asked): Asked {
    const held = new Map(before?.held);
    const version = before?.version ?? "";
    const first: Asked = {
      ...{ names: new Set(), wildcard: false, legacy: false, held, version },
      ...{ nonce: "", looked: "" },
    };
    asked.set(type, first);
    return first;
  }

  function askDelta(
    type: TypeUrl,
    subscribe: readonly string[],
    unsubscribe: readonly string[],
    before?: Asked,
  ): void {
    const known = asked.get(type);
    const of = known ?? begin(type, before);
    if (known === undefined) of.wildcard = subscribe.length === 0 && standaloneTypes.has(type);
    for (const name of unsubscribe) of.names.delete(name);
    for (const name of subscribe) if (name !== "*") of.names.add(name);
    if (unsubscribe.includes("*")) of.wildcard = false;
    if (subscribe.includes("*")) of.wildcard = true;
    letGo(of);
    const held = [...of.held].map(([name, { version }]) => [name, version] as const);
    say({
      ...{ form: "delta", typeUrl: type, nonce: "", subscribe, unsubscribe },
      held: known === undefined ? Object.fromEntries(held) : {},
    });
  }

  function askSotw(
    type: TypeUrl,
    names: readonly string[],
    { early = false, before }: { readonly early?: boolean; readonly before?: Asked } = {},
  ): void {
    const known = asked.get(type);
    const of = known ?? begin(type, before);
    // What it says comes after the last response that it has looked at.
    if (!early) for (const response of unanswered.filter((each) => each.type === type)) take(response);
    of.legacy = rootTypes.has(type) && names.length === 0 && (known === undefined || of.legacy);
    of.wildcard = names.includes("*") || of.legacy;
    of.names.clear();
    for (const name of names) if (name !== "*") of.names.add(name);
    letGo(of);
    say({ form: "sotw", typeUrl: type, nonce: early ? of.looked : of.nonce, names, version: of.version });
  }

  function take(response: Response): void {
    unanswered.splice(unanswered.indexOf(response), 1);
    const of = asked.get(response.type);
    if (of === undefined) return;
    of.version = response.version;
    of.looked = response.nonce;
    // The state of the world is all that there is, of these types (P7).
    if (form === "sotw" && rootTypes.has(response.type)) of.held.clear();
    for (const [name, held] of response.resources) of.held.set(name, held);
    for (const name of response.gone) of.held.delete(name);
    letGo(of);
  }

  function answer(response: Response, error: string | undefined): void {
    const { type, nonce } = response;
    if (error === undefined) take(response);
    else unanswered.splice(unanswered.indexOf(response), 1);
    const said = { typeUrl: type, nonce, ...(error === undefined ? {} : { error }) };
    const of = asked.get(type);
    if (of !== undefined) of.looked = nonce;
    if (form === "delta") say({ ...said, form, subscribe: [], unsubscribe: [], held: {} });
    else say({ ...said, form, names: of === undefined ? [] : namesOf(of), version: of?.version ?? "" });
  }

  return {
    asked,
    unanswered: () => unanswered.length,
    read: (pieces) => {
      const response = read(form, Buffer.concat(pieces).subarray(roomBytes));
      const of = asked.get(response.type);
      if (of !== undefined) of.nonce = response.nonce;
      unanswered.push(response);
      return response.words;
    },
    ask: (type, names, less, how) => {
      if (form === "sotw") askSotw(type, names, how);
      else
        askDelta(
          type,
          names,
          less.filter((name) => !names.includes(name)),
        );
    },
    resume: (before) => {
      for (const [type, was] of before.asked) {
        // One that wants nothing says nothing, since that would be to want all.
        if (was.names.size === 0 && !was.wildcard) continue;
        if (form === "sotw") askSotw(type, namesOf(was), { before: was });
        else askDelta(type, standaloneTypes.has(type) && was.names.size === 0 ? [] : namesOf(was), [], was);
      }
    },
    answer: (which, { inOrder, error }) => {
      const one = unanswered[which % unanswered.length];
      if (one === undefined) return;
      const first = unanswered.find(({ type }) => type === one.type);
      answer(inOrder && first !== undefined ? first : one, error?.(one.type));
    },
  };
}

/** As it says them in the state of the world. */
function namesOf({ names, wildcard, legacy }: Asked): readonly string[] {
  return [...names, ...(wildcard && !legacy ? ["*"] : [])];
}

/** A client has what it wants, and nothing else. */
function letGo({ names, wildcard, held }: Asked): void {
  if (wildcard) return;
  for (const [name, { aliases }] of held) {
    const collection = collectionOf(name);
    const all = [name, ...aliases, ...(collection === undefined ? [] : [collection])];
    if (!all.some((each) => names.has(each))) held.delete(name);
  }
}

function kindOf(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

function read(form: Form, bytes: Uint8Array): Response {
  return form === "delta" ? readDelta(bytes) : readSotw(bytes);
}

function readDelta(bytes: Uint8Array): Response {
  const response = fromBinary(DeltaDiscoveryResponseSchema, bytes);
  const { typeUrl: type, nonce, resources, removedResources: gone } = response;
  const words = resources.map(
    ({ name, version, aliases, ttl, resource }) =>
      `${name}=${version}${resource === undefined ? "?" : ""} [${aliases}] ${ttl?.seconds ?? ""}`,
  );
  return {
    ...{ type: type as TypeUrl, nonce, version: "", gone },
    // Without a body it tells that there is none by this name, or that what there is may be kept.
    resources: resources
      .filter(({ resource }) => resource !== undefined)
      .map(({ name, version, aliases }) => [name, { version, aliases }]),
    words: [kindOf(type), nonce, ...words, ...gone.map((name) => `-${name}`)].join(" "),
  };
}

function readSotw(bytes: Uint8Array): Response {
  const response = fromBinary(DiscoveryResponseSchema, bytes);
  const { nonce, versionInfo: version } = response;
  const type = response.typeUrl as TypeUrl;
  const resources = response.resources.map((any) => content(type, any));
  const gone = response.resourceErrors.map(({ resourceName }) => resourceName?.name ?? "");
  const words = resources.map(([name, held, ttl]) => `${name}=${held} ${ttl}`);
  return {
    ...{ type, nonce, version, gone },
    // By what else it is asked for is not said.
    resources: resources.map(([name, held]) => [name, { version: held, aliases: aliasesOf(type) }]),
    words: [kindOf(type), nonce, version, ...words, ...gone.map((name) => `!${name}`)].join(" "),
  };
}

/** Its name, its version, and for how long it keeps; what the server makes by itself has no version of ours. */
function content(type: TypeUrl, { typeUrl: wrapped, value }: Any): readonly [string, string, string] {
  if (wrapped !== type) {
    const { resource, ttl } = fromBinary(ResourceSchema, value);
    if (resource === undefined) throw new Error("what keeps for a time has come without its content");
    const [name, version] = content(type, resource);
    return [name, version, `${ttl?.seconds ?? ""}`];
  }
  const [, name, version] = /^([\w/]+)=(\d)$/.exec(new TextDecoder().decode(value)) ?? [];
  return name === undefined || version === undefined
    ? [fromBinary(ClusterLoadAssignmentSchema, value).clusterName, "", ""]
    : [name, version, ""];
}
