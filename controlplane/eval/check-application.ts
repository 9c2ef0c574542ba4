import type { Mesh } from "../mesh/mesh.ts";
import type { Application } from "./application.ts";

/** What an application says that its mesh does not have, a line for each. */
export function checkApplication(
  { entry, requests, parallel, covered }: Application,
  mesh: Mesh,
): readonly string[] {
  const calls = new Set(mesh.calls.map(({ from, to }) => `${from} ${to}`));
  const unknown = (service: string, where: string): readonly string[] =>
    mesh.services.has(service) ? [] : [`${where}: the mesh has no service ${service}`];
  const made = (from: string, to: string, where: string): readonly string[] =>
    calls.has(`${from} ${to}`) ? [] : [`${where}: in the mesh ${from} does not call ${to}`];
  return [
    ...(mesh.services.get(entry)?.entry === true ? [] : [`entry: ${entry} is no entry of the mesh`]),
    ...(requests.length === 0 ? ["requests: there are none"] : []),
    ...requests.flatMap(({ path, calls: callees }) =>
      Object.entries(callees).flatMap(([caller, all]) => {
        const [service = "", version] = caller.split("@");
        const isKnown = version === undefined || mesh.services.get(service)?.versions.has(version) === true;
        const where = `requests ${path}`;
        return [
          ...unknown(service, where),
          ...(isKnown ? [] : [`${where}: ${service} has no version ${version}`]),
          ...all.flatMap((callee) => made(service, callee, where)),
        ];
      }),
    ),
    ...parallel.flatMap((service) => unknown(service, "parallel")),
    ...covered.p1.flatMap(({ policy, paths }) =>
      paths.flatMap((path) => {
        const services = path.split(" ");
        const where = `covered p1 ${policy}`;
        return [
          ...(services[0] === entry ? [] : [`${where}: ${path} does not begin at ${entry}`]),
          ...services.slice(1).flatMap((to, at) => made(services[at] ?? "", to, where)),
        ];
      }),
    ),
    ...Object.entries(covered.p2?.allowed ?? {}).flatMap(([store, callers]) => [
      ...(mesh.services.get(store)?.protocol === "tcp"
        ? []
        : [`covered p2: ${store} is no store of the mesh`]),
      ...callers.flatMap((caller) => made(caller, store, "covered p2")),
    ]),
  ];
}
