import { after, type Calls, reversed } from "./sights.ts";

/** Where a path was lost. */
interface Place {
  readonly caller?: string;
  readonly proxy: string;
}

export interface SuspectsOptions {
  readonly calls: Calls;
  /** `FROM>TO` of calls of which a policy asks how far their path has come, on either side. */
  readonly asked: ReadonlySet<string>;
  /** The services that may be to hand on states. */
  readonly needed: ReadonlySet<string>;
  /** All places where paths were lost: elsewhere a call that is asked about had its state. */
  readonly lost: readonly Place[];
}

/**
 * Of each place the services of which one has lost the path: from who has sent the request back to where paths begin, as far as no proxy has seen that
 * a state was there. In that order.
 */
export function suspecting({
  calls,
  asked,
  needed,
  lost,
}: SuspectsOptions): (place: Place) => readonly string[] {
  const losses = new Set(lost.map(({ caller = "", proxy }) => `${caller}>${proxy}`));
  const callers = reversed(calls);
  const hadState = (from: string, to: string): boolean =>
    asked.has(`${from}>${to}`) &&
    [from, ""].every((caller) => [from, to].every((proxy) => !losses.has(`${caller}>${proxy}`)));
  return ({ caller, proxy }) => {
    const found = new Set(caller === undefined ? after(proxy, callers) : [caller]);
    for (const service of found)
      for (const from of after(service, callers))
        if (needed.has(from) && !hadState(from, service)) found.add(from);
    return [...found].filter((service) => needed.has(service));
  };
}
