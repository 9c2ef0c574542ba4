import type { Answer, Command } from "./http-api.ts";
import type { PathReports } from "./path-reports.ts";

/**
 * `POST /doctor` with `{"services": [NAMES]}`, or with `{}` for all: what to ask of which services that have to hand on states. What proxies see of it is kept
 * for ten minutes.
 */
export function doctorCommand(
  { examine }: Pick<PathReports, "examine">,
  isService: (name: string) => boolean,
): Command {
  return async (body) => {
    const services = servicesIn(body);
    if (services === "faulty")
      return { status: 400, value: { error: 'who is to be asked is {"services": ["NAME"]}, or {} for all' } };
    const unknown = (services ?? []).filter((name) => !isService(name));
    const examination = examine(services);
    if (examination === undefined) return { status: 409, value: { error: "nothing is in force yet" } };
    if (unknown.length > 0)
      return { status: 404, value: { error: `the mesh has no service \`${unknown.join("`, `")}\`` } };
    return { status: 200, value: examination };
  };
}

/** `GET /doctor/ID`: what proxies have seen so far. */
export function doctorAnswer({ seen }: Pick<PathReports, "seen">): Answer {
  return async ([id = "", ...more]) => {
    const sightings = more.length === 0 ? seen(id) : undefined;
    return sightings === undefined
      ? {
          status: 404,
          value: { error: "there is /doctor/ID, for ten minutes after `POST /doctor` has said the id" },
        }
      : { status: 200, value: { sightings } };
  };
}

function servicesIn(body: unknown): readonly string[] | undefined | "faulty" {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "faulty";
  if (!("services" in body)) return undefined;
  const { services } = body;
  return Array.isArray(services) && services.every((name) => typeof name === "string") ? services : "faulty";
}
