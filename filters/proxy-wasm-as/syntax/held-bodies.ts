/** A callback that holds a body which somebody else may take on. */
export interface HeldBody {
  readonly callback: string;
  /** What would hold the rest: of the trailers, a callback that is not there; of the headers, one that does not pause. */
  readonly by: "trailers" | "headers";
  /** The name of that. */
  readonly missing: string;
}

/** A callback by which goes on what an earlier one has paused, as far as it has not been resumed by then. */
export interface LetGo {
  readonly callback: string;
  /** The name of the earlier one. */
  readonly paused: string;
}

/**
 * Of these callbacks of a filter that resumes what it has paused, of which some may pause, those that never do: what waits for an answer goes on by a part of the message that comes before that.
 * Headers of a message whose body nobody looks at hold all of it.
 */
export function letGo(callbacks: readonly string[], pausing: ReadonlySet<string>): readonly LetGo[] {
  return ["Request", "Response"].flatMap((side) => {
    const parts = [`on${side}`, `on${side}Body`, `on${side}Trailers`].filter((name) =>
      callbacks.includes(name),
    );
    if (!parts.includes(`on${side}Body`)) return [];
    return parts.flatMap((callback, place): readonly LetGo[] => {
      const paused = parts.slice(0, place).find((name) => pausing.has(name));
      return paused === undefined || pausing.has(callback) ? [] : [{ callback, paused }];
    });
  });
}

/**
 * Of these callbacks, of which some may pause, those that hold a body without what is around it. Trailers take on what was held when nobody looks at them; and so do filters
 * behind this one that let go headers which they have held, since of a body Envoy keeps one copy for all.
 */
export function heldBodies(callbacks: readonly string[], pausing: ReadonlySet<string>): readonly HeldBody[] {
  return callbacks
    .filter((name) => /^on(?:Request|Response)Body$/.test(name) && pausing.has(name))
    .flatMap((callback): readonly HeldBody[] => {
      const headers = callback.replace(/Body$/, "");
      const trailers = `${headers}Trailers`;
      return [
        ...(callbacks.includes(trailers) ? [] : [{ callback, by: "trailers" as const, missing: trailers }]),
        ...(pausing.has(headers) ? [] : [{ callback, by: "headers" as const, missing: headers }]),
      ];
    });
}
