import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Resource } from "../xds/resource.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import type { Form } from "./methods.ts";

/** One of the things that a response says. */
export type Entry =
  | { readonly kind: "resource"; readonly resource: Resource }
  /** The client may keep what it has (xds.md P25). */
  | { readonly kind: "heartbeat"; readonly resource: Resource }
  /** No resource has this alias (P19). */
  | { readonly kind: "unresolved"; readonly alias: string };

/** Why there is no such resource for this client: gRPC's code, as a client should take it (P15). */
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
  readonly version?: string;
  readonly entries: readonly Entry[];
  /** Told of in the incremental form alone. */
  readonly removed: readonly string[];
  readonly missing: readonly Missing[];
}

/** A message in pieces, to be sent one after the other. Large ones are shared by all streams. */
export type Pieces = readonly Uint8Array[];

/** From here on bytes are shared and not copied. */
const sharedBytesMin = 16 << 10;

/** Fields of `DiscoveryResponse` and `DeltaDiscoveryResponse` (envoy/service/discovery/v3/discovery.proto). */
const fields = {
  sotw: { version: 1, entries: 2, type: 4, nonce: 5, missing: 7 },
  delta: { entries: 2, type: 4, nonce: 5, removed: 6, missing: 9 },
} as const;

/**
 * Write a response. By hand, since a response of the generated kind would copy each resource into each stream's message; here a resource
 * is encoded once for all streams. What differs from stream to stream, the nonce, comes last.
 */
export function encode(form: Form, response: Response, wrapsTtl: boolean): Pieces {
  const { entries, type, nonce, missing } = fields[form];
  const pieces: Uint8Array[] = [];
  let writer = new BinaryWriter();
  if (form === "sotw")
    writer.tag(fields.sotw.version, WireType.LengthDelimited).string(response.version ?? "");
  writer.tag(type, WireType.LengthDelimited).string(response.type);
  for (const entry of response.entries) {
    const [head, body] = form === "delta" ? deltaEntry(entry) : sotwEntry(entry, wrapsTtl);
    writer
      .tag(entries, WireType.LengthDelimited)
      .uint32(head.length + body.length)
      .raw(head);
    if (body.length < sharedBytesMin) writer.raw(body);
    else {
      pieces.push(writer.finish(), body);
      writer = new BinaryWriter();
    }
  }
  if (form === "delta")
    for (const name of response.removed)
      writer.tag(fields.delta.removed, WireType.LengthDelimited).string(name);
  for (const each of response.missing)
    writer.tag(missing, WireType.LengthDelimited).bytes(resourceError(each));
  writer.tag(nonce, WireType.LengthDelimited).string(response.nonce);
  return [...pieces, writer.finish()];
}

/** All but the bytes of the resource itself, and those, which are the message's last field. */
type Encoded = readonly [head: Uint8Array, body: Uint8Array];

const nothing = new Uint8Array();
const deltaHeads = new WeakMap<Resource, Uint8Array>();
const sotwHeads = new WeakMap<Resource, Uint8Array>();
const wrappedHeads = new WeakMap<Resource, Uint8Array>();

function deltaEntry(entry: Entry): Encoded {
  switch (entry.kind) {
    case "resource":
      return [once(deltaHeads, entry.resource, deltaHead), entry.resource.bytes];
    case "heartbeat":
      return [describe(entry.resource).finish(), nothing];
    case "unresolved":
      return [
        new BinaryWriter()
          .tag(3, WireType.LengthDelimited)
          .string(entry.alias)
          .tag(4, WireType.LengthDelimited)
          .string(entry.alias)
          .finish(),
        nothing,
      ];
    default:
      return entry satisfies never;
  }
}

/** An `Any` of the resource, or, where its time is limited and the client can take it, of a `Resource` around it. */
function sotwEntry(entry: Entry, wrapsTtl: boolean): Encoded {
  if (entry.kind === "unresolved") return [nothing, nothing];
  const { resource } = entry;
  if (resource.ttlMs === undefined || !wrapsTtl)
    return [once(sotwHeads, resource, (each) => anyHead(each.typeUrl, each.bytes.length)), resource.bytes];
  if (entry.kind === "heartbeat") {
    const inner = describe(resource).finish();
    return [anyHead(wrapper, inner.length), inner];
  }
  return [
    once(wrappedHeads, resource, (each) => {
      const inner = deltaHead(each);
      return join(anyHead(wrapper, inner.length + each.bytes.length), inner);
    }),
    resource.bytes,
  ];
}

const wrapper = "type.googleapis.com/envoy.service.discovery.v3.Resource";

function once(
  known: WeakMap<Resource, Uint8Array>,
  resource: Resource,
  make: (resource: Resource) => Uint8Array,
): Uint8Array {
  const head = known.get(resource) ?? make(resource);
  known.set(resource, head);
  return head;
}

/** `Resource` up to the bytes of what it holds. */
function deltaHead(resource: Resource): Uint8Array {
  const any = anyHead(resource.typeUrl, resource.bytes.length);
  return describe(resource)
    .tag(2, WireType.LengthDelimited)
    .uint32(any.length + resource.bytes.length)
    .raw(any)
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
