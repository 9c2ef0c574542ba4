import { bootstrap } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, startEnvoy } from "../../envoy/run-envoy.ts";
import type { AddressPlan } from "../xds/address-plan.ts";

export interface RunProxiesOptions {
  readonly envoy: string;
  readonly xdsPort: number;
  readonly addresses: AddressPlan;
  progress(line: string): void;
}

/** Keeps an Envoy running for exactly the services of the latest list. */
export interface RunningProxies {
  /** Resolves when the new ones are ready and the old ones have been told to go. */
  run(services: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const drainMs = 2_000;

export function runProxies(options: RunProxiesOptions): RunningProxies {
  const running = new Map<string, Promise<RunningEnvoy>>();
  const leaving = new Set<Promise<unknown>>();
  let wanted: ReadonlySet<string> = new Set();

  async function start(service: string): Promise<RunningEnvoy> {
    const { address } = options.addresses.proxy(service);
    const envoy = await startEnvoy({
      path: options.envoy,
      adminAddress: address,
      config: bootstrap({
        nodeId: service,
        cluster: service,
        adminAddress: address,
        xdsAddress: "127.0.0.1",
        xdsPort: options.xdsPort,
      }),
    });
    options.progress(
      `proxy of ${service}: Envoy ready (pid ${envoy.pid}, admin http://${address}:${envoy.adminPort})`,
    );
    void envoy.exited.then(({ code, signal }) => {
      if (!wanted.has(service) || running.get(service) === undefined) return;
      options.progress(`proxy of ${service} ended (${signal ?? `code ${code}`}); starting it again`);
      running.set(service, start(service));
    });
    return envoy;
  }

  function leave(service: string, envoy: Promise<RunningEnvoy>): void {
    running.delete(service);
    const gone = envoy
      .then((started) => started.stop({ drainMs }))
      .then(() => options.progress(`proxy of ${service}: gone`))
      .catch(() => undefined)
      .finally(() => leaving.delete(gone));
    leaving.add(gone);
  }

  return {
    async run(services) {
      wanted = new Set(services);
      for (const [service, envoy] of running) if (!wanted.has(service)) leave(service, envoy);
      // A proxy that is wanted again while its last one leaves has to wait: they share an address.
      if (services.some((service) => !running.has(service))) await Promise.all(leaving);
      for (const service of services) if (!running.has(service)) running.set(service, start(service));
      await Promise.all(running.values());
    },
    async stop() {
      wanted = new Set();
      for (const [service, envoy] of running) leave(service, envoy);
      await Promise.all(leaving);
    },
  };
}
