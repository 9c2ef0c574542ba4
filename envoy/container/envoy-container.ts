import { request } from "node:http";
import { text } from "node:stream/consumers";
import { AbstractStartedContainer, GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { parseStats } from "../admin.ts";
import { bootstrap } from "../bootstrap.ts";
import { adminPort, type Filter, filterConfig, listenerPort } from "./filter-config.ts";

/** What the Envoy runs: one filter, or what a control plane tells it. Neither: the application alone. */
export interface EnvoyContainerOptions {
  readonly filter?: Filter;
  readonly controlPlane?: {
    /** An IPv4 address as the container sees it: of this machine, what `hostAddress` gives. Names are not resolved. */
    readonly address: string;
    readonly port: number;
    readonly nodeId: string;
    readonly cluster: string;
    /** The listener that `request` talks to. It must be on 0.0.0.0: ports are published from the container's own address. */
    readonly listenerPort: number;
  };
}

export interface EnvoyResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

const wasmPath = "/tmp/filter.wasm";
const configPath = "/tmp/envoy.json";

/** An Envoy for tests, as testcontainers has databases. The image is what `buildImage` or `findEnvoy` names. */
export class EnvoyContainer extends GenericContainer {
  readonly #port: number;

  constructor(image: string, options: EnvoyContainerOptions = {}) {
    super(image);
    const { filter, controlPlane } = options;
    this.#port = controlPlane?.listenerPort ?? listenerPort;
    const config =
      controlPlane === undefined
        ? filterConfig(
            filter === undefined
              ? undefined
              : {
                  wasmPath,
                  ...(filter.configuration === undefined ? {} : { configuration: filter.configuration }),
                },
          )
        : bootstrap({
            nodeId: controlPlane.nodeId,
            cluster: controlPlane.cluster,
            adminAddress: "0.0.0.0",
            adminPort,
            xdsAddress: controlPlane.address,
            xdsPort: controlPlane.port,
          });
    this.withCopyContentToContainer([
      { content: JSON.stringify(config), target: configPath },
      ...(filter === undefined ? [] : [{ content: Buffer.from(filter.wasm), target: wasmPath }]),
    ])
      .withCommand(["-c", configPath, "--disable-hot-restart", "--concurrency", "1"])
      .withExposedPorts(this.#port, adminPort)
      .withWaitStrategy(
        Wait.forHttp("/ready", adminPort, { abortOnContainerExit: true }).withReadTimeout(100),
      )
      .withStartupTimeout(30_000);
  }

  override async start(): Promise<StartedEnvoyContainer> {
    return new StartedEnvoyContainer(await super.start(), this.#port);
  }
}

/** A running Envoy. `stop` is testcontainers' own. */
export class StartedEnvoyContainer extends AbstractStartedContainer {
  readonly #port: number;

  constructor(started: StartedTestContainer, port: number) {
    super(started);
    this.#port = port;
  }

  /** Send a request to the listener. */
  request(
    path: string,
    options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<EnvoyResponse> {
    return this.#send(this.#port, path, options);
  }

  /** Counters and gauges; `filter` is a regular expression for Envoy. */
  async stats(filter?: string): Promise<ReadonlyMap<string, number>> {
    const path = filter === undefined ? "/stats" : `/stats?filter=${encodeURIComponent(filter)}`;
    return parseStats((await this.#send(adminPort, path, {})).body);
  }

  /** All that Envoy and its filters have logged. `logs`, which is testcontainers' own, gives it as a stream. */
  async logText(): Promise<string> {
    // Following streams do not end, so read what is there: the engine's stream pauses once it has caught up.
    return recent(await this.logs());
  }

  #send(
    port: number,
    path: string,
    options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<EnvoyResponse> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.getHost(),
          port: this.getMappedPort(port),
          path,
          agent: false,
          method: options.method ?? "GET",
          headers: { ...options.headers },
          signal: AbortSignal.timeout(10_000),
        },
        (response) => {
          text(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
            reject,
          );
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  }
}

const quietMs = 200;

function recent(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const done = (): void => {
      if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
      resolve(output);
    };
    let timer = setTimeout(done, quietMs);
    stream.on("data", (chunk: Buffer | string) => {
      output += chunk.toString();
      clearTimeout(timer);
      timer = setTimeout(done, quietMs);
    });
    stream.on("end", done);
    stream.on("error", reject);
  });
}
