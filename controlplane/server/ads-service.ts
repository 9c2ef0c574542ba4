import type { MethodDefinition } from "@grpc/grpc-js";

const pass = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The one method that proxies use. Bytes in, bytes out: whoever handles them encodes once and judges what is malformed. */
export const adsService: { readonly deltaAggregatedResources: MethodDefinition<Uint8Array, Uint8Array> } = {
  deltaAggregatedResources: {
    path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: (buffer) => buffer,
    responseSerialize: pass,
    responseDeserialize: (buffer) => buffer,
  },
};
