import type { EmulatedService } from "../../envoy/emulator/service.ts";
import type { Application } from "./application.ts";

/** The services of an application as the emulator runs them: what they call by the path of a request, what they take, and what their answers show. */
export function servicesOf(
  services: readonly EmulatedService[],
  application: Application,
): readonly EmulatedService[] {
  const { requests, parallel, covered } = application;
  const shows = covered.p1.flatMap((rule) => ("header" in rule ? [rule.header.name] : []));
  const all = requests.map(({ path }) => path);
  return services.map((each) => ({
    ...each,
    shows,
    // A new connection through two proxies for each question would be the dearest thing of all, and no database's client does so.
    keepsTcp: true,
    work: each.protocol === "tcp" ? application.work.stores : application.work.services,
    isParallel: parallel.includes(each.service),
    calls: each.calls.flatMap((call) => {
      const paths = requests
        .filter(({ calls }) =>
          (calls[`${each.service}@${each.version}`] ?? calls[each.service] ?? [call.to]).includes(call.to),
        )
        .map(({ path }) => path);
      if (paths.length === 0) return [];
      return [paths.length === all.length ? call : { ...call, paths }];
    }),
  }));
}
