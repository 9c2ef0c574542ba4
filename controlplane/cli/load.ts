import { Agent, request } from "node:http";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { type AddressMap, outside, type Target } from "../xds/address-map.ts";

export interface Answer {
  /** 0: no answer at all. */
  readonly status: number;
  readonly tree?: CallTree;
  readonly error?: string;
  readonly ms: number;
}

/** The kinds of requests that the load consists of, in turn: what the example policies tell apart. */
const kinds: readonly Readonly<Record<string, string>>[] = [
  { "user-agent": "wire-load" },
  { "user-agent": "wire-load", "x-canary": "true" },
  { "user-agent": "scraper/1.0" },
];

/** The same for people. */
export const loadKinds = "plain, with `x-canary: true`, and as `user-agent: scraper/1.0`";

export interface Load {
  stop(): void;
}

/** A gentle open loop of requests from outside into the entry services, at a constant rate, in turn. */
export function startLoad(options: {
  readonly rate: number;
  addresses(): AddressMap | undefined;
  answered(answer: Answer): void;
}): Load {
  const agents = new Map<string, Agent>();
  let sent = 0;
  const tick = (): void => {
    const entries = Object.values(options.addresses()?.[outside] ?? {});
    const target = entries[sent % Math.max(entries.length, 1)]?.[0];
    const headers = kinds[sent++ % kinds.length];
    if (target === undefined || headers === undefined) return;
    void send(agentOf(agents, target), target, headers).then(options.answered);
  };
  const timer = setInterval(tick, 1000 / options.rate);
  return {
    stop() {
      clearInterval(timer);
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** Idle connections do not outlive the place that they lead to: a new place is a new agent. */
function agentOf(agents: Map<string, Agent>, target: Target): Agent {
  const key = `${target.address}:${target.port}`;
  const known = agents.get(key);
  if (known !== undefined) return known;
  for (const old of agents.values()) old.destroy();
  agents.clear();
  const agent = new Agent({ keepAlive: true });
  agents.set(key, agent);
  return agent;
}

function send(agent: Agent, target: Target, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const start = performance.now();
  return new Promise((resolve) => {
    const failed = (error: Error): void =>
      resolve({ status: 0, error: error.message, ms: performance.now() - start });
    const sent = request(
      { agent, host: target.address, port: target.port, path: "/", headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", failed);
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          const ms = performance.now() - start;
          const text = Buffer.concat(chunks).toString("utf8");
          resolve(
            status === 200 ? { status, ms, tree: JSON.parse(text) as CallTree } : { status, ms, error: text },
          );
        });
      },
    );
    sent.on("error", failed);
    sent.end();
  });
}
