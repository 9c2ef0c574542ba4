import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { NodeSchema } from "../xds/generated/envoy/config/core/v3/base_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { TypeUrl } from "../xds/type-url.ts";

/** A client over a real socket that asks and answers as a test tells it. */
export interface FakeClient<Request, Response> {
  readonly ask: (type: TypeUrl | "", more?: Request) => void;
  /** The next response, which must be of this type; rejects where none comes in time, by default 20 s. */
  readonly next: (type: TypeUrl, withinMs?: number) => Promise<Response>;
  readonly ack: (response: Response) => void;
  readonly nack: (response: Response, message: string) => void;
  /** Whatever comes within a short while, unread until now. */
  readonly quiet: () => Promise<readonly string[]>;
  /** Send bytes that are no request. */
  readonly sendBytes: (bytes: Uint8Array) => void;
  /** Read nothing from here on, until told to go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** The status that the stream ended with. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  readonly close: () => void;
}

export type FakeProxy = FakeClient<
  MessageInitShape<typeof DeltaDiscoveryRequestSchema>,
  DeltaDiscoveryResponse
>;
export type FakeSotwProxy = FakeClient<MessageInitShape<typeof DiscoveryRequestSchema>, DiscoveryResponse>;

export interface FakeOptions {
  readonly node: string;
  readonly features?: readonly string[];
  /** Of a service for one type; the aggregated one by default. */
  readonly path?: string;
  /** Plain text by default. */
  readonly credentials?: ChannelCredentials;
}

const quietMs = 60;
/** So long an answer may take on a busy machine. */
const answerMs = 20_000;

/** A client of the incremental form, as Wire's proxies are. */
export function fakeProxy(port: number, options: string | FakeOptions): FakeProxy {
  const {
    node,
    features = [],
    path,
    credentials: channel,
  } = typeof options === "string" ? { node: options } : options;
  const wire = open(port, { path: path ?? aggregated("Delta"), channel }, (bytes) =>
    fromBinary(DeltaDiscoveryResponseSchema, bytes),
  );
  let first = true;
  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void => {
    const message = create(DeltaDiscoveryRequestSchema, request);
    // Only the first request of a stream has to say who asks.
    if (first) message.node = create(NodeSchema, { id: node, clientFeatures: [...features] });
    first = false;
    wire.send(toBinary(DeltaDiscoveryRequestSchema, message));
  };
  return {
    ...wire,
    ask: (typeUrl, more = {}) => send({ ...more, typeUrl }),
    ack: ({ typeUrl, nonce }) => send({ typeUrl, responseNonce: nonce }),
    nack: ({ typeUrl, nonce }, message) =>
      send({ typeUrl, responseNonce: nonce, errorDetail: { code: 13, message } }),
  };
}

/** A client of the state of the world: each request has all names again, and the version that was taken last. */
export function fakeSotwProxy(port: number, options: string | FakeOptions): FakeSotwProxy {
  const {
    node,
    features = [],
    path,
    credentials: channel,
  } = typeof options === "string" ? { node: options } : options;
  const wire = open(port, { path: path ?? aggregated("Stream"), channel }, (bytes) =>
    fromBinary(DiscoveryResponseSchema, bytes),
  );
  const taken = new Map<string, { versionInfo: string; resourceNames: string[] }>();
  let first = true;
  const stateOf = (type: string) => taken.get(type) ?? { versionInfo: "", resourceNames: [] };
  const send = (request: MessageInitShape<typeof DiscoveryRequestSchema>): void => {
    const message = create(DiscoveryRequestSchema, request);
    if (first) message.node = create(NodeSchema, { id: node, clientFeatures: [...features] });
    first = false;
    const { versionInfo, resourceNames } = message;
    taken.set(message.typeUrl, { versionInfo, resourceNames });
    wire.send(toBinary(DiscoveryRequestSchema, message));
  };
  return {
    ...wire,
    ask: (typeUrl, more = {}) => send({ versionInfo: stateOf(typeUrl).versionInfo, ...more, typeUrl }),
    ack: ({ typeUrl, nonce, versionInfo }) =>
      send({ ...stateOf(typeUrl), versionInfo, typeUrl, responseNonce: nonce }),
    nack: ({ typeUrl, nonce }, message) =>
      send({ ...stateOf(typeUrl), typeUrl, responseNonce: nonce, errorDetail: { code: 13, message } }),
  };
}

function aggregated(form: "Delta" | "Stream"): string {
  return `/envoy.service.discovery.v3.AggregatedDiscoveryService/${form}AggregatedResources`;
}

type Wire<Response> = Pick<
  FakeClient<never, Response>,
  "next" | "quiet" | "sendBytes" | "pause" | "resume" | "ended" | "close"
> & { readonly send: (bytes: Uint8Array) => void };

function open<Response extends { readonly typeUrl: string }>(
  port: number,
  { path, channel }: { readonly path: string; readonly channel: ChannelCredentials | undefined },
  read: (bytes: Uint8Array) => Response,
): Wire<Response> {
  const client = new Client(`127.0.0.1:${port}`, channel ?? credentials.createInsecure());
  const stream: ClientDuplexStream<Uint8Array, Uint8Array> = client.makeBidiStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
  );
  const unread: Response[] = [];
  let wake = (): void => {};
  stream.on("data", (bytes: Uint8Array) => {
    unread.push(read(bytes));
    wake();
  });
  // The end of the call is reported by `status` too.
  stream.on("error", () => {});
  const ended = new Promise<{ code: number; details: string }>((resolve) => {
    stream.on("status", ({ code, details }) => resolve({ code, details }));
  });
  const arrival = (timeoutMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  return {
    send: (bytes) => stream.write(bytes),
    sendBytes: (bytes) => stream.write(bytes),
    next: async (type, withinMs = answerMs) => {
      if (unread.length === 0) await arrival(withinMs);
      const response = unread.shift();
      if (response?.typeUrl !== type)
        throw new Error(`waited for ${type}, got ${response?.typeUrl ?? "nothing"}`);
      return response;
    },
    quiet: async () => {
      while (await arrival(quietMs)) {
        // Something came; wait again until nothing does.
      }
      return unread.splice(0).map((response) => response.typeUrl);
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    ended,
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}
