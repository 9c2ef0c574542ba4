import { bytesOf } from "./bytes.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { createConnection, type HostConnect, type WorkerConnection } from "./connection.ts";
import type { LogLine } from "./log-line.ts";
import type { PluginSetting } from "./plugin.ts";
import { createRoot, type Root } from "./root.ts";
import { createStream, type HostRequest, type Stream } from "./stream.ts";
import { createVm, type HostParts, type Vm } from "./vm.ts";

/** A thread of Envoy's with its own instance of the module, that looks at one request at a time. */
export interface Worker {
  /** Why the plugin did not start or has failed; null when it runs. */
  readonly failure: string | null;
  readonly startLogs: readonly LogLine[];
  readonly pages: number;
  /** A plugin begins, or has another configuration; false when it is refused. */
  configure(plugin: PluginSetting, configuration: string): boolean;
  open(plugin: PluginSetting, request: HostRequest): Stream;
  connect(plugin: PluginSetting, connect: HostConnect): WorkerConnection;
  /** Enter a callback of the root context, as nothing here has led to; the context's number comes before the arguments. */
  enter(plugin: PluginSetting, name: string, ...args: readonly number[]): void;
  /** All plugins are over. */
  stop(): void;
}

export function createWorker(module: CompiledModule, index: number, parts: HostParts): Worker {
  const startLogs: LogLine[] = [];
  const { loop } = parts.proxy;
  let roots = new Map<PluginSetting, Root>();
  let vm = createVm(module, index, parts, startLogs);
  let loadedAt = loop.now;

  /** The context of a configuration that the module takes. */
  function begin(plugin: PluginSetting, configuration: string): Root | undefined {
    const root = createRoot(vm.nextId(), plugin, { ...parts, logs: startLogs });
    vm.contexts.set(root.id, root);
    root.configuration = configuration;
    vm.enter(root, "proxy_on_context_create", root.id, 0);
    // Of the VM's start the configuration of the plugin is no part.
    root.configuration = null;
    // An Envoy says so of each configuration that begins, also in a VM that has others.
    const starts = vm.enter(root, "proxy_on_vm_start", root.id, bytesOf(parts.vmConfiguration).length) !== 0;
    root.configuration = configuration;
    const accepted =
      starts && vm.enter(root, "proxy_on_configure", root.id, bytesOf(configuration).length) !== 0;
    root.configuration = null;
    if (accepted && vm.failure === null) return root;
    forget(vm, root);
    return undefined;
  }

  /** One that was refused is not told that it is done: Envoy tries it in a VM of its own. */
  function forget(of: Vm, root: Root): void {
    of.ticks.get(root)?.cancel();
    of.ticks.delete(root);
    of.contexts.delete(root.id);
  }

  /** A configuration that was replaced lives until its last request and connection have ended. */
  function letGo(of: Vm, root: Root): void {
    if (root.users > 0) return;
    if (of.enter(root, "proxy_on_done", root.id) === 0) {
      of.waiting.add(root);
      return;
    }
    of.enter(root, "proxy_on_delete", root.id);
    forget(of, root);
  }

  function settleConnections(): void {
    for (const context of [...vm.contexts.values()])
      if ("hangUp" in context) (context as WorkerConnection).settle();
  }

  /** Another VM in the place of one that failed, with the plugins that it had. */
  function reload(): void {
    for (const timer of vm.ticks.values()) timer.cancel();
    vm = createVm(module, index, parts, startLogs);
    loadedAt = loop.now;
    const plugins = [...roots.keys()];
    roots = new Map();
    for (const plugin of plugins) {
      const root = begin(plugin, plugin.configuration);
      if (root !== undefined) roots.set(plugin, root);
    }
  }

  function rootOf(plugin: PluginSetting): Root {
    const due = loadedAt + BigInt(plugin.reloadBackoffMs) * 1_000_000n;
    if (vm.failure !== null && plugin.failure === "reload" && loop.now >= due) reload();
    return roots.get(plugin) ?? createRoot(0, plugin, { ...parts, logs: startLogs });
  }

  /** What is said when the last user of a configuration goes. */
  function use(root: Root): () => void {
    const of = vm;
    root.users++;
    return () => {
      root.users--;
      if (roots.get(root.plugin) !== root) letGo(of, root);
    };
  }

  return {
    get failure() {
      return vm.failure;
    },
    startLogs,
    get pages() {
      return vm.guest.pages;
    },
    configure(plugin, configuration) {
      const old = roots.get(plugin);
      if (vm.failure !== null) {
        // Another configuration gets another VM, the same one does not heal it.
        if (old === undefined || configuration === plugin.configuration) return false;
        roots.delete(plugin);
        reload();
        if (vm.failure !== null) return false;
      }
      const root = begin(plugin, configuration);
      if (root === undefined) {
        if (roots.size === 0) vm.failure ??= "the plugin refused its configuration";
        return false;
      }
      roots.set(plugin, root);
      if (old !== undefined && vm.contexts.has(old.id)) letGo(vm, old);
      settleConnections();
      loop.settle();
      return true;
    },
    connect(plugin, connect) {
      const root = rootOf(plugin);
      return createConnection(vm, root, connect, use(root));
    },
    open(plugin, request) {
      const root = rootOf(plugin);
      return createStream(vm, root, request, use(root));
    },
    enter(plugin, name, ...args) {
      const root = rootOf(plugin);
      vm.enter(root, name, root.id, ...args);
    },
    stop() {
      const all = [...roots.values()];
      roots = new Map();
      for (const root of all) letGo(vm, root);
      loop.settle();
    },
  };
}
