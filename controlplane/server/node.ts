import { byName, type Resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import { type Good, type Quarantine, type Refuser, targets } from "./quarantine.ts";
import type { Verdict, Version } from "./session.ts";
import { resourcesOf, type Snapshot, same, transition } from "./snapshot.ts";
import type { ResourceStatus, Stream } from "./stream.ts";

/** A client refused resources; it keeps what it had. */
export interface Nack {
  readonly node: string;
  readonly typeUrl: TypeUrl;
  /** Names of the resources at fault. */
  readonly resources: readonly string[];
  /** The client's own words. */
  readonly message: string;
}

/** A client took resources. */
export type Ack = Omit<Nack, "message">;

/** What became of a snapshot at a node. */
export type Outcome =
  | { readonly kind: "acked" }
  | { readonly kind: "nacked"; readonly nacks: readonly Nack[] }
  | { readonly kind: "timeout" };

export interface NodeStatus {
  readonly node: string;
  readonly connected: boolean;
  /** Whether the client has acknowledged the whole of its latest snapshot. */
  readonly settled: boolean;
  readonly types: ReadonlyMap<TypeUrl, ReadonlyMap<string, ResourceStatus>>;
  /** Of the latest snapshot. */
  readonly nacks: readonly Nack[];
}

export interface NodeOptions {
  readonly name: string;
  /** Shared with the other nodes of its group. */
  readonly quarantine: Quarantine;
  /** Those of all nodes of its group. */
  readonly groupStreams: () => readonly Stream[];
  readonly onAck: (ack: Ack) => void;
  readonly onNack: (nack: Nack) => void;
  /** The client took a response, or refused it. */
  readonly onVerdict: (type: TypeUrl, kind: Verdict["kind"]) => void;
  /** The client has acknowledged the whole of its latest snapshot: told again whenever that is looked at. */
  readonly onSettled: () => void;
}

/** One client by its name: what it should hold, its streams, and how far it is. */
export interface Node {
  readonly name: string;
  readonly streams: ReadonlySet<Stream>;
  /** What it should hold from now on. It gets there in steps that leave no request unenforced; the latest call counts. False where it should already. */
  readonly set: (snapshot: Snapshot) => boolean;
  /** What it should hold in the end; undefined before anything is set. */
  readonly wanted: () => Snapshot | undefined;
  /** The clusters that it has, or is about to, on the way to what it should hold. */
  readonly clusters: () => ReadonlySet<string>;
  /** Send what can be sent of the latest step. */
  readonly serve: () => void;
  /** A stream may be answered from here on. */
  readonly admit: (stream: Stream) => void;
  readonly attach: (stream: Stream) => void;
  readonly detach: (stream: Stream) => void;
  /** Take in what the client says on one of its streams, and go to the next step where this one is done. */
  readonly hear: (stream: Stream, ask: Ask) => void;
  /** Time has gone by, or another node of the group has refused something. */
  readonly look: () => void;
  /** Whether the other streams that asked for the type have acknowledged what there is of it. */
  readonly knowsElsewhere: (type: TypeUrl, stream: Stream) => boolean;
  /** Clusters that a stream which has ended may have left the client waiting for. */
  readonly warming: () => ReadonlySet<string>;
  readonly isSettled: () => boolean;
  /** What the client refuses of its latest snapshot. */
  readonly nacks: () => readonly Nack[];
  readonly status: () => NodeStatus;
}

const none: ReadonlySet<string> = new Set();

export function createNode(options: NodeOptions): Node {
  const { name, quarantine, groupStreams, onAck, onNack, onVerdict, onSettled } = options;
  const streams = new Set<Stream>();
  /** Steps to come; the first is being served. */
  let steps: readonly Snapshot[] = [];
  /** The one that was served before the latest came, and the last that the client has acknowledged as a whole. */
  let [previous, settled]: readonly (Snapshot | undefined)[] = [];
  /** Whether a client has been here: if not, there is nothing to step from. */
  let seen = false;
  /** Clusters of which streams that have ended did not say that they are ready to use them, until all is acknowledged. */
  let warming = none;
  /** Whether the steps are not served yet. */
  let pending = false;

  const allSettled = (): boolean => [...streams].every((stream) => stream.settled());
  const isSettled = (): boolean => !pending && steps.length === 1 && streams.size > 0 && allSettled();

  function allowedOf(step: Snapshot): Snapshot {
    return quarantine.allowed(step, goodOf, isAwaited);
  }

  /** What was there before, where it is in force, and what was in force when all was. */
  function goodOf({ typeUrl: type, name: resource }: Version): readonly Good[] {
    return [previous, settled].flatMap((among) => {
      const before = among && resourcesOf(among, type).get(resource);
      if (among === undefined || before === undefined) return [];
      const isInForce =
        among === settled ||
        streams.size === 0 ||
        [...streams].some((stream) => stream.has(type, resource, before.version));
      return isInForce ? [{ resource: before, among }] : [];
    });
  }

  /** Whether a stream may still say what it thinks of a resource: the one that suspects it, or where that is over any. */
  function isAwaited(by: Refuser | undefined, resource: Resource): boolean {
    const mayWant = (stream: Stream): boolean => stream.mayWant(resource);
    if (by === undefined) return streams.size === 0 || [...streams].some(mayWant);
    const suspecting = [...streams].find((stream) => stream === by);
    // A stream of another node of the group speaks for itself.
    return suspecting === undefined || mayWant(suspecting);
  }

  /** What the client refuses of its latest snapshot. */
  function nacks(): readonly Nack[] {
    const last = steps.at(-1);
    if (last === undefined) return [];
    const kept = [...streams].flatMap((stream) => stream.kept());
    return [...quarantine.refusals(last), ...kept].map((refused) => ({ node: name, ...refused }));
  }

  /** What the client holds of a step, as far as is known: of clusters those alone that it was ever ready to use. */
  function heldOf(step: Snapshot): Snapshot {
    const allowed = allowedOf(step);
    if (streams.size === 0) return allowed;
    const clusters = resourcesOf(allowed, typeUrl.cluster);
    if ([...streams].every((stream) => !stream.asks(typeUrl.cluster) || stream.hasAll(clusters)))
      return allowed;
    const isHeld = (name: string): boolean =>
      [...streams].some((stream) => !stream.asks(typeUrl.cluster) || stream.has(typeUrl.cluster, name));
    const held = [...clusters.values()].filter(({ name }) => isHeld(name));
    return held.length === clusters.size ? allowed : new Map([...allowed, [typeUrl.cluster, byName(held)]]);
  }

  /**
   * Whether clusters that have been acknowledged can be used. On the aggregated stream an Envoy acknowledges those alone that are ready; where they have
   * a stream of their own it does so at once, and asks for their endpoints only then.
   */
  function areWarm(): boolean {
    const all = [...streams];
    const step = steps[0];
    if (step === undefined || !all.some(({ only }) => only === typeUrl.cluster)) return true;
    // Where it asks for none at all it has them from elsewhere.
    if (!all.some((stream) => stream.asks(typeUrl.endpoints))) return true;
    const clusters = resourcesOf(step, typeUrl.cluster);
    return [...resourcesOf(step, typeUrl.endpoints).keys()].every(
      (cluster) => !clusters.has(cluster) || all.some((stream) => stream.has(typeUrl.endpoints, cluster)),
    );
  }

  function serve(): void {
    const step = steps[0];
    if (step === undefined) return;
    pending = false;
    const allowed = allowedOf(step);
    for (const stream of streams) {
      stream.hold(withTargets(step, allowed), allowed);
      stream.pump();
    }
  }

  /** Something besides what the client said has changed what may be sent. */
  function look(): void {
    if (quarantine.isEmpty()) for (const stream of streams) stream.pump();
    else serve();
  }

  function advance(): void {
    while (!pending && streams.size > 0 && allSettled()) {
      settled = steps[0];
      warming = none;
      if (steps.length <= 1) {
        if (steps.length === 1) onSettled();
        break;
      }
      steps = steps.slice(1);
      serve();
    }
  }

  return {
    name,
    streams,
    set: (snapshot) => {
      const last = steps.at(-1);
      if (last !== undefined && same(snapshot, last)) return false;
      const current = steps[0];
      const held = current && heldOf(current);
      steps = held === undefined || !seen ? [snapshot] : transition(held, snapshot);
      // What is on its way may still be taken, and be what is good.
      previous = current && allowedOf(current);
      pending = true;
      for (const stream of streams) stream.anew();
      return true;
    },
    wanted: () => steps.at(-1),
    clusters: () =>
      new Set(
        [steps[0], steps.at(-1)].flatMap((step) =>
          step === undefined ? [] : [...resourcesOf(step, typeUrl.cluster).keys()],
        ),
      ),
    serve: () => {
      serve();
      advance();
    },
    admit: (stream) => {
      stream.admit();
      advance();
    },
    attach: (stream) => {
      seen = true;
      streams.add(stream);
      // What the client says it has can be compared, before it is its turn to be answered.
      const step = steps[0];
      if (step === undefined) return;
      const allowed = allowedOf(step);
      stream.hold(withTargets(step, allowed), allowed);
    },
    detach: (stream) => {
      if (!streams.delete(stream)) return;
      warming = new Set([...warming, ...stream.unansweredNames(typeUrl.cluster)]);
      const wasEmpty = quarantine.isEmpty();
      quarantine.leave(stream, {
        has: (type, resource, version) => groupStreams().some((other) => other.has(type, resource, version)),
        wasInForce: (type, resource, version) =>
          settled !== undefined && resourcesOf(settled, type).get(resource)?.version === version,
      });
      if (streams.size === 0) return;
      // The others wait for it no longer, and may have what it alone has kept from them.
      if (wasEmpty) look();
      else serve();
      advance();
    },
    hear: (stream, ask) => {
      const heard = stream.hear(ask);
      if (heard?.verdict !== undefined) onVerdict(heard.type, heard.verdict.kind);
      if (heard?.verdict?.kind === "accepted") {
        const { resources } = heard.verdict;
        quarantine.accept(stream, heard.type, resources);
        onAck({ node: name, typeUrl: heard.type, resources: resources.map((each) => each.name) });
      } else if (heard?.verdict?.kind === "refused") {
        const { resources, kept, message, how } = heard.verdict;
        const names = [...quarantine.refuse(stream, heard.type, resources, message, how), ...kept];
        // A step that has what was refused for the way only would never be done.
        const [current, ...next] = steps;
        const last = next.at(-1);
        if (current !== undefined && last !== undefined) steps = transition(heldOf(current), last);
        if (names.length > 0) onNack({ node: name, typeUrl: heard.type, resources: names, message });
      }
      // What is allowed may be another thing after a verdict, for all streams.
      if (heard?.verdict !== undefined && !quarantine.isEmpty()) serve();
      else stream.pump();
      if (streams.size > 1) for (const other of streams) if (other !== stream) other.pump();
      advance();
    },
    look: () => {
      look();
      advance();
    },
    knowsElsewhere: (type, stream) =>
      streams.size < 2 ||
      ([...streams].every((other) => other === stream || !other.asks(type) || other.knows(type)) &&
        (type !== typeUrl.endpoints || areWarm())),
    warming: () => warming,
    isSettled,
    nacks,
    status: () => ({
      node: name,
      connected: streams.size > 0,
      settled: isSettled(),
      types: withRefused([...streams], nacks(), steps.at(-1)),
      nacks: nacks(),
    }),
  };
}

/** With the clusters that are there besides, for what stands in for something that is held back: they are waited for, and stay. */
function withTargets(step: Snapshot, allowed: Snapshot): Snapshot {
  if (step === allowed) return step;
  const all = new Map(step);
  for (const type of targets) {
    const there = resourcesOf(step, type);
    const more = [...resourcesOf(allowed, type).values()].filter(({ name }) => !there.has(name));
    if (more.length > 0) all.set(type, byName([...there.values(), ...more]));
  }
  return all;
}

/** What the newest stream for each type says, and what is refused of what is wanted. */
function withRefused(
  streams: readonly Stream[],
  nacks: readonly Nack[],
  wanted: Snapshot = new Map(),
): ReadonlyMap<TypeUrl, ReadonlyMap<string, ResourceStatus>> {
  const types = new Map(streams.flatMap((stream) => [...stream.status()]));
  for (const { typeUrl: type, resources: names } of nacks) {
    const resources = new Map(types.get(type));
    for (const name of names) {
      const nacked = resourcesOf(wanted, type).get(name)?.version;
      if (nacked !== undefined) resources.set(name, { ...resources.get(name), nacked });
    }
    types.set(type, new Map([...resources].sort(([a], [b]) => (a < b ? -1 : 1))));
  }
  return types;
}
