import { strict as assert } from "node:assert";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Resource } from "../xds/resource.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import type { Form } from "./methods.ts";

/** Why there is no such resource for this client: gRPC's code, as a client should take it (xds.md P15). */
export interface Missing {
  readonly name: string;
  readonly code: number;
  readonly message: string;
}

/** A response, in either form. */
export interface Response {
  readonly type: TypeUrl;
  readonly nonce: string;
  /** Of all that the client has now; in the state of the world alone. */
  readonly version: string;
  readonly resources: readonly Resource[];
  /** What the client may keep (P25); in the incremental form alone. */
  readonly kept?: readonly Resource[];
  /** Aliases that no resource has (P19). */
  readonly unresolved: readonly string[];
  /** Told of in the incremental form alone. */
  readonly removed: readonly string[];
  /** Told of in the state of the world alone. */
  readonly missing: readonly Missing[];
}

/** A message in pieces, to be sent one after the other. The first begins with `roomBytes` that are the carrier's to fill. */
export type Pieces = readonly [Uint8Array, ...Uint8Array[]];

/** What gRPC puts before a message. */
export const roomBytes = 5;

/** From here on bytes are shared and not copied. */
const sharedBytesMin = 16 << 10;

/** Fields of `DiscoveryResponse` and `DeltaDiscoveryResponse` (envoy/service/discovery/v3/discovery.proto). */
const fields = {
  sotw: { version: 1, entries: 2, type: 4, nonce: 5, missing: 7 },
  delta: { entries: 2, type: 4, nonce: 5, removed: 6 },
} as const;

/**
 * Write a response. By hand, since one of the generated kind would encode each resource for each stream; here it is encoded once for
 * all, and what is large is not even copied.
 */
export function encode(form: Form, response: Response, takesTtl: boolean): Pieces {
  const chunks: Uint8Array[] = response.resources.flatMap((resource) => entry(form, resource, takesTtl));
  const rest = restOf(form, response);
  if (rest.length > 0) chunks.push(rest);
  chunks.push(typeField(response.type), nonceField(response.nonce));
  return gather(chunks);
}

/** A whole message as it is, of a service where there is little to share. */
export function framed(message: Uint8Array): Pieces {
  return [join(new Uint8Array(roomBytes), message)];
}

/** Everything but resources, the type and the nonce, which most responses have none of. */
function restOf(form: Form, response: Response): Uint8Array {
  const { kept = [], unresolved, removed, missing, version } = response;
  if (form === "delta" && kept.length + unresolved.length + removed.length === 0) return nothing;
  const field = fields[form];
  const writer = new BinaryWriter();
  if (form === "sotw") writer.tag(fields.sotw.version, WireType.LengthDelimited).string(version);
  for (const resource of form === "delta" ? kept : [])
    writer.tag(field.entries, WireType.LengthDelimited).bytes(describe(resource).finish());
  for (const alias of form === "delta" ? unresolved : [])
    writer.tag(field.entries, WireType.LengthDelimited).bytes(unresolvedAlias(alias));
  for (const name of form === "delta" ? removed : [])
    writer.tag(fields.delta.removed, WireType.LengthDelimited).string(name);
  for (const each of form === "sotw" ? missing : [])
    writer.tag(fields.sotw.missing, WireType.LengthDelimited).bytes(resourceError(each));
  return writer.finish();
}

/** One after the other in as few pieces as copying what is small makes. */
function gather(chunks: readonly Uint8Array[]): Pieces {
  const pieces: Uint8Array[] = [];
  let from = 0;
  let bytes = roomBytes;
  const copy = (to: number): void => {
    const piece = Buffer.allocUnsafe(bytes);
    let at = pieces.length === 0 ? roomBytes : 0;
    for (; from < to; from++) {
      const chunk = chunks[from] ?? nothing;
      piece.set(chunk, at);
      at += chunk.length;
    }
    pieces.push(piece);
    bytes = 0;
  };
  for (const [at, chunk] of chunks.entries()) {
    if (chunk.length < sharedBytesMin) {
      bytes += chunk.length;
      continue;
    }
    copy(at);
    pieces.push(chunk);
    from = at + 1;
  }
  if (bytes > 0) copy(chunks.length);
  const [first, ...rest] = pieces;
  assert(first !== undefined, "a response has at least its type and its nonce");
  return [first, ...rest];
}

const nothing = new Uint8Array();
const typeFields = new Map<TypeUrl, Uint8Array>();

function typeField(type: TypeUrl): Uint8Array {
  const known = typeFields.get(type);
  if (known !== undefined) return known;
  const field = new BinaryWriter().tag(fields.delta.type, WireType.LengthDelimited).string(type).finish();
  typeFields.set(type, field);
  return field;
}

/** A few digits, which differ from stream to stream. */
function nonceField(nonce: string): Uint8Array {
  const field = Buffer.allocUnsafe(2 + nonce.length);
  field[0] = (fields.delta.nonce << 3) | WireType.LengthDelimited;
  field[1] = nonce.length;
  field.write(nonce, 2, "latin1");
  return field;
}

type Heads = WeakMap<Resource, readonly Uint8Array[]>;
const heads: Readonly<Record<"delta" | "sotw" | "wrapped", Heads>> = {
  delta: new WeakMap(),
  sotw: new WeakMap(),
  wrapped: new WeakMap(),
};

/** The field of a resource: encoded once for all streams, its head and its own bytes, or both in one where they are small. */
function entry(form: Form, resource: Resource, takesTtl: boolean): readonly Uint8Array[] {
  const kind = form === "delta" ? "delta" : takesTtl && resource.ttlMs !== undefined ? "wrapped" : "sotw";
  const known = heads[kind].get(resource);
  if (known !== undefined) return known;
  const { bytes } = resource;
  const head = kind === "sotw" ? anyHead(resource.typeUrl, bytes.length) : wrapped(kind, resource);
  const field = new BinaryWriter()
    .tag(fields[form].entries, WireType.LengthDelimited)
    .uint32(head.length + bytes.length)
    .raw(head)
    .finish();
  const made = bytes.length < sharedBytesMin ? [join(field, bytes)] : [field, bytes];
  heads[kind].set(resource, made);
  return made;
}

/** `Resource` up to the bytes of what it holds; in the state of the world, an `Any` of one. */
function wrapped(kind: "delta" | "wrapped", resource: Resource): Uint8Array {
  const any = anyHead(resource.typeUrl, resource.bytes.length);
  const inner = describe(resource)
    .tag(2, WireType.LengthDelimited)
    .uint32(any.length + resource.bytes.length)
    .raw(any)
    .finish();
  return kind === "delta" ? inner : join(anyHead(wrapper, inner.length + resource.bytes.length), inner);
}

const wrapper = "type.googleapis.com/envoy.service.discovery.v3.Resource";

/** `Resource` with a name and an alias, and nothing in it. */
function unresolvedAlias(alias: string): Uint8Array {
  return new BinaryWriter()
    .tag(3, WireType.LengthDelimited)
    .string(alias)
    .tag(4, WireType.LengthDelimited)
    .string(alias)
    .finish();
}

/** `Resource` without what it holds. */
function describe({ name, version, aliases = [], ttlMs }: Resource): BinaryWriter {
  const writer = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(version)
    .tag(3, WireType.LengthDelimited)
    .string(name);
  for (const alias of aliases) writer.tag(4, WireType.LengthDelimited).string(alias);
  if (ttlMs !== undefined) {
    const duration = new BinaryWriter()
      .tag(1, WireType.Varint)
      .int64(Math.floor(ttlMs / 1000))
      .tag(2, WireType.Varint)
      .int32(Math.round((ttlMs % 1000) * 1e6));
    writer.tag(6, WireType.LengthDelimited).bytes(duration.finish());
  }
  return writer;
}

/** `Any` up to the bytes of its value. */
function anyHead(typeUrl: string, bytes: number): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(typeUrl)
    .tag(2, WireType.LengthDelimited)
    .uint32(bytes)
    .finish();
}

/** `ResourceError`: `ResourceName` and `google.rpc.Status`. */
function resourceError({ name, code, message }: Missing): Uint8Array {
  const resourceName = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name).finish();
  const status = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .finish();
  return new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(resourceName)
    .tag(2, WireType.LengthDelimited)
    .bytes(status)
    .finish();
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
