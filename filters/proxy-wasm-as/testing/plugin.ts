/** What happens when the module fails: requests are answered 503 (`closed`), pass (`open`), or are answered 503 until there is a new VM (`reload`). */
export type FailurePolicy = "closed" | "open" | "reload";

/** How a plugin of Envoy's is set up. */
export interface PluginOptions {
  readonly configuration?: string;
  readonly pluginName?: string;
  /** Envoy's `root_id`, which the filter reads as a property. */
  readonly rootId?: string;
  /** Envoy's `failure_policy`. The request that the module failed on is answered 503 in any case. Default `closed`. */
  readonly failure?: FailurePolicy;
  /** How long a failed VM stays with `reload`, in milliseconds. Default 1,000, as in Envoy. */
  readonly reloadBackoffMs?: number;
  /**
   * Envoy's `allow_on_headers_stop_iteration`: a filter that holds the headers back sees the body meanwhile. Without it, which is the
   * default, nothing more comes.
   */
  readonly allowOnHeadersStopIteration?: boolean;
}

/** The same with its defaults. */
export interface PluginSetting extends Required<Omit<PluginOptions, "configuration">> {
  /** The one that it goes by; another one takes its place. */
  configuration: string;
}

export function pluginSetting(options: PluginOptions): PluginSetting {
  return {
    configuration: options.configuration ?? "",
    pluginName: options.pluginName ?? "",
    rootId: options.rootId ?? "",
    failure: options.failure ?? "closed",
    reloadBackoffMs: options.reloadBackoffMs ?? 1000,
    allowOnHeadersStopIteration: options.allowOnHeadersStopIteration ?? false,
  };
}
