import { context } from "./context";
import { rootOf } from "./roots";
import { Stream } from "./stream";

/** All of them; an array here would be made in every module. */
let last: Forgetful | null = null;

/** What has to forget plugin configurations that have gone. No call of the host. */
class Forgetful {
  /** The one that was made before it, for the entry. */
  readonly before: Forgetful | null = last;
  /** A configuration has gone: said by the entry, and not by filters. No call of the host. */
  forget(_root: u32): void {}
}

/**
 * An object for each plugin configuration. Envoy gives several configurations of one module one VM, so that a plain variable would hold what
 * was configured last: `const settings = new PerPlugin<Settings>()` at the top of a filter, `settings.set(…)` in `onConfigure`, and
 * `settings.get(request)` in the callbacks. No call of the host.
 */
export class PerPlugin<T> extends Forgetful {
  private readonly values: Map<u32, T> = new Map<u32, T>();

  constructor() {
    super();
    last = this;
  }

  /** In `onConfigure`: the object of this configuration, in the stead of what it had. No call of the host. */
  set(value: T): void {
    this.values.set(context, value);
  }

  /** The object of the configuration that the stream is under; null when it has none. No call of the host. */
  get(stream: Stream): T | null {
    return this.at(rootOf(stream.id));
  }

  /** The same in `onTick`, `onQueue` and `onForeign`, of the configuration that is at work. No call of the host. */
  get current(): T | null {
    return this.at(rootOf(context));
  }

  /** A configuration has gone: said by the entry, and not by filters. No call of the host. */
  forget(root: u32): void {
    this.values.delete(root);
  }

  private at(root: u32): T | null {
    return this.values.has(root) ? this.values.get(root) : null;
  }
}

/** A configuration has gone. */
export function forgetPlugin(root: u32): void {
  let plugin: Forgetful | null = last;
  while (plugin !== null) {
    const here: Forgetful = plugin;
    here.forget(root);
    plugin = here.before;
  }
}
