/** A callback that holds a body which somebody else may take on. */
export interface HeldBody {
  readonly callback: string;
  /** What would hold the rest: of the trailers, a callback that is not there; of the headers, one that does not pause. */
  readonly by: "trailers" | "headers";
  /** The name of that. */
  readonly missing: string;
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
