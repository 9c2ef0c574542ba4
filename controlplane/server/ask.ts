import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { Node } from "../xds/generated/envoy/config/core/v3/base_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Form } from "./methods.ts";

interface Asked {
  /** Only the first message of a stream has to have it (xds.md P1). */
  readonly node?: Node;
  readonly typeUrl: string;
  /** Of the response that this one answers; "" where it answers none. */
  readonly nonce: string;
  /** Present: what the nonce names is refused (P4). */
  readonly error?: string;
}

/** What a client says in one message: what it wants, and how it likes what it was sent. */
export type Ask =
  | (Asked & {
      readonly form: "delta";
      readonly subscribe: readonly string[];
      readonly unsubscribe: readonly string[];
      /** Name → version of what the client holds from an earlier stream. */
      readonly held: Readonly<Record<string, string>>;
    })
  | (Asked & { readonly form: "sotw"; readonly names: readonly string[]; readonly version: string });

/** Read a message of a client, the first of its stream or another; undefined where it is none. */
export function readAsk(form: Form, bytes: Uint8Array, isFirst: boolean): Ask | undefined {
  try {
    if (form === "sotw") return readSotw(bytes);
    return (isFirst ? undefined : readAcknowledgement(bytes)) ?? readDelta(bytes);
  } catch {
    return undefined;
  }
}

/** Fields of `DeltaDiscoveryRequest` (envoy/service/discovery/v3/discovery.proto). */
const fields = { node: 1, type: 2, nonce: 6 } as const;

/**
 * Most messages say no more than a type and a nonce. Some clients say each time who they are (xds.md P1), which with all of an Envoy's extensions is
 * long and looked at in the first alone.
 */
function readAcknowledgement(bytes: Uint8Array): Ask | undefined {
  const reader = new BinaryReader(bytes);
  let [type, nonce] = ["", ""];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited) return undefined;
    // Who it is was said in the first message of the stream, and is bound to it since.
    if (field === fields.node) reader.skip(wire);
    else if (field === fields.type) type = reader.string();
    else if (field === fields.nonce) nonce = reader.string();
    else return undefined;
  }
  return { form: "delta", typeUrl: type, nonce, subscribe: [], unsubscribe: [], held: {} };
}

function readDelta(bytes: Uint8Array): Ask {
  const request = fromBinary(DeltaDiscoveryRequestSchema, bytes);
  return {
    form: "delta",
    ...asked(request),
    subscribe: [
      ...request.resourceNamesSubscribe,
      ...request.resourceLocatorsSubscribe.map(({ name }) => name),
    ],
    unsubscribe: [
      ...request.resourceNamesUnsubscribe,
      ...request.resourceLocatorsUnsubscribe.map(({ name }) => name),
    ],
    held: request.initialResourceVersions,
  };
}

function readSotw(bytes: Uint8Array): Ask {
  const request = fromBinary(DiscoveryRequestSchema, bytes);
  return {
    form: "sotw",
    ...asked(request),
    names: [...request.resourceNames, ...request.resourceLocators.map(({ name }) => name)],
    version: request.versionInfo,
  };
}

/** Characters of what a client says of a refusal, that are looked at and kept. */
const wordsMax = 4 << 10;

function shortened(words: string): string {
  return words.length <= wordsMax ? words : `${words.slice(0, wordsMax)}…`;
}

function asked(request: {
  readonly node?: Node | undefined;
  readonly typeUrl: string;
  readonly responseNonce: string;
  readonly errorDetail?: { readonly message: string } | undefined;
}): Asked {
  return {
    ...(request.node === undefined ? {} : { node: request.node }),
    typeUrl: request.typeUrl,
    nonce: request.responseNonce,
    ...(request.errorDetail === undefined ? {} : { error: shortened(request.errorDetail.message) }),
  };
}
