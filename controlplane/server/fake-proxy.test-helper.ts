import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { NodeSchema } from "../xds/generated/envoy/config/core/v3/base_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { adsService } from "./ads-service.ts";

/** A proxy over a real socket that asks and answers as a test tells it. */
export interface FakeProxy {
  readonly ask: (type: TypeUrl, more?: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) => void;
  /** The next response, which must be of this type. */
  readonly next: (type: TypeUrl) => Promise<DeltaDiscoveryResponse>;
  readonly ack: (response: DeltaDiscoveryResponse) => void;
  readonly nack: (response: DeltaDiscoveryResponse, message: string) => void;
  /** Whatever comes within a short while, unread until now. */
  readonly quiet: () => Promise<readonly string[]>;
  /** The status code that the stream ended with. */
  readonly ended: Promise<number>;
  readonly close: () => void;
}

const quietMs = 60;

export function fakeProxy(port: number, node: string): FakeProxy {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const method = adsService.deltaAggregatedResources;
  const stream: ClientDuplexStream<Uint8Array, Uint8Array> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  const unread: DeltaDiscoveryResponse[] = [];
  let wake = (): void => {};
  let first = true;
  stream.on("data", (bytes: Uint8Array) => {
    unread.push(fromBinary(DeltaDiscoveryResponseSchema, bytes));
    wake();
  });
  // The end of the call is reported by `status` too.
  stream.on("error", () => {});
  const ended = new Promise<number>((resolve) => {
    stream.on("status", (status) => resolve(status.code));
  });

  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void => {
    const message = create(DeltaDiscoveryRequestSchema, request);
    // Only the first request of a stream has to say who asks.
    if (first) message.node = create(NodeSchema, { id: node });
    first = false;
    stream.write(toBinary(DeltaDiscoveryRequestSchema, message));
  };
  const arrival = (timeoutMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });

  return {
    ask: (typeUrl, more = {}) => send({ ...more, typeUrl }),
    next: async (type) => {
      if (unread.length === 0) await arrival(3000);
      const response = unread.shift();
      if (response?.typeUrl !== type)
        throw new Error(`waited for ${type}, got ${response?.typeUrl ?? "nothing"}`);
      return response;
    },
    ack: (response) => send({ typeUrl: response.typeUrl, responseNonce: response.nonce }),
    nack: (response, message) =>
      send({ typeUrl: response.typeUrl, responseNonce: response.nonce, errorDetail: { code: 13, message } }),
    quiet: async () => {
      while (await arrival(quietMs)) {
        // Something came; wait again until nothing does.
      }
      return unread.splice(0).map((response) => response.typeUrl);
    },
    ended,
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}
