import { fromBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import type { Examination, Sighting } from "../doctor/examination.ts";
import type { LostContext } from "../doctor/lost-context.ts";
import { makeExamination } from "../doctor/make-examination.ts";
import { neededServices } from "../doctor/needed.ts";
import { sightsOf } from "../doctor/sights.ts";
import { type SuspectsOptions, suspecting } from "../doctor/suspects.ts";
import type { Build } from "../pipeline/build.ts";
import type { LoggedRequests } from "../server/log-streams.ts";
import { addressOwners } from "../xds/address-owners.ts";
import {
  AccessLogType,
  type HTTPAccessLogEntry,
} from "../xds/generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { lostRecord } from "../xds/path-log.ts";
import { readProbe, type Seen, stateHeaderOf } from "../xds/probe.ts";

/** What proxies say of the paths of requests: where they are lost, and how far the doctor's probes have come. */
export interface PathReports {
  onEntries(logged: LoggedRequests): void;
  /** Since this process began, sorted by policy, caller and proxy. */
  lost(): readonly LostContext[];
  /** Requests of which some policy has lost the path. */
  lostRequests(): number;
  /** Probes for the services that have to hand on states, of these or of all; what becomes of them is kept from now on. Undefined where nothing is in force. */
  examine(services?: readonly string[]): Examination | undefined;
  /** What was seen of them so far, in the order in which it came; undefined where no such examination is kept any more. */
  seen(id: string): readonly Sighting[] | undefined;
}

/** Of a build, what says where paths go. */
type Running = Pick<Build, "mesh" | "paths" | "chains" | "policies">;

export interface PathReportsOptions {
  /** In force. */
  readonly current: () => Running | undefined;
  readonly nowMs: () => number;
  /** Hexadecimal digits, so many. */
  readonly random: (digits: number) => string;
}

/** The latest of them, of each so many sightings, for so long. */
const examinationsMax = 16;
const sightingsMax = 10_000;
const keptMs = 600_000;
/** Places where paths are lost. What is lost at further ones is counted as the rest is, and not told apart. */
const placesMax = 1_000;

interface Kept {
  readonly probes: ReadonlySet<string>;
  readonly sightings: Sighting[];
  readonly untilMs: number;
}

interface Place {
  readonly policy: string;
  readonly caller?: string;
  readonly proxy: string;
  requests: number;
  readonly sinceMs: number;
  lastMs: number;
}

export function createPathReports({ current, nowMs, random }: PathReportsOptions): PathReports {
  const examinations = new Map<string, Kept>();
  const places = new Map<string, Place>();
  let lostRequests = 0;

  /** The examination that the probe which led to a request is of, and what is left of the probe. */
  function probeIn(
    { mesh }: Running,
    { request }: HTTPAccessLogEntry,
  ): { readonly kept: Kept; readonly seen: Seen } | undefined {
    const seen = readProbe(request?.requestHeaders ?? {}, stateHeaderOf(mesh.stateHeader));
    const kept = seen && [...examinations.values()].find(({ probes }) => probes.has(seen.id));
    return seen === undefined || kept === undefined ? undefined : { kept, seen };
  }

  function see(build: Running, entry: HTTPAccessLogEntry, { node, log }: LoggedRequests): void {
    const found = probeIn(build, entry);
    if (found === undefined || found.kept.sightings.length >= sightingsMax) return;
    const { kept, seen } = found;
    const from = log === "inbound" ? senderOf(build, entry) : undefined;
    kept.sightings.push({
      ...{ probe: seen.id, service: node, direction: log === "inbound" ? "inbound" : "outbound" },
      ...(from === undefined ? {} : { from }),
      by: seen.by,
      ...(seen.state === undefined ? {} : { state: seen.state }),
    });
  }

  function lose(build: Running, entry: HTTPAccessLogEntry, { node }: LoggedRequests): void {
    // That the path of a probe is lost says nothing of others. Who only says that it is one is not believed.
    if (probeIn(build, entry) !== undefined) return;
    const records = new Set(recordOf(entry).split(";"));
    let isCounted = false;
    for (const record of records) {
      const [policy = "", told = ""] = record.split(" ");
      if (!build.policies.some(({ name }) => name === policy)) continue;
      if (!isCounted) lostRequests++;
      isCounted = true;
      const caller = build.mesh.services.has(told) ? told : senderOf(build, entry);
      const key = `${policy} ${caller ?? ""} ${node}`;
      const atMs = nowMs();
      const place = places.get(key);
      if (place !== undefined) {
        place.requests++;
        place.lastMs = atMs;
      } else if (places.size < placesMax)
        places.set(key, {
          ...{ policy, proxy: node, requests: 1, sinceMs: atMs, lastMs: atMs },
          ...(caller === undefined ? {} : { caller }),
        });
    }
  }

  return {
    onEntries: (logged) => {
      const build = current();
      if (build === undefined || !build.mesh.services.has(logged.node)) return;
      for (const entry of logged.entries) {
        const type = entry.commonProperties?.accessLogType;
        if (type === AccessLogType.DownstreamStart) see(build, entry, logged);
        else lose(build, entry, logged);
      }
    },
    lost: () => {
      const build = current();
      // What a policy has lost that is gone is of no use to anybody.
      const there = new Set(build?.policies.map(({ name }) => name));
      const sorted = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
      const lost = sorted.flatMap(([, place]) => (there.has(place.policy) ? [place] : []));
      if (build === undefined || lost.length === 0) return [];
      const suspectsOf = suspecting({ ...pathsThrough(build), lost });
      return lost.map((place) => {
        const { policy, caller, proxy, requests, sinceMs, lastMs } = place;
        return {
          policy,
          ...(caller === undefined ? {} : { caller }),
          ...{ proxy, requests, since: timeOf(sinceMs), last: timeOf(lastMs) },
          suspects: suspectsOf(place),
        };
      });
    },
    lostRequests: () => lostRequests,
    examine: (services) => {
      const build = current();
      if (build === undefined) return undefined;
      const examination = makeExamination(build, { services, random });
      examinations.set(examination.id, {
        probes: new Set(examination.services.map(({ probe }) => probe)),
        sightings: [],
        untilMs: nowMs() + keptMs,
      });
      for (const [id, { untilMs }] of examinations)
        if (untilMs < nowMs() || examinations.size > examinationsMax) examinations.delete(id);
      return examination;
    },
    seen: (id) => examinations.get(id)?.sightings,
  };
}

type Through = Omit<SuspectsOptions, "lost">;
const through = new WeakMap<Running, Through>();

/** Found once for a build, since it may take a while in a large mesh. */
function pathsThrough(build: Running): Through {
  const known = through.get(build);
  if (known !== undefined) return known;
  const { mesh, paths, chains } = build;
  const { calls } = sightsOf(mesh, chains);
  const asks = paths.known.flatMap((tables) => tables.asks);
  const [pairs, callees] = [
    new Set(asks.map(({ from = "", to }) => `${from}>${to}`)),
    new Set(asks.flatMap(({ from, to }) => (from === undefined ? [to] : []))),
  ];
  const made: Through = {
    calls,
    asked: new Set(
      calls
        .map(([from, to]) => ({ to, pair: `${from}>${to}` }))
        .flatMap(({ to, pair }) => (callees.has(to) || pairs.has(pair) ? [pair] : [])),
    ),
    needed: new Set(neededServices(mesh, paths).map(({ service }) => service)),
  };
  through.set(build, made);
  return made;
}

/** Who has this address, where it is one service alone. */
function senderOf({ mesh }: Running, { commonProperties }: HTTPAccessLogEntry): string | undefined {
  const peer = commonProperties?.downstreamDirectRemoteAddress?.address;
  if (peer?.case !== "socketAddress") return undefined;
  return addressOwners(mesh).get(peer.value.address) ?? undefined;
}

function recordOf({ commonProperties }: HTTPAccessLogEntry): string {
  const value = commonProperties?.filterStateObjects[lostRecord]?.value;
  try {
    return value === undefined ? "" : new TextDecoder().decode(fromBinary(BytesValueSchema, value).value);
  } catch {
    return "";
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
