import { sustained } from "./capacity.ts";
import { atComparedRate, type Comparison, type Measured } from "./comparison.ts";
import { type Scenario, scenarios } from "./mode.ts";
import { type Estimate, overlap } from "./statistics.ts";

/** A figure that is aimed at, or that others have claimed, beside what was measured. */
export interface Claim {
  readonly application: string;
  readonly scenario: Scenario;
  /** What is compared. */
  readonly figure: string;
  readonly aim: string;
  /** What was measured, for people. */
  readonly shown: string;
  /** By medians; absent where nothing was aimed at. */
  readonly isMet?: boolean;
  /** Present where the intervals leave open whether it is met. */
  readonly isInDoubt?: true;
}

/** What is aimed at for `wire` beside the others, at the compared rate. */
export function aims(comparison: Comparison): readonly Claim[] {
  return casesOf(comparison).flatMap(({ application, scenario, of }) => {
    const [wire, sidecars, selective] = [of("wire"), of("sidecars"), of("selective")];
    const which = { application, scenario };
    if (wire === undefined) return [];
    return [
      { ...which, ...answered(wire) },
      ...(sidecars === undefined
        ? []
        : besideSidecars(wire, sidecars).map((claim) => ({ ...which, ...claim }))),
      ...(selective === undefined
        ? []
        : besideSelective(wire, selective).map((claim) => ({ ...which, ...claim }))),
    ];
  });
}

type Part = Omit<Claim, "application" | "scenario">;

/** Who answers fewer takes less: without this the others would say nothing. */
function answered({ requests }: Measured): Part {
  const share = requests.answered / requests.due;
  return {
    figure: "requests answered",
    aim: `≥ ${sustained.answeredMin * 100} %`,
    shown: `${(share * 100).toFixed(1)} % (${requests.answered} of ${requests.due})`,
    isMet: share >= sustained.answeredMin,
  };
}

/** Of what sidecars take, and of what they add to the slowest of a hundred. */
const shareMax = 0.6;

function besideSidecars(wire: Measured, sidecars: Measured): readonly Part[] {
  const memoryMax = wire.proxies / sidecars.proxies + 0.1;
  const [memory, cpu] = [
    wire.proxyMib.median / sidecars.proxyMib.median,
    wire.proxyCores.median / sidecars.proxyCores.median,
  ];
  const added = ratioOf(wire.addedP99Ms?.median, sidecars.addedP99Ms?.median);
  return [
    {
      figure: "memory of the proxies, of that of sidecars",
      aim: `≤ ${memoryMax.toFixed(2)} (${wire.proxies} of ${sidecars.proxies} placed, and 0.1)`,
      shown: `${memory.toFixed(2)} (${wire.proxyMib.median.toFixed(0)} of ${sidecars.proxyMib.median.toFixed(0)} MiB)`,
      isMet: memory <= memoryMax,
      ...doubt(wire.proxyMib, sidecars.proxyMib, memoryMax),
    },
    {
      figure: "CPU of the proxies, of that of sidecars",
      aim: `≤ ${shareMax.toFixed(2)}`,
      shown: `${cpu.toFixed(2)} (${wire.proxyCores.median.toFixed(3)} of ${sidecars.proxyCores.median.toFixed(3)} cores)`,
      isMet: cpu <= shareMax,
      ...doubt(wire.proxyCores, sidecars.proxyCores, shareMax),
    },
    ...(added === undefined
      ? []
      : [
          {
            figure: "added p99, of that of sidecars",
            aim: `≤ ${shareMax.toFixed(2)}`,
            shown: `${added.ratio.toFixed(2)} (${added.a.toFixed(2)} of ${added.b.toFixed(2)} ms)`,
            // Where sidecars add nothing that can be measured, there is nothing to be less than.
            isMet: added.b > 0 ? added.ratio <= shareMax : added.a <= 0,
            ...doubt(wire.addedP99Ms, sidecars.addedP99Ms, shareMax),
          },
        ]),
  ];
}

/** Of one round there is no interval, and nothing else but doubt, which the report tells as a whole. */
function doubt(
  own: Estimate | undefined,
  theirs: Estimate | undefined,
  share: number,
): Pick<Claim, "isInDoubt"> {
  if (own === undefined || theirs === undefined || own.rounds === 1) return {};
  const bound = { ...theirs, low: theirs.low * share, high: theirs.high * share };
  return overlap(own, bound) ? { isInDoubt: true } : {};
}

function besideSelective(wire: Measured, selective: Measured): readonly Part[] {
  const figures = [
    ["memory of the proxies", wire.proxyMib, selective.proxyMib, "MiB", 0],
    ["CPU of the proxies", wire.proxyCores, selective.proxyCores, "cores", 3],
    ["p99", wire.p99Ms, selective.p99Ms, "ms", 2],
  ] as const;
  return figures.flatMap(([figure, own, theirs, unit, digits]) =>
    own === undefined || theirs === undefined
      ? []
      : [
          {
            figure: `${figure}, beside selective`,
            aim: "not more: less, or intervals that meet",
            shown: `${own.median.toFixed(digits)} and ${theirs.median.toFixed(digits)} ${unit}`,
            isMet: own.median <= theirs.median || overlap(own, theirs),
          },
        ],
  );
}

/**
 * What the first Wire's paper claims of its own placement beside Istio's sidecars, and what this machine shows of the same. Its CPU was that of whole
 * machines, of all but the one that made the requests: what services take is in it too.
 */
export function paperClaims(comparison: Comparison): readonly Claim[] {
  return casesOf(comparison).flatMap(({ application, scenario, of }) => {
    const [wire, sidecars] = [of("wire"), of("sidecars")];
    if (wire === undefined || sidecars === undefined) return [];
    const tail = ratioOf(sidecars.p99Ms?.median, wire.p99Ms?.median);
    const saved = (figure: (mesh: Measured) => Estimate): string =>
      `${((1 - figure(wire).median / figure(sidecars).median) * 100).toFixed(0)} %`;
    const all = saved(({ allCores }) => allCores);
    const cores = `${wire.allCores.median.toFixed(3)} of ${sidecars.allCores.median.toFixed(3)} cores`;
    return [
      ...(tail === undefined
        ? []
        : [
            {
              ...{ application, scenario, figure: "tail latency of sidecars, of that of Wire" },
              ...{
                aim: "up to 2.6",
                shown: `${tail.ratio.toFixed(2)} (p99 ${tail.a.toFixed(1)} and ${tail.b.toFixed(1)} ms)`,
              },
            },
          ]),
      {
        ...{ application, scenario, figure: "CPU of services, proxies and control plane that Wire saves" },
        ...{
          aim: "up to 39 %",
          shown: `${all} (${cores}; of the proxies alone ${saved(({ proxyCores }) => proxyCores)})`,
        },
      },
    ];
  });
}

interface Case {
  readonly application: string;
  readonly scenario: Scenario;
  of(mesh: Measured["mesh"]): Measured | undefined;
}

function casesOf(comparison: Comparison): readonly Case[] {
  return [...comparison.comparedAt.keys()].sort().flatMap((application) =>
    scenarios.map((scenario) => {
      const there = atComparedRate(comparison, application, scenario);
      return { application, scenario, of: (mesh) => there.find((each) => each.mesh === mesh) };
    }),
  );
}

function ratioOf(
  a: number | undefined,
  b: number | undefined,
): { readonly a: number; readonly b: number; readonly ratio: number } | undefined {
  return a === undefined || b === undefined ? undefined : { a, b, ratio: a / b };
}
