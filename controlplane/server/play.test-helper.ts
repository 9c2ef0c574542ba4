import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { createNode, Node } from "./node.ts";
import type { createQuarantine } from "./quarantine.ts";
import { namesOf, type Opening, pick, type Script, type Step } from "./random-script.test-helper.ts";
import { createScriptedClient, type ScriptedClient } from "./scripted-client.test-helper.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import type { createStream, Stream } from "./stream.ts";

/** The modules of the server, or a copy of them. */
export interface ServerModules {
  readonly createNode: typeof createNode;
  readonly createStream: typeof createStream;
  readonly createQuarantine: typeof createQuarantine;
}

/** A node and its clients without a server around them, on a clock of their own. */
export interface Play {
  readonly node: Node;
  /** The one of the first client, and of the second where there is one. */
  readonly connections: readonly Connection[];
  readonly act: (step: Step) => void;
  readonly give: (snapshot: Snapshot) => void;
  /** What was said, and how the node stood after each step. */
  readonly log: readonly string[];
}

export interface Connection {
  readonly opening: Opening;
  /** What it may ask for. */
  readonly types: readonly TypeUrl[];
  readonly client: ScriptedClient;
  /** There is none before the client says something. */
  readonly stream: () => Stream | undefined;
  reads: boolean;
}

/** So many answers, and the last is not in sight. */
const answersMax = 400;

export function createPlay(
  server: ServerModules,
  script: Script,
  { inOrder }: { readonly inOrder: boolean },
): Play {
  const log: string[] = [];
  let nowMs = 0;
  const quarantine = server.createQuarantine(
    ({ typeUrl, name, version }) =>
      resourcesOf(node.wanted() ?? new Map(), typeUrl).get(name)?.version === version,
  );
  const node = server.createNode({
    ...{ name: "n", quarantine, onVerdict: () => {} },
    groupStreams: () => [...node.streams],
    onAck: (ack) => log.push(`ack ${JSON.stringify(ack)}`),
    onNack: (nack) => log.push(`nack ${JSON.stringify(nack)}`),
    onSettled: () => log.push("settled"),
  });
  const connections: Connection[] = [];

  function connect(who: number, opening: Opening): Connection {
    let stream: Stream | undefined;
    const { form, takesTtl } = opening;
    // Virtual hosts are discovered incrementally alone.
    const all = script.types.filter((each) => form === "delta" || each !== typeUrl.virtualHost);
    const type = opening.type === undefined ? undefined : all[opening.type % all.length];
    const open = (): Stream => {
      const opened: Stream = server.createStream({
        method: { kind: "discovery", path: "", form, ...(type === undefined ? {} : { type }) },
        features: takesTtl
          ? ["xds.config.supports-resource-ttl", "xds.config.supports-resource-in-sotw"]
          : [],
        send: (pieces) => {
          log.push(`${who} ${client.read(pieces)}`);
          return connection.reads;
        },
        sent: () => {},
        knowsElsewhere: (each) => node.knowsElsewhere(each, opened),
        isRefused: quarantine.isRefused,
        unansweredMax: 3,
        warming: node.warming(),
        nowMs: () => nowMs,
      });
      return opened;
    };
    const client = createScriptedClient(form, (ask) => {
      if (stream !== undefined) return node.hear(stream, ask);
      stream = open();
      node.attach(stream);
      node.hear(stream, ask);
      node.admit(stream);
    });
    const types = type === undefined ? all : [type];
    const connection: Connection = { opening, types, client, stream: () => stream, reads: true };
    connections[who] = connection;
    return connection;
  }

  function give(snapshot: Snapshot | undefined): void {
    if (snapshot !== undefined && node.set(snapshot)) node.serve();
  }

  function acceptAll(): void {
    for (let answers = 0; answers < answersMax; answers++) {
      const busy = connections.filter(({ client }) => client.unanswered() > 0);
      if (busy.length === 0) return;
      for (const { client } of busy) client.answer(0, { inOrder });
    }
    throw new Error(`each answer brings another response:\n${log.slice(-60).join("\n")}`);
  }

  function act(step: Step): void {
    log.push(`> ${JSON.stringify(step)}`);
    const connection = "who" in step ? connections[step.who % connections.length] : undefined;
    switch (step.kind) {
      case "set":
        give(script.snapshots[step.snapshot]);
        break;
      case "ask": {
        const type = connection?.types[step.type % connection.types.length];
        if (type !== undefined)
          connection?.client.ask(type, pick(type, step.names), pick(type, step.less), step);
        break;
      }
      case "accept":
        connection?.client.answer(step.which, { inOrder });
        break;
      case "refuse":
        connection?.client.answer(step.which, {
          inOrder,
          ...(script.isPicky ? { error: (type) => `bad ${namesOf[type][step.naming] ?? ""}` } : {}),
        });
        break;
      case "accept all":
        acceptAll();
        break;
      case "wait":
        nowMs += step.ms;
        for (const { stream } of connections) stream()?.heartbeat();
        node.look();
        break;
      case "read":
        if (connection === undefined) break;
        connection.reads = step.reads;
        if (step.reads) connection.stream()?.drained();
        break;
      case "connect": {
        const before = connections[step.who];
        const stream = before?.stream();
        if (stream !== undefined) node.detach(stream);
        if (step.resumes && before !== undefined)
          connect(step.who, before.opening).client.resume(before.client);
        else connect(step.who, step.opening);
        break;
      }
      default:
        step satisfies never;
    }
    log.push(statusOf(node));
  }

  connect(0, script.first);
  return { node, connections, act, give, log };
}

function statusOf(node: Node): string {
  const { settled, types, nacks } = node.status();
  return JSON.stringify({
    ...{ settled, nacks },
    types: [...types].map(([type, resources]) => [type, ...resources]),
  });
}
