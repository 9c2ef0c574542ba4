import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { UpdateFailureStateSchema } from "../xds/generated/envoy/admin/v3/config_dump_shared_pb.ts";
import {
  type ClientConfig,
  type ClientConfig_GenericXdsConfig,
  ClientConfig_GenericXdsConfigSchema,
  ClientConfigSchema,
  type ClientStatusRequest,
  ClientStatusRequestSchema,
  ClientStatusResponseSchema,
  ConfigStatus,
} from "../xds/generated/envoy/service/status/v3/csds_pb.ts";
import type { StringMatcher } from "../xds/generated/envoy/type/matcher/v3/string_pb.ts";
import type { Resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl as types } from "../xds/type-url.ts";
import type { Nack, NodeStatus } from "./node.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import type { ResourceStatus } from "./stream.ts";

/** Which nodes are asked for, and whether with the contents of their resources. */
export interface StatusAsk {
  readonly matches: (node: string) => boolean;
  readonly withContents: boolean;
}

/** A node as it is told of: what it should hold in the end, and how far it is. */
export interface NodeState {
  readonly status: NodeStatus;
  readonly wanted: Snapshot;
}

/** Read what a client asks for; a text where that cannot be answered. Without matchers all nodes are meant. */
export function readStatusAsk(bytes: Uint8Array): StatusAsk | string {
  let request: ClientStatusRequest;
  try {
    request = fromBinary(ClientStatusRequestSchema, bytes);
  } catch {
    return "not a request for client status";
  }
  const { nodeMatchers, excludeResourceContents } = request;
  // Each of them may match; what is within one has to match together.
  const tests: ((node: string) => boolean)[] = [];
  for (const { nodeId, nodeMetadatas } of nodeMatchers) {
    if (nodeMetadatas.length > 0) return "nodes are matched by node_id alone, not by node_metadatas";
    const test = nodeId === undefined ? () => true : testOf(nodeId);
    if (test === undefined)
      return "node_id is matched by exact, prefix, suffix or contains, not by safe_regex or custom";
    tests.push(test);
  }
  return {
    matches: (node) => tests.length === 0 || tests.some((test) => test(node)),
    withContents: !excludeResourceContents,
  };
}

function testOf({ matchPattern, ignoreCase }: StringMatcher): ((text: string) => boolean) | undefined {
  const plain = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  switch (matchPattern.case) {
    case "exact":
    case "prefix":
    case "suffix":
    case "contains": {
      const { case: how, value } = matchPattern;
      const part = plain(value);
      return (text) => {
        const whole = plain(text);
        if (how === "exact") return whole === part;
        if (how === "prefix") return whole.startsWith(part);
        return how === "suffix" ? whole.endsWith(part) : whole.includes(part);
      };
    }
    default:
      return undefined;
  }
}

/** The answer, at most of so many bytes; undefined where it would be larger. */
export function writeStatus(
  nodes: readonly NodeState[],
  { withContents, bytesMax }: Pick<StatusAsk, "withContents"> & { readonly bytesMax: number },
): Uint8Array | undefined {
  const bytes = nodes.flatMap(({ wanted }) =>
    [...wanted.values()].flatMap((resources) =>
      [...resources.values()].map((resource) => (withContents ? resource.bytes.length : 0)),
    ),
  );
  if (bytes.reduce((sum, each) => sum + each, 0) > bytesMax) return undefined;
  const written = toBinary(
    ClientStatusResponseSchema,
    create(ClientStatusResponseSchema, { config: nodes.map((node) => configOf(node, withContents)) }),
  );
  return written.length > bytesMax ? undefined : written;
}

/** Sorted by type and name. */
function configOf({ status, wanted }: NodeState, withContents: boolean): ClientConfig {
  const types = [...new Set([...wanted.keys(), ...status.types.keys()])].sort();
  return create(ClientConfigSchema, {
    node: { id: status.node },
    genericXdsConfigs: types.flatMap((type) => {
      const resources = resourcesOf(wanted, type);
      const known = status.types.get(type) ?? new Map<string, ResourceStatus>();
      return [...new Set([...resources.keys(), ...known.keys()])].sort().flatMap((name) => {
        const resource = resources.get(name);
        const state = known.get(name) ?? {};
        const entry =
          resource === undefined
            ? leftOver(type, name, state)
            : toHave(resource, state, status.nacks, withContents);
        return entry === undefined ? [] : [entry];
      });
    }),
  });
}

/** Of what was refused, the version that was: that is what the node is to have. */
function toHave(
  resource: Resource,
  { sent, acked, nacked }: ResourceStatus,
  nacks: readonly Nack[],
  withContents: boolean,
): ClientConfig_GenericXdsConfig {
  const { typeUrl, name, version, bytes } = resource;
  const isRefused = nacked === version;
  const status = isRefused
    ? ConfigStatus.ERROR
    : sent !== version
      ? ConfigStatus.NOT_SENT
      : acked === version
        ? ConfigStatus.SYNCED
        : ConfigStatus.STALE;
  const nack = nacks.find((each) => each.typeUrl === typeUrl && each.resources.includes(name));
  return create(ClientConfig_GenericXdsConfigSchema, {
    ...{ typeUrl, name, versionInfo: version, configStatus: status },
    // Keys are for the node alone, whoever may look how it is.
    ...(withContents && typeUrl !== types.secret
      ? { xdsConfig: create(AnySchema, { typeUrl, value: bytes }) }
      : {}),
    ...(isRefused
      ? {
          errorState: create(UpdateFailureStateSchema, {
            details: nack?.message ?? "",
            versionInfo: version,
          }),
        }
      : {}),
  });
}

/** What the node still holds and is to give up: it was not told yet, or has not said that it did. */
function leftOver(
  typeUrl: TypeUrl,
  name: string,
  { sent, acked }: ResourceStatus,
): ClientConfig_GenericXdsConfig | undefined {
  const versionInfo = acked ?? sent;
  return versionInfo === undefined
    ? undefined
    : create(ClientConfig_GenericXdsConfigSchema, {
        ...{ typeUrl, name, versionInfo, configStatus: ConfigStatus.STALE },
      });
}
