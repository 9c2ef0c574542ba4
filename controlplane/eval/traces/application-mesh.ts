import { drawReplicas } from "../../mesh/draw-service.ts";
import type { Mesh, Service } from "../../mesh/mesh.ts";
import { random } from "../../mesh/random.ts";
import { plainMesh, plainService } from "../../mesh/suite.ts";
import { inferMesh, labelled } from "../../mesh/traces/infer-mesh.ts";
import type { FoundApplication } from "./find-applications.ts";

/** An application that is to be placed. */
export interface Application {
  readonly name: string;
  readonly mesh: Mesh;
  /** From outside, as they were observed; null where nobody made any. */
  readonly requests: number | null;
  /** How many services have as many replicas as were drawn. */
  readonly drawnReplicas: number;
  /** What is drawn for it follows from this. */
  readonly seed: number;
}

/**
 * What is reached from the entry of an application that was found in traces. Replicas are as many as there are instances; where the traces
 * name none, as many are drawn as such services have. What is reached by connections and calls others itself takes messages: there is a
 * queue between, so that nobody calls it, and its requests begin paths of their own.
 */
export function applicationMesh(found: FoundApplication, seed: number): Application {
  const { name, requests } = found;
  const observed = labelled(found.observed, 1);
  const { mesh } = inferMesh(observed, "application");
  const entry = observed.labels.labels.get(found.entry) ?? found.entry;
  const callees = Map.groupBy(mesh.calls, ({ from }) => from);
  const reached = new Set([entry]);
  for (const each of reached) for (const { to } of callees.get(each) ?? []) reached.add(to);
  const takesMessages = ({ name, protocol }: Service): boolean => protocol === "tcp" && callees.has(name);
  const draw = random(seed);
  let drawnReplicas = 0;
  const services = [...mesh.services.values()].flatMap((service): readonly Service[] => {
    if (!reached.has(service.name)) return [];
    const isEntry = service.name === entry;
    const isConsumer = takesMessages(service);
    const own = plainService(service.name, {
      entry: isEntry,
      origin: isConsumer && !isEntry,
      protocol: isConsumer ? "http" : service.protocol,
      replicas: service.replicas,
    });
    if (observed.services.get(service.name)?.instances !== 0) return [own];
    drawnReplicas++;
    const kind = isEntry ? "entry" : callees.has(service.name) ? "middle" : "leaf";
    return [{ ...own, replicas: drawReplicas(kind, draw) }];
  });
  const consumers = new Set([...mesh.services.values()].filter(takesMessages).map((service) => service.name));
  const calls = mesh.calls.filter(({ from, to }) => reached.has(from ?? "") && !consumers.has(to));
  return { name, mesh: plainMesh("application", services, calls), requests, drawnReplicas, seed };
}
