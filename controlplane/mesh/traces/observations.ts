import type { Protocol } from "../mesh.ts";

/** What traces say about the services of a mesh, by the names that they use. */
export interface Observed {
  readonly services: ReadonlyMap<string, ObservedService>;
  readonly calls: readonly ObservedCall[];
  /** From the first to the last thing that was observed. */
  readonly seconds: number;
}

export interface ObservedService {
  readonly name: string;
  readonly protocol: Protocol;
  /** Different ones; 0 where traces do not say. */
  readonly instances: number;
  /** Requests that no service made. */
  readonly fromOutside: number;
  /** Requests that it made without being asked: jobs, and messages taken from a queue. */
  readonly started: number;
}

export interface ObservedCall {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

/** Who has seen a call: where both ends write it down, it is one call all the same. */
export type Witness = "caller" | "callee";

/** Collects what is observed; its size is that of the mesh, whatever the size of the traces. */
export interface Observations {
  call(from: string, to: string, protocol: Protocol, witness?: Witness): void;
  fromOutside(to: string, protocol: Protocol, witness?: Witness): void;
  started(service: string): void;
  instance(service: string, id: string): void;
  /** In milliseconds, from any moment on. */
  at(ms: number): void;
  result(): Observed;
}

type Counts = Record<Witness, number>;

interface Seen {
  readonly protocols: Map<Protocol, number>;
  readonly instances: Set<string>;
  readonly outside: Counts;
  started: number;
}

export function createObservations(): Observations {
  const services = new Map<string, Seen>();
  const calls = new Map<string, Map<string, Counts>>();
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;

  const seen = (name: string): Seen => {
    const known = services.get(name);
    if (known !== undefined) return known;
    const fresh = { protocols: new Map(), instances: new Set<string>(), outside: none(), started: 0 };
    services.set(name, fresh);
    return fresh;
  };
  const vote = ({ protocols }: Seen, protocol: Protocol): void => {
    protocols.set(protocol, (protocols.get(protocol) ?? 0) + 1);
  };

  return {
    call(from, to, protocol, witness = "caller") {
      seen(from);
      vote(seen(to), protocol);
      const callees = calls.get(from) ?? new Map<string, Counts>();
      calls.set(from, callees);
      const counts = callees.get(to) ?? none();
      callees.set(to, counts);
      counts[witness]++;
    },
    fromOutside(to, protocol, witness = "callee") {
      const service = seen(to);
      vote(service, protocol);
      service.outside[witness]++;
    },
    started(service) {
      seen(service).started++;
    },
    instance(service, id) {
      seen(service).instances.add(id);
    },
    at(ms) {
      first = Math.min(first, ms);
      last = Math.max(last, ms);
    },
    result: () => ({
      services: new Map(
        [...services].map(([name, { protocols, instances, outside, started }]) => [
          name,
          {
            name,
            protocol: most(protocols),
            instances: instances.size,
            fromOutside: either(outside),
            started,
          },
        ]),
      ),
      calls: [...calls].flatMap(([from, callees]) =>
        [...callees].map(([to, counts]) => ({ from, to, count: either(counts) })),
      ),
      seconds: last > first ? (last - first) / 1000 : 0,
    }),
  };
}

function none(): Counts {
  return { caller: 0, callee: 0 };
}

/** Both may have missed some, and neither has made up any. */
function either({ caller, callee }: Counts): number {
  return Math.max(caller, callee);
}

/** What most calls use; of those that are equal, the first of these. */
function most(votes: ReadonlyMap<Protocol, number>): Protocol {
  const order: readonly Protocol[] = ["http", "grpc", "tcp"];
  return order.reduce(
    (best, next) => ((votes.get(next) ?? 0) > (votes.get(best) ?? 0) ? next : best),
    "http",
  );
}
