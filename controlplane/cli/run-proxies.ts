import { setTimeout as sleep } from "node:timers/promises";
import { bootstrap } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, startEnvoy } from "../../envoy/run-envoy.ts";
import type { AddressPlan } from "../xds/address-plan.ts";

export interface RunProxiesOptions {
  readonly envoy: string;
  readonly xdsPort: number;
  readonly addresses: AddressPlan;
  /** Whether they report their load. Default not. */
  readonly loadReports?: boolean;
  progress(line: string): void;
  /** Called with each piece of what the proxy of a service writes: its log, and on standard output its access log. */
  onLog?(service: string, chunk: string): void;
  /** Called with each line of the access log of any proxy; the line says whose it is. */
  onAccessLog?(line: string): void;
}

/** Keeps an Envoy running for exactly the services of the latest list. */
export interface RunningProxies {
  /**
   * Resolves once none is there any more of those that were to leave and are wanted again: it would take what is meant for the new one, and be led to. Which
   * proxies have come the control plane sees by itself.
   */
  want(services: readonly string[]): Promise<void>;
  /** The Envoys that run now, by service. */
  pids(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** One service's proxy, from the first attempt to start it to its end. */
interface Proxy {
  /** Settles when it has ended for good. */
  readonly gone: Promise<void>;
  leave(): void;
}

const drainMs = 2_000;
const backoffMsMin = 200;
const backoffMsMax = 5_000;

export function runProxies(options: RunProxiesOptions): RunningProxies {
  const running = new Map<string, Proxy>();
  /** Those that are leaving: a new one for the same service has to wait, because they share an address. */
  const leaving = new Map<string, Promise<void>>();
  const pids = new Map<string, number>();

  function leave(service: string, proxy: Proxy): void {
    running.delete(service);
    proxy.leave();
    leaving.set(service, proxy.gone);
    void proxy.gone.then(() => {
      if (leaving.get(service) === proxy.gone) leaving.delete(service);
    });
  }

  return {
    async want(services) {
      for (const [service, proxy] of running) if (!services.includes(service)) leave(service, proxy);
      const before = services.map((service) => leaving.get(service));
      for (const service of services) {
        if (!running.has(service))
          running.set(service, keep(service, leaving.get(service), { ...options, pids }));
      }
      await Promise.all(before);
    },
    pids: () => new Map(pids),
    async stop() {
      for (const [service, proxy] of running) leave(service, proxy);
      await Promise.all(leaving.values());
    },
  };
}

/** Start an Envoy once `before` has ended, and again whenever it ends or fails to start, until it is told to leave. */
function keep(
  service: string,
  before: Promise<void> | undefined,
  options: RunProxiesOptions & { readonly pids: Map<string, number> },
): Proxy {
  const left = new AbortController();
  const isLeaving = new Promise<void>((resolve) => left.signal.addEventListener("abort", () => resolve()));

  async function live(): Promise<void> {
    await before;
    for (
      let backoffMs = backoffMsMin;
      !left.signal.aborted;
      backoffMs = Math.min(backoffMs * 2, backoffMsMax)
    ) {
      try {
        const envoy = await start(service, options);
        backoffMs = backoffMsMin;
        options.pids.set(service, envoy.pid);
        void envoy.exited.then(() => options.pids.delete(service));
        const exit = await Promise.race([envoy.exited, isLeaving]);
        if (exit === undefined) {
          await envoy.stop({ drainMs });
          options.progress(`proxy of ${service}: gone`);
          return;
        }
        options.progress(
          `proxy of ${service} ended (${exit.signal ?? `code ${exit.code}`}); starting it again`,
        );
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        options.progress(`proxy of ${service} does not start, trying again: ${why}`);
      }
      await Promise.race([sleep(backoffMs, undefined, { ref: false }), isLeaving]);
    }
  }
  return { gone: live(), leave: () => left.abort() };
}

async function start(
  service: string,
  { envoy: path, xdsPort, addresses, loadReports = false, progress, onLog, onAccessLog }: RunProxiesOptions,
): Promise<RunningEnvoy> {
  const address = addresses.proxy(service);
  const envoy = await startEnvoy({
    path,
    adminAddress: address,
    ...(onLog === undefined ? {} : { onLog: (chunk: string) => onLog(service, chunk) }),
    ...(onAccessLog === undefined ? {} : { onOutputLine: onAccessLog }),
    config: bootstrap({
      nodeId: service,
      cluster: service,
      adminAddress: address,
      xdsAddress: "127.0.0.1",
      xdsPort,
      loadReports,
    }),
  });
  progress(`proxy of ${service}: Envoy ready (pid ${envoy.pid}, admin http://${address}:${envoy.adminPort})`);
  return envoy;
}
