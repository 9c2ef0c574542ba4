import { Document, isMap, isPair, isSeq } from "yaml";
import type { Mesh, Service, TokenProvider } from "./mesh.ts";

/** A mesh as a mesh file, which reads as this mesh again: a line for each service, and one for what it calls. What a reader would take anyway is left out. */
export function toYaml(mesh: Mesh): string {
  const { name, identity, stateHeader, accessLog, decisionLog, prices, jwt } = mesh;
  const services = [...mesh.services.values()];
  const endpoints = services.filter((service) => service.endpoints.length > 0);
  const document = new Document({
    name,
    ...(identity === "none" ? {} : { identity }),
    ...(stateHeader === "tracestate" ? {} : { stateHeader }),
    ...(accessLog === true ? { accessLog } : {}),
    ...(decisionLog === undefined ? {} : { decisionLog }),
    ...(prices === undefined ? {} : { prices }),
    ...(jwt === undefined ? {} : { jwt: { providers: mapped([...jwt], providerOf) } }),
    services: mapped(
      services.map((service) => [service.name, service]),
      serviceOf,
    ),
    ...(mesh.calls.length === 0
      ? {}
      : {
          calls: mapped([...Map.groupBy(mesh.calls, ({ from }) => from ?? "")], (calls) =>
            calls.map(({ to, rate }) => (rate === 1 ? to : { to, rate })),
          ),
        }),
    ...(endpoints.length === 0
      ? {}
      : {
          endpoints: mapped(
            endpoints.map((service) => [service.name, service.endpoints]),
            (list) => list,
          ),
        }),
  });
  const { contents } = document;
  for (const part of isMap(contents) ? contents.items : []) {
    for (const line of isMap(part.value) ? part.value.items : [])
      if (isPair(line) && (isMap(line.value) || isSeq(line.value))) line.value.flow = true;
  }
  return document.toString({ lineWidth: 0 });
}

/** The names of a JSON object would be put in another order where they are numbers. */
function mapped<Value, Shown>(
  entries: readonly (readonly [string, Value])[],
  show: (value: Value) => Shown,
): ReadonlyMap<string, Shown> {
  return new Map(entries.map(([key, value]) => [key, show(value)]));
}

function serviceOf(service: Service): object {
  const { entry, origin, forwards, protocol, port, replicas, versions, proxy } = service;
  return {
    ...(entry ? { entry } : {}),
    ...(origin ? { origin } : {}),
    ...(forwards === undefined ? {} : { forwards }),
    ...(protocol === "http" ? {} : { protocol }),
    ...(port === (protocol === "tcp" ? 6379 : 8080) ? {} : { port }),
    ...(versions.size > 0
      ? { versions: mapped([...versions], (version) => (version.replicas === 1 ? {} : version)) }
      : replicas === 1
        ? {}
        : { replicas }),
    ...(proxy === "any" ? {} : { proxy }),
  };
}

function providerOf({ issuer, audiences, jwks }: TokenProvider): object {
  return { issuer, ...(audiences.length === 0 ? {} : { audiences }), jwks };
}
