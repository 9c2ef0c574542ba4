/** One compiled Wasm binary and what a proxy has to know to run it. */
export interface Module {
  /** Lower-case hex of the SHA-256 of `bytes`. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  /** Names of the policies inside, in the order of enforcement. */
  readonly policies: readonly string[];
  /** The actions of these, sorted: what of Envoy's own has to be there for them. */
  readonly actions: readonly string[];
  /** The tags that they may add to lines of the access log, sorted. */
  readonly tags: readonly string[];
  /** Access control fails closed, the rest open (design §4, Failure). */
  readonly failure: "closed" | "open";
  /** It is filter code, which may trap: a new VM takes its place, whatever it is for. Default false. */
  readonly isFilterCode?: boolean;
  /** `module.name` of each import, sorted. */
  readonly imports: readonly string[];
  /** Sorted. */
  readonly exports: readonly string[];
}

/** What one proxy runs in one direction: modules in the order of policies, each with its plugin configuration. */
export interface Chain {
  readonly service: string;
  readonly direction: "inbound" | "outbound";
  /** Only inbound, and only where policies are for some versions of the service: then each version has a chain of its own. */
  readonly version?: string;
  /** Only outbound, for connections to a store: each store has a chain of its own, since a connection does not say whom it is for. */
  readonly callee?: string;
  /** Only of chains for connections: from where it lets none through. Those that a chain before it had let in are closed. */
  readonly refuses?: Addresses;
  /** Calls are led through it though it has no slots, as in a mesh that gives every service a proxy. Default false. */
  readonly isBare?: true;
  readonly slots: readonly Slot[];
}

/** These addresses, or with `except` all but these. */
export interface Addresses {
  readonly except: boolean;
  readonly list: readonly string[];
}

export interface Slot {
  /**
   * Name of the ECDS resource: `wire/SERVICE/DIRECTION/POLICY+POLICY/HASH`, the hash that of the configuration. Another one for other
   * policies or other calls: a chain with other slots is another generation, beside the old one until the callers have moved.
   */
  readonly name: string;
  /** `vm_id`. The same whatever the set of policies, because shared data lives under it. */
  readonly vmId: string;
  readonly module: Module;
  /** Plugin configuration, given to `proxy_on_configure`: which policies run for which peer. */
  readonly configuration: string;
}
