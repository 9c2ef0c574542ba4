// The proxies of a control plane, as far as it can tell: each a connection and one incremental stream, which takes whatever comes.
import { connect, constants } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createUnframer } from "../../../controlplane/server/grpc-frame.ts";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "../../../controlplane/xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { typeUrl } from "../../../controlplane/xds/type-url.ts";
import type { Proxies } from "./control-plane.ts";

const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
type Request = Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1];

function open({ port, nodes: [node] }: Proxies): void {
  if (node === undefined) return;
  const stream = connect(`http://127.0.0.1:${port}`).request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    te: "trailers",
  });
  const say = (request: Request): void => {
    const message = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request));
    const framed = Buffer.alloc(5 + message.length);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    stream.write(framed);
  };
  const unframer = createUnframer(64 << 20);
  stream.on("data", (chunk: Buffer) => {
    for (const message of unframer.take(chunk)) {
      if (!(message instanceof Uint8Array)) continue;
      const { typeUrl: type, nonce } = fromBinary(DeltaDiscoveryResponseSchema, message);
      say({ typeUrl: type, responseNonce: nonce });
    }
  });
  say({ node: { id: node.name }, typeUrl: typeUrl.cluster });
  say({ typeUrl: typeUrl.listener });
  for (const [type, names] of Object.entries(node.names))
    say({ typeUrl: type, resourceNamesSubscribe: names });
}

process.on("message", (all: Proxies) => {
  for (const node of all.nodes) open({ ...all, nodes: [node] });
});
