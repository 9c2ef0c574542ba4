import type { Mesh, Service } from "./mesh.ts";
import { type Percentiles, percentileDistance } from "./percentile-distance.ts";

/** What of applications is compared with what was published of Alibaba's, one number for each application or service. */
export interface ApplicationFigures {
  readonly services: readonly number[];
  readonly calls: readonly number[];
  /** Of services that call others. */
  readonly outDegrees: readonly number[];
  /** Of services that others call: not of entries. */
  readonly inDegrees: readonly number[];
  /** Services on the longest of the shortest ways from the entry. */
  readonly depths: readonly number[];
}

/** Percentiles of 2,014 applications of Alibaba's traces. */
export const publishedPercentiles: Readonly<Record<keyof ApplicationFigures, Percentiles>> = {
  services: { 50: 5, 75: 7, 95: 7, 99: 18 },
  calls: { 50: 4, 99: 21 },
  outDegrees: { 50: 2, 75: 6, 90: 6, 99: 11 },
  inDegrees: { 50: 1, 95: 2, 99: 3 },
  depths: { 50: 2, 90: 3, 99: 5 },
};

export function applicationFigures(applications: readonly Mesh[]): ApplicationFigures {
  const all = applications.flatMap(degrees);
  return {
    services: applications.map(({ services }) => services.size),
    calls: applications.map(({ calls }) => calls.length),
    outDegrees: all.flatMap(({ out }) => (out > 0 ? [out] : [])),
    inDegrees: all.flatMap((each) => (each.service.entry ? [] : [each.in])),
    depths: applications.map(depth),
  };
}

/** How far each figure is from what was published, by Kolmogorov and Smirnov: 0 where it is the same, and less than 1. */
export function distancesToPublished(
  figures: ApplicationFigures,
): Readonly<Record<keyof ApplicationFigures, number>> {
  const to = (name: keyof ApplicationFigures): number =>
    percentileDistance(figures[name], publishedPercentiles[name]);
  return {
    services: to("services"),
    calls: to("calls"),
    outDegrees: to("outDegrees"),
    inDegrees: to("inDegrees"),
    depths: to("depths"),
  };
}

export interface Degrees {
  readonly service: Service;
  readonly in: number;
  readonly out: number;
}

export function degrees({ services, calls }: Mesh): readonly Degrees[] {
  const callers = Map.groupBy(calls, ({ to }) => to);
  const callees = Map.groupBy(calls, ({ from }) => from);
  return [...services.values()].map((service) => ({
    service,
    in: callers.get(service.name)?.length ?? 0,
    out: callees.get(service.name)?.length ?? 0,
  }));
}

/** Services on the longest of the shortest ways from an entry. */
export function depth({ services, calls }: Mesh): number {
  const callees = Map.groupBy(calls, ({ from }) => from);
  let level = [...services.values()].filter(({ entry }) => entry).map(({ name }) => name);
  const seen = new Set(level);
  let levels = 0;
  for (; level.length > 0; levels++) {
    const next = level.flatMap((name) => callees.get(name) ?? []).map(({ to }) => to);
    level = [...new Set(next)].filter((name) => !seen.has(name));
    for (const name of level) seen.add(name);
  }
  return levels;
}
