import type { Call, Service } from "./mesh.ts";
import type { Random } from "./random.ts";
import { plainService } from "./suite.ts";

/** Means of the replicas of services (arXiv 2504.13141). */
const replicasMean = { entry: 16, middle: 41, leaf: 17 } as const;
export type Kind = keyof typeof replicasMean;

/** Of calls between services that are no stores, those that are plain HTTP. */
const plainHttp = 0.057 / (0.057 + 0.399);
/** Of the calls, those that are made more than once for a request. */
const repeated = 0.16;
/** Of the logarithm of replicas and of rates. */
const spread = 1.2;

/** A service with the protocol and the replicas that such ones have; a store is reached by TCP. */
export function drawService(
  name: string,
  { kind, isStore = false }: { readonly kind: Kind; readonly isStore?: boolean },
  draw: Random,
): Service {
  const isHttp = draw.next() < plainHttp || kind === "entry";
  return plainService(name, {
    entry: kind === "entry",
    protocol: isStore ? "tcp" : isHttp ? "http" : "grpc",
    replicas: drawReplicas(kind, draw),
  });
}

export function drawReplicas(kind: Kind, draw: Random): number {
  return Math.max(1, Math.round(lognormal(draw, replicasMean[kind], spread)));
}

/** A service of a graph under construction. */
export interface Node {
  readonly service: Service;
  readonly callees: Set<this>;
  /** Those of them whose requests came through them. */
  readonly back: Set<this>;
}

/**
 * The calls, with rates: what comes in at a service goes on to what it calls, with the chance that a request needs it. Callers come before
 * those that they call, but for calls back, which are rare and not followed.
 */
export function drawCalls<Of extends Node>(nodes: readonly Of[], draw: Random): readonly Call[] {
  const incoming = new Map<Of, number>();
  return nodes.flatMap((node) => {
    const from = node.service.entry ? lognormal(draw, 50, spread) : (incoming.get(node) ?? 0);
    return [...node.callees].map((to): Call => {
      const isBack = node.back.has(to);
      const times = draw.next() < repeated ? 2 : 1;
      const rate = Math.max(0.001, significant(from * times * (isBack ? 0.01 : draw.next())));
      if (!isBack) incoming.set(to, (incoming.get(to) ?? 0) + rate);
      return { from: node.service.name, to: to.service.name, rate };
    });
  });
}

/** With this mean; `sigma` is that of its logarithm. */
export function lognormal(draw: Random, mean: number, sigma: number): number {
  return mean * Math.exp(sigma * draw.normal() - (sigma * sigma) / 2);
}

/** With three digits, so that a mesh file can be read. */
function significant(value: number): number {
  return Number(value.toPrecision(3));
}
