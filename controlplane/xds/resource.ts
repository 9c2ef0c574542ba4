import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import type { TypeUrl } from "./type-url.ts";

/** One xDS resource, encoded once; every stream that needs it shares the bytes. */
export interface Resource {
  readonly name: string;
  readonly typeUrl: TypeUrl;
  /** A hash of `bytes`: equal across restarts and replicas, so that a reconnect costs nothing (xds.md P10). */
  readonly version: string;
  /** The encoded message, without the `Any` around it. */
  readonly bytes: Uint8Array;
  /** Other names that clients may ask by, as for virtual hosts (P19). */
  readonly aliases?: readonly string[];
  /** How long a client keeps it without hearing of it again; absent: for good (P25). */
  readonly ttlMs?: number;
}

/** Resources of one type by name. */
export type Resources = ReadonlyMap<string, Resource>;

export function resource<Desc extends DescMessage>(
  name: string,
  typeUrl: TypeUrl,
  schema: Desc,
  message: MessageShape<Desc>,
): Resource {
  const bytes = toBinary(schema, message);
  return { name, typeUrl, version: createHash("sha256").update(bytes).digest("hex").slice(0, 16), bytes };
}

export function anyOf<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Any {
  return create(AnySchema, {
    typeUrl: `type.googleapis.com/${schema.typeName}`,
    value: toBinary(schema, message),
  });
}

/** A protobuf map whose keys are in order: encoding follows insertion, and versions hash the encoding (xds.md P31). */
export function mapOf<Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Resources by name, in the order of names. */
export function byName(resources: Iterable<Resource>): Resources {
  return new Map(
    [...resources]
      .map((entry) => [entry.name, entry] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}
