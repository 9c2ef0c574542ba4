import type { Protocol } from "../mesh.ts";
import { createTimeline, type Time, type Timeline } from "./timeline.ts";

/** What traces say about the services of a mesh, by the names that they use. */
export interface Observed {
  readonly services: ReadonlyMap<string, ObservedService>;
  readonly calls: readonly ObservedCall[];
  /** From the first to the last thing that was observed by one clock; of several clocks, the longest time. */
  readonly seconds: number;
  /** Of these seconds, those of gaps much longer than most, in which nothing was observed. */
  readonly idleSeconds: number;
}

export interface ObservedService {
  readonly name: string;
  readonly protocol: Protocol;
  /** Different ones; 0 where traces do not say. */
  readonly instances: number;
  /** Requests that no service made. */
  readonly fromOutside: Tally;
  /** Requests that it made without being asked: jobs, and messages taken from a queue. */
  readonly started: number;
}

export interface ObservedCall extends Tally {
  readonly from: string;
  readonly to: string;
}

/** How often something was observed. */
export interface Tally {
  readonly count: number;
  /** Over the time of each clock that has seen it, added; undefined where one of them has seen too little to say. */
  readonly perSecond: number | undefined;
  /** How many clocks have seen it. */
  readonly clocks: number;
}

/** Who has seen a call: where both ends write it down, it is one call all the same. */
export type Witness = "caller" | "callee";

/** Collects what is observed; its size is that of the mesh, whatever the size of the traces. */
export interface Observations {
  /** Times by clocks of different names have nothing to do with each other. */
  on(clock: string): Observer;
  result(): Observed;
}

export interface Observer {
  call(from: string, to: string, protocol: Protocol, witness?: Witness): void;
  fromOutside(to: string, protocol: Protocol, witness?: Witness): void;
  started(service: string): void;
  instance(service: string, id: string): void;
  /** When something was there, in milliseconds from any moment on. */
  at(first: number, last?: number): void;
}

/** Less of it says nothing about requests per second. */
const secondsMin = 1;

type Counts = Record<Witness, number>;
/** By clock. */
type Clocked<T> = Map<string, T>;

interface Seen {
  readonly protocols: Map<Protocol, number>;
  readonly instances: Set<string>;
  readonly outside: Clocked<Counts>;
  started: number;
}

export function createObservations(): Observations {
  const services = new Map<string, Seen>();
  const calls = new Map<string, Map<string, Clocked<Counts>>>();
  const timelines: Clocked<Timeline> = new Map();

  const seen = (name: string): Seen => {
    const known = services.get(name);
    if (known !== undefined) return known;
    const fresh: Seen = { protocols: new Map(), instances: new Set(), outside: new Map(), started: 0 };
    services.set(name, fresh);
    return fresh;
  };
  const vote = ({ protocols }: Seen, protocol: Protocol): void => {
    protocols.set(protocol, (protocols.get(protocol) ?? 0) + 1);
  };

  return {
    on(clock) {
      const timeline = timelines.get(clock) ?? createTimeline();
      timelines.set(clock, timeline);
      return {
        call(from, to, protocol, witness = "caller") {
          seen(from);
          vote(seen(to), protocol);
          const callees = calls.get(from) ?? new Map<string, Clocked<Counts>>();
          calls.set(from, callees);
          const counts = callees.get(to) ?? new Map<string, Counts>();
          callees.set(to, counts);
          count(counts, clock, witness);
        },
        fromOutside(to, protocol, witness = "callee") {
          const service = seen(to);
          vote(service, protocol);
          count(service.outside, clock, witness);
        },
        started(service) {
          seen(service).started++;
        },
        instance(service, id) {
          seen(service).instances.add(id);
        },
        at(first, last = first) {
          timeline.add(first, last);
        },
      };
    },
    result() {
      const times = new Map([...timelines].map(([clock, own]) => [clock, own.result()]));
      const none: Time = { seconds: 0, idleSeconds: 0 };
      const longest = [...times.values()].reduce((a, b) => (b.seconds > a.seconds ? b : a), none);
      return {
        services: new Map(
          [...services].map(([name, { protocols, instances, outside, started }]) => [
            name,
            {
              name,
              protocol: most(protocols),
              instances: instances.size,
              fromOutside: tally(outside, times),
              started,
            },
          ]),
        ),
        calls: [...calls].flatMap(([from, callees]) =>
          [...callees].map(([to, counts]) => ({ from, to, ...tally(counts, times) })),
        ),
        ...longest,
      };
    },
  };
}

function count(counts: Clocked<Counts>, clock: string, witness: Witness): void {
  const own = counts.get(clock) ?? { caller: 0, callee: 0 };
  counts.set(clock, own);
  own[witness]++;
}

function tally(counts: Clocked<Counts>, times: ReadonlyMap<string, Time>): Tally {
  const byClock = [...counts].map(([clock, own]) => {
    const { seconds = 0 } = times.get(clock) ?? {};
    return { count: either(own), seconds };
  });
  const isTooShort = byClock.some(({ seconds }) => seconds < secondsMin);
  return {
    count: byClock.reduce((sum, each) => sum + each.count, 0),
    perSecond: isTooShort ? undefined : byClock.reduce((sum, each) => sum + each.count / each.seconds, 0),
    clocks: byClock.length,
  };
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
