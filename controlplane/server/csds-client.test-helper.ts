import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ChannelCredentials,
  Client,
  credentials,
  loadPackageDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// gRPC's own copy of Envoy's protos, read as they are and not by what Wire generates of its own.
const deps = join(dirname(fileURLToPath(import.meta.resolve("@grpc/grpc-js-xds"))), "../../deps");
const loaded = loadPackageDefinition(
  loadSync("envoy/service/status/v3/csds.proto", {
    ...{ keepCase: true, enums: String, longs: Number, defaults: true, oneofs: true },
    includeDirs: ["envoy-api", "xds", "googleapis", "protoc-gen-validate"].map((each) => join(deps, each)),
  }),
);

export interface CsdsResource {
  readonly type_url: string;
  readonly name: string;
  readonly version_info: string;
  readonly config_status: string;
  readonly client_status: string;
  readonly xds_config: { readonly type_url: string; readonly value: Buffer } | null;
  readonly error_state: { readonly details: string } | null;
}

export interface CsdsClient {
  readonly node: { readonly id: string } | null;
  readonly generic_xds_configs: readonly CsdsResource[];
}

interface Answer {
  readonly config: readonly CsdsClient[];
}

interface Service {
  FetchClientStatus(request: object, done: (error: ServiceError | null, answer: Answer) => void): void;
  StreamClientStatus(): NodeJS.ReadWriteStream & {
    write(request: object): boolean;
    on(event: "data", heard: (answer: Answer) => void): void;
  };
  close(): void;
}

/** A client for the status of clients, as an operator's tool would be one. */
export function csdsClient(port: number, channel?: ChannelCredentials): CsdsCaller {
  const { Service } = serviceClass();
  const service = new Service(`127.0.0.1:${port}`, channel ?? credentials.createInsecure());
  return {
    fetch: (request = {}) =>
      new Promise((resolve, reject) =>
        service.FetchClientStatus(request, (error, { config } = { config: [] }) =>
          error === null ? resolve(config) : reject(error),
        ),
      ),
    stream: () => service.StreamClientStatus(),
    close: () => service.close(),
  };
}

export interface CsdsCaller {
  readonly fetch: (request?: object) => Promise<readonly CsdsClient[]>;
  readonly stream: () => ReturnType<Service["StreamClientStatus"]>;
  readonly close: () => void;
}

function serviceClass(): { readonly Service: new (address: string, as: ChannelCredentials) => Service } {
  const path = ["envoy", "service", "status", "v3", "ClientStatusDiscoveryService"];
  const found = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], loaded);
  if (typeof found !== "function" || !(found.prototype instanceof Client))
    throw new Error("the protos have no such service");
  return { Service: found as unknown as new (address: string, as: ChannelCredentials) => Service };
}
