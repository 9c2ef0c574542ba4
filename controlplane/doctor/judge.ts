import type { Answered, Examination, Examined, Sighting, Verdict } from "./examination.ts";
import { after, reachable, reversed, type Stretch, stretchBehind } from "./sights.ts";

export interface Findings {
  readonly sightings: readonly Sighting[];
  /** By service. */
  readonly answers: ReadonlyMap<string, Answered>;
}

/** One service on its way to a verdict. */
interface Case {
  readonly examined: Examined;
  readonly stretch: Stretch;
  /** Where requests from the stretch were seen, and what they had. */
  readonly edges: readonly Edge[];
}

/** Requests of one probe that were seen at one place. */
interface Edge {
  /** All that may have sent them; one at least is of the stretch. */
  readonly senders: readonly string[];
  /** To whom they went; absent where the sender's own proxy saw them. */
  readonly to?: string;
  /** Whether one had the state of the probe. */
  readonly isWhole: boolean;
  /** What else they had. */
  readonly by: readonly string[];
}

/**
 * What each service does with the state that it is sent, by what the next proxies have seen of its probe. A service is blamed only where nobody else can have lost it,
 * so that first it has to be known who hands it on, which depends on nobody else.
 */
export function judge(
  examination: Examination,
  { sightings, answers }: Findings,
): ReadonlyMap<string, Verdict> {
  const cases = examination.services.map((examined): Case => {
    const stretch = stretchBehind(examined.service, examination);
    return { examined, stretch, edges: edgesOf(examined, stretch, sightings, examination) };
  });
  const verdicts = new Map<string, Verdict>();
  const names = new Set(examination.services.map(({ service }) => service));
  // First it is known who hands it on, then who does not, and last what that means for others: a service may hand it on to some.
  for (let round = 0; round < 3; round++)
    for (const each of cases) {
      const { service } = each.examined;
      verdicts.set(service, verdictOf(each, { examination, names, verdicts, answer: answers.get(service) }));
    }
  return new Map(
    examination.services.map(({ service }) => [service, verdicts.get(service) ?? { kind: "unseen" }]),
  );
}

function edgesOf(
  { probe, state }: Examined,
  { services }: Stretch,
  sightings: readonly Sighting[],
  { calls }: Examination,
): readonly Edge[] {
  // What has another state has come by a proxy that updated it, and is no more about this service.
  const own = sightings.filter((each) => each.probe === probe && (each.state ?? state) === state);
  const places = Map.groupBy(own, ({ service, direction, from = "" }) => `${direction} ${service} ${from}`);
  return [...places.values()].flatMap((alike): readonly Edge[] => {
    const [{ service, direction, from } = { service: "", direction: "inbound", from: undefined }] = alike;
    const callers = after(service, reversed(calls));
    const senders = direction === "outbound" ? [service] : from === undefined ? callers : [from];
    if (!senders.some((sender) => services.includes(sender))) return [];
    return [
      {
        senders,
        ...(direction === "outbound" ? {} : { to: service }),
        isWhole: alike.some((each) => each.state !== undefined),
        by: [...new Set(alike.flatMap(({ by }) => by))],
      },
    ];
  });
}

interface Known {
  readonly examination: Examination;
  /** Of those that are examined. */
  readonly names: ReadonlySet<string>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly answer: Answered | undefined;
}

function verdictOf(
  { examined, stretch, edges }: Case,
  { examination, names, verdicts, answer }: Known,
): Verdict {
  const { service } = examined;
  const handsOn = (other: string): boolean => other === service || verdicts.get(other)?.kind === "forwards";
  const whole = edges.filter(({ isWhole }) => isWhole);
  const onward = reachable([service], examination.calls);
  // All that it may have come through, also by proxies and round a circle: a service is asked for other things when it is asked again.
  const suspects = ({ senders }: Edge): readonly string[] => {
    const back = reachable(senders, reversed(examination.calls));
    return [...onward].filter((other) => back.has(other));
  };
  const bare = edges.filter(({ isWhole }) => !isWhole);
  const sure = bare.filter((edge) => suspects(edge).every(handsOn));
  if (sure.length > 0) {
    const left = new Set(sure.flatMap(({ by }) => by));
    if (examined.forwards !== undefined && sure.every(({ by }) => by.includes(examined.forwards ?? "")))
      return { kind: "forwards" };
    return { kind: "drops", headers: [...left], to: [...new Set(sure.flatMap(({ to }) => to ?? []))] };
  }
  if (whole.length > 0) return { kind: "forwards" };
  const unclear = bare.flatMap(suspects).filter((other) => !handsOn(other));
  if (unclear.length > 0) return { kind: "behind", services: [...new Set(unclear)] };
  if (answer?.kind === "failed") return { kind: "unasked", why: answer.why };
  if (!stretch.isSeen) return { kind: "unseen" };
  // Nothing was seen, which those behind it may be at fault for.
  const dark = stretch.services.filter((other) => !handsOn(other) && names.has(other));
  const isSeenAtOnce = isNextToProxy(service, examination);
  if (dark.length > 0 && !isSeenAtOnce) return { kind: "behind", services: dark };
  return { kind: "silent", status: answer?.status ?? 0 };
}

/** Whether a proxy looks at all that it sends. */
function isNextToProxy(service: string, { calls, inbound, outbound }: Examination): boolean {
  return outbound.includes(service) || after(service, calls).every((to) => inbound.includes(to));
}
