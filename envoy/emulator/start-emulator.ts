import { setTimeout as sleep } from "node:timers/promises";
import { type AddressMap, type AddressRevision, type Target, targetsOf } from "./address-map.ts";
import { type Connections, connections, type Outgoing } from "./connections.ts";
import {
  allHeaders,
  answerHeader,
  callHeader,
  forwardedHeaders,
  headerValues,
  sendHeader,
  shownHeaders,
  treeHeader,
  visitedHeader,
} from "./forwarded-headers.ts";
import { type Handled, listen } from "./listen.ts";
import type { CallTree, EmulatedAnswer, EmulatedService, Protocol } from "./service.ts";
import { treeOf } from "./tree-of.ts";
import { work } from "./work.ts";

export interface Emulator {
  /** The revision in force. */
  readonly revision: () => string;
  /**
   * Take a new map. New calls use it at once; settles when the connections to targets that no caller has any
   * more are closed and the calls on them have finished (at most five seconds).
   */
  readonly update: (next: AddressRevision) => Promise<void>;
  readonly close: () => Promise<void>;
}

const drainMsMax = 5_000;

/** Run services in this process: each listens at its own address and calls its callees for each request. */
export async function startEmulator(options: {
  readonly services: readonly EmulatedService[];
  /** Defaults to an empty map, in which every call fails. */
  readonly addresses?: AddressRevision;
}): Promise<Emulator> {
  let current: AddressRevision = options.addresses ?? { revision: "", map: {} };
  const callers = options.services.map((service) => caller(service));
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.map((closer) => closer()));
    await Promise.race([
      Promise.all(callers.map((one) => one.keepOnly({}))),
      sleep(1_000, undefined, { ref: false }),
    ]);
  };
  try {
    for (const one of callers)
      closers.push(
        await listen(
          one.service,
          one.handle(() => current.map),
        ),
      );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    revision: () => current.revision,
    async update(next) {
      current = next;
      const drained = Promise.all(callers.map((one) => one.keepOnly(next.map)));
      await Promise.race([drained, sleep(drainMsMax, undefined, { ref: false })]);
    },
    close,
  };
}

interface Caller {
  readonly service: EmulatedService;
  readonly handle: (
    map: () => AddressMap,
  ) => (path: string, rawHeaders: readonly string[]) => Promise<Handled>;
  /** Retire the connections to targets that this caller does not have in `map`. */
  readonly keepOnly: (map: AddressMap) => Promise<void>;
}

function caller(service: EmulatedService): Caller {
  const pool = new Map<string, Connections>();
  /** How often each callee was called. One count for all would always be even for the first of two callees, and of its two replicas one never be called. */
  const turns = new Map<string, number>();

  const send = async (
    map: AddressMap,
    to: string,
    protocol: Protocol,
    request: Request,
  ): Promise<CallTree> => {
    const targets = targetsOf(map, service, to);
    const turn = turns.get(to) ?? 0;
    turns.set(to, turn + 1);
    const target = targets[turn % Math.max(targets.length, 1)];
    if (target === undefined) return { service: to, status: 0, body: "no address is known" };
    const key = keyOf(protocol, target);
    const open = pool.get(key) ?? connections(protocol, target, service.address, service);
    pool.set(key, open);
    try {
      const { path, headers, sent } = request;
      const reply = await open.send({ authority: to, path, headers, ...sent });
      const tree = treeOf(to, protocol, reply);
      if (sent === undefined) return tree;
      const { status } = reply;
      return { ...tree, got: { status, headers: reply.headers.filter(([name]) => name !== treeHeader) } };
    } catch (error) {
      return { service: to, status: 0, body: error instanceof Error ? error.message : String(error) };
    }
  };

  return {
    service,
    handle: (map) => async (path, rawHeaders) => {
      const {
        [visitedHeader]: before,
        [callHeader]: named,
        [sendHeader]: sending,
        [answerHeader]: answering,
        ...headers
      } = headerValues(rawHeaders);
      const only = named?.[0];
      const visited = [...(before ?? []).flatMap((value) => value.split(",")), service.service];
      const request: Request = {
        path,
        headers: {
          ...(only === undefined ? forwardedHeaders(headers, service) : allHeaders(headers)),
          [visitedHeader]: [visited.join(",")],
          // It is for who is called, not for who is asked to call.
          ...(only === undefined || answering === undefined ? {} : { [answerHeader]: [...answering] }),
        },
        ...(only === undefined ? {} : { sent: fromBase64<Sent>(sending?.[0]) ?? {} }),
      };
      await work(service.work);
      const passes = (to: string): number => visited.filter((each) => each === to).length;
      const made = service.calls.filter(({ to, paths }) =>
        only === undefined ? passes(to) < (service.passesMax ?? 1) && isFor(path, paths) : to === only,
      );
      const calls: CallTree[] = [];
      if (service.isParallel === true)
        calls.push(
          ...(await Promise.all(made.map(({ to, protocol }) => send(map(), to, protocol, request)))),
        );
      else for (const { to, protocol } of made) calls.push(await send(map(), to, protocol, request));
      const version = service.version === undefined ? {} : { version: service.version };
      const { address } = service;
      const shown = service.shows === undefined ? headers : shownHeaders(headers, service.shows);
      const tree: CallTree = {
        ...{ service: service.service, ...version, address, status: 200, headers: shown, calls },
      };
      const answer = only === undefined ? fromBase64<EmulatedAnswer>(answering?.[0]) : undefined;
      return answer === undefined ? { tree } : { tree, answer };
    },
    async keepOnly(map) {
      const kept = new Set(
        service.calls.flatMap(({ to, protocol }) =>
          targetsOf(map, service, to).map((target) => keyOf(protocol, target)),
        ),
      );
      const gone = [...pool].filter(([key]) => !kept.has(key));
      for (const [key] of gone) pool.delete(key);
      await Promise.all(gone.map(([, old]) => old.retire()));
    },
  };
}

interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string[]>>;
  /** Of a call that was asked for by name. */
  readonly sent?: Sent;
}

type Sent = Pick<Outgoing, "method" | "body">;

function isFor(path: string, paths: readonly string[] | undefined): boolean {
  return paths === undefined || paths.includes(path.split("?", 1)[0] ?? "");
}

/** Only tests write these, and they write what they should. */
function fromBase64<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(Buffer.from(text, "base64").toString());
}

function keyOf(protocol: Protocol, target: Target): string {
  return `${protocol} ${target.address}:${target.port}`;
}
