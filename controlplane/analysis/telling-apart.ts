import type { Lookalikes, Stop } from "./projection.ts";

/**
 * What stamps tell two paths apart: those of one of these services, or those of both services of one of these pairs. Nothing does when both
 * lists are empty.
 */
export interface TellingApart {
  readonly one: readonly number[];
  readonly both: readonly (readonly [number, number])[];
}

/**
 * Stamps show the order of the services that stamp before the last, where is asked, and nothing else of a path. Two sequences differ where those of
 * some one or two of their letters do, so that no larger sets need be looked for.
 */
export function tellingApart(
  { matching, other: unmatched }: Pick<Lookalikes, "matching" | "other">,
  mayStamp: (service: number) => boolean,
): TellingApart {
  const [path, other] = [matching.slice(0, -1), unmatched.slice(0, -1)];
  const services = [...new Set([...path, ...other].map(({ service }) => service))]
    .filter(mayStamp)
    .sort((a, b) => a - b);
  const differs = (...shown: readonly number[]): boolean => seen(path, shown) !== seen(other, shown);
  const one = services.filter((service) => differs(service));
  const rest = services.filter((service) => !one.includes(service));
  const both = rest.flatMap((first, at) =>
    rest.slice(at + 1).flatMap((second) => (differs(first, second) ? [[first, second] as const] : [])),
  );
  return { one, both };
}

/** Whether stamps of these services tell the paths apart. */
export function isToldApart({ one, both }: TellingApart, stamps: ReadonlySet<number>): boolean {
  return (
    one.some((service) => stamps.has(service)) || both.some((pair) => pair.every((each) => stamps.has(each)))
  );
}

function seen(path: readonly Stop[], shown: readonly number[]): string {
  return path.flatMap(({ service, name }) => (shown.includes(service) ? [name] : [])).join(" ");
}
