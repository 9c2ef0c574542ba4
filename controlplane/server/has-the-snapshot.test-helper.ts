import fc from "fast-check";
import { byName, type Resources } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { createNode } from "./node.ts";
import { type Connection, createPlay, type Play } from "./play.test-helper.ts";
import { createQuarantine } from "./quarantine.ts";
import {
  type Extent,
  namesOf,
  randomScript,
  type Script,
  scriptedResource,
} from "./random-script.test-helper.ts";
import { rootTypes } from "./session.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { createStream } from "./stream.ts";

/** Throws where clients that ask for all in the end, and take what they are sent, have anything else than the last snapshot. Returns how many resources that were. */
export function hasTheSnapshot({ path, ...extent }: Extent): number {
  let held = 0;
  fc.assert(
    fc.property(randomScript, (script) => {
      const play = createPlay({ createNode, createStream, createQuarantine }, script, { inOrder: true });
      for (const step of script.steps) play.act(step);
      for (const [who, { client, opening, types }] of play.connections.entries()) {
        play.act({ kind: "read", who, reads: true });
        for (const type of types) {
          const asked = opening.form === "sotw" ? undefined : client.asked.get(type);
          const has = (name: string): boolean =>
            asked?.names.has(name) === true || (name === "*" && asked?.wildcard === true);
          const all = rootTypes.has(type) ? ["*"] : namesOf[type];
          client.ask(
            type,
            all.filter((name) => !has(name)),
            [],
          );
        }
      }
      const last = lastOf(play, script);
      for (const snapshot of last) settle(play, snapshot);
      const wrong = play.connections.flatMap((each) => wrongOf(each, last.at(-1) ?? new Map()));
      if (!play.node.isSettled() || wrong.length > 0)
        throw new Error([...play.log, ...wrong, `settled: ${play.node.isSettled()}`].join("\n"));
      for (const { client } of play.connections)
        for (const asked of client.asked.values()) held += asked.held.size;
    }),
    { ...extent, ...(path === undefined ? {} : { path, endOnFailure: true }) },
  );
  console.log(`seed ${extent.seed}: ${extent.numRuns} scripts, ${held} resources`);
  return held;
}

/** The snapshots that come last: one of the script's, unless something of it may have been refused. */
function lastOf({ connections }: Play, { types, isPicky, snapshots, steps }: Script): readonly Snapshot[] {
  const one = snapshots[steps.length % snapshots.length] ?? new Map();
  // A client that takes all types and cannot ask for virtual hosts is never done with them.
  const isAskable = connections.every(
    ({ opening }) => opening.form === "delta" || opening.type !== undefined,
  );
  const last: Snapshot = new Map([...one].filter(([type]) => isAskable || type !== typeUrl.virtualHost));
  if (!isPicky || !steps.some(({ kind }) => kind === "refuse")) return [last];
  // What stands in for what was refused is gone when all of it was another once.
  const between = types.map((type) => [type, anew(type, namesOf[type], "8")] as const);
  return [
    new Map(between.filter(([type]) => isAskable || type !== typeUrl.virtualHost)),
    new Map([...last].map(([type, resources]) => [type, anew(type, [...resources.keys()], "9")])),
  ];
}

function anew(type: TypeUrl, names: readonly string[], version: string): Resources {
  return byName(names.map((name) => scriptedResource(type, name, version)));
}

function settle({ act, give }: Play, snapshot: Snapshot): void {
  give(snapshot);
  act({ kind: "accept all" });
  // What waits for the age of a stream has its time.
  act({ kind: "wait", ms: 6_000 });
  act({ kind: "accept all" });
}

/** What a client has and should not, and the other way round. Only of roots is it told that they are gone (xds.md P17). */
function wrongOf({ client, types }: Connection, snapshot: Snapshot): readonly string[] {
  return types.flatMap((type) => {
    const held = client.asked.get(type)?.held;
    const resources = resourcesOf(snapshot, type);
    const lacks = [...resources.values()].filter(({ name, version }) => held?.get(name)?.version !== version);
    const left = rootTypes.has(type) ? [...(held?.keys() ?? [])].filter((name) => !resources.has(name)) : [];
    return [
      ...lacks.map(({ name }) => `lacks ${type} ${name}`),
      ...left.map((name) => `has ${type} ${name} still`),
    ];
  });
}
