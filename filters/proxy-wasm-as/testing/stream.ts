import { type Body, createBody, dataStatus } from "./body.ts";
import { createHeaderMap, type Header, type HeaderMap, textOf } from "./header-map.ts";
import { type LocalReply, localResponse } from "./local-reply.ts";
import { derivedProperty, type PropertyValue, serializeProperty } from "./properties.ts";

/** One request. Properties are named as `source.address`, the parts of a longer path all joined by dots. */
export interface HostRequest {
  readonly headers?: readonly Header[];
  /** In one piece, or in the pieces in which it comes. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly trailers?: readonly Header[];
  /** The last of it has not come yet, and never will. */
  readonly isUnfinished?: boolean;
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Which worker takes it, from 0. By default they take turns. */
  readonly worker?: number;
}

/** What the service answers. */
export interface HostResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly trailers?: readonly Header[];
  readonly isUnfinished?: boolean;
}

/** A line of the filter's log; level 0 is trace and 5 critical. */
export interface LogLine {
  readonly level: number;
  readonly message: string;
}

/** What the client got. */
export interface ReceivedResponse {
  readonly status: number;
  /** Without `:status`. */
  readonly headers: readonly (readonly [string, string])[];
  readonly headerBytes: readonly (readonly [string, Uint8Array])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** What became of a request. */
export interface HostResult {
  /** Of the request: whether all of it went on. */
  readonly action: "continue" | "stop";
  readonly requestHeaders: readonly (readonly [string, string])[];
  /** The same with the bytes as they are, where `requestHeaders` shows U+FFFD for what is not UTF-8. */
  readonly requestHeaderBytes: readonly (readonly [string, Uint8Array])[];
  /** What of the body went on. */
  readonly requestBody: string;
  readonly localReply?: LocalReply;
  /** Missing when there was none: nobody answered, or it is held back. */
  readonly response?: ReceivedResponse;
  /** What the filter set as properties: the filter state, by its whole name, `wasm.NAME`. */
  readonly filterState: ReadonlyMap<string, string>;
  readonly logs: readonly LogLine[];
  /** Host functions called, in order; foreign functions as `call_foreign_function:NAME`. */
  readonly calls: readonly string[];
}

/** What a stream needs of its VM. */
export interface StreamVm {
  readonly isFailed: boolean;
  readonly failsOpen: boolean;
  /** Envoy's plugin setting: whether the body comes while the filter holds the headers back. */
  readonly allowsStopIteration: boolean;
  readonly bufferLimit: number;
  readonly root: number;
  nextId(): number;
  /** Enter the module for a stream; undefined when it has no such callback, or failed. */
  enter(stream: Busy, name: string, ...args: number[]): number | undefined;
}

/** What a worker looks at: a request, or a connection. */
export interface Busy {
  readonly id: number;
  readonly logs: LogLine[];
  readonly calls: string[];
  /** The headers (0, 2) and trailers (1, 3) that can be changed now; null when the host does not have them at hand. */
  map(kind: number): HeaderMap | null;
  /** The same to read, which is possible while logging too. */
  readableMap(kind: number): HeaderMap | null;
  readonly isLogging: boolean;
  body(kind: number): Body | null;
  property(path: string): Uint8Array | undefined;
  setProperty(path: string, value: Uint8Array): void;
  reply(reply: LocalReply): void;
  reset(): void;
}

/** A request and its answer on their way through the filter. */
export interface Stream extends Busy {
  /** The service answers; without effect on the request when the filter or nobody lets it through. */
  respond(response: HostResponse): void;
  /** The client has its answer, or has gone: `proxy_on_log`, `proxy_on_done` and `proxy_on_delete`. Once. */
  end(): void;
  result(): HostResult;
}

/** One direction: its headers, body and trailers come one after the other, and stop where the filter says so. */
interface Way {
  readonly headers: HeaderMap;
  readonly body: Body;
  readonly trailers: HeaderMap | null;
  readonly events: (() => void)[];
  isStopped: boolean;
  hasPassed: boolean;
  isHeadersHeld: boolean;
}

const FAILED: LocalReply = { status: 503, headers: [], body: "", details: "wasm_fail_stream" };

/** Begin a stream and send its request as far as the filter lets it. */
export function createStream(vm: StreamVm, request: HostRequest): Stream {
  const id = vm.nextId();
  const logs: LogLine[] = [];
  const calls: string[] = [];
  const filterState = new Map<string, Uint8Array>();
  // What the host has at hand: headers go out of its reach once the filter lets them pass.
  const open = new Set<number>();
  let reply: LocalReply | undefined;
  let answer: Way | undefined;
  let isDirect = false;
  let isReset = false;
  let isLogging = false;
  let hasEnded = false;

  const maps = (kind: number): HeaderMap | null | undefined =>
    kind < 2 ? (kind === 0 ? way.headers : way.trailers) : kind === 2 ? answer?.headers : answer?.trailers;

  const stream: Stream = {
    id,
    logs,
    calls,
    map: (kind) => (open.has(kind) && !isLogging ? (maps(kind) ?? null) : null),
    readableMap: (kind) => (isLogging || open.has(kind) ? (maps(kind) ?? null) : null),
    get isLogging() {
      return isLogging;
    },
    body: (kind) => (kind === 0 ? way.body : kind === 1 ? (answer?.body ?? null) : null),
    property(path) {
      const own = filterState.get(`wasm.${path}`);
      if (own !== undefined) return own;
      const told = request.properties?.[path];
      const facts = {
        requestHeaders: way.headers,
        responseHeaders: answer?.headers ?? null,
        codeDetails: reply?.details ?? (answer === undefined ? undefined : "via_upstream"),
      };
      const value = told ?? derivedProperty(path, facts);
      return value === undefined ? undefined : serializeProperty(value);
    },
    setProperty: (path, value) => void filterState.set(`wasm.${path}`, value),
    reply(given) {
      // A second reply, to the first one's own headers, leaves the client without any.
      if (answer !== undefined && reply !== undefined) isReset = true;
      isDirect = answer !== undefined;
      reply ??= given;
    },
    reset: () => {
      isReset = true;
    },
    respond,
    end,
    result,
  };

  /** Enter the module; the default, going on, when it has no such callback. */
  const enter = (name: string, ...args: number[]): number => {
    if (vm.isFailed) {
      if (!vm.failsOpen) fail();
      return 0;
    }
    const answered = vm.enter(stream, name, id, ...args) ?? 0;
    // Whatever happens to those that come later, the one that it failed on is answered.
    if (vm.isFailed) fail();
    return answered;
  };

  const fail = (): void => {
    reply = FAILED;
    isDirect = answer !== undefined;
  };

  const pump = (direction: Way): void => {
    const isRequest = direction === way;
    while (!direction.isStopped && !isReset && !(isRequest ? reply !== undefined : isDirect)) {
      const event = direction.events.shift();
      if (event === undefined) return;
      event();
    }
  };

  const wayOf = (message: HostRequest | HostResponse, headers: readonly Header[], base: 0 | 2): Way => {
    const side = base === 0 ? "request" : "response";
    const pieces = Array.isArray(message.body)
      ? message.body
      : message.body === undefined
        ? []
        : [message.body];
    const { trailers } = message;
    const made: Way = {
      headers: createHeaderMap(headers, base === 0 ? "request" : "other"),
      body: createBody(),
      trailers: trailers === undefined ? null : createHeaderMap(trailers),
      events: [],
      isStopped: false,
      hasPassed: false,
      isHeadersHeld: false,
    };
    const { body, events } = made;
    const isLast = (index: number): number =>
      index === pieces.length && trailers === undefined && !message.isUnfinished ? 1 : 0;
    events.push(() => {
      open.add(base);
      const answered = enter(`proxy_on_${side}_headers`, made.headers.pairs.length, isLast(0));
      if (answered === 0 || answered === 2) {
        open.delete(base);
        made.hasPassed = true;
      } else if (answered === 1 && vm.allowsStopIteration) made.isHeadersHeld = true;
      else made.isStopped = true;
    });
    for (const [index, piece] of pieces.entries()) {
      events.push(() => {
        body.arrive(piece);
        const answered = enter(`proxy_on_${side}_body`, body.seen?.length ?? 0, isLast(index + 1));
        body.answer(answered);
        if (answered === dataStatus.continue) settle(made);
        else if (body.held > vm.bufferLimit && answered === dataStatus.stopAndBuffer) tooLarge(base);
      });
    }
    if (trailers !== undefined) {
      events.push(() => {
        open.add(base + 1);
        body.arrive("");
        const answered = enter(`proxy_on_${side}_trailers`, trailers.length);
        body.answer(answered === 0 ? dataStatus.continue : dataStatus.stopAndBuffer);
        if (answered === 0) {
          open.delete(base + 1);
          settle(made);
        } else made.isStopped = true;
      });
    }
    return made;
  };

  /** A body or trailers that go on take the headers that were held with them. */
  const settle = (direction: Way): void => {
    direction.isHeadersHeld = false;
    direction.hasPassed = true;
  };

  const passedOn = (direction: Way): Way => ({ ...direction, events: [], hasPassed: true });

  const tooLarge = (base: 0 | 2): void => {
    const [code, details] =
      base === 0 ? [413, "request_payload_too_large"] : [500, "response_payload_too_large"];
    stream.reply({ status: code, headers: [], body: "", details });
  };

  const way: Way = wayOf(request, request.headers ?? [], 0);
  const requestType = textOf(way.headers.get("content-type") ?? new Uint8Array());

  function respond(response: HostResponse): void {
    if (answer !== undefined || hasEnded || isReset) return;
    const own = reply;
    if (own === undefined && !isThrough(way)) return;
    const message = own === undefined ? response : localResponse(requestType, own);
    const code: Header = [":status", String(message.status ?? 200)];
    answer = wayOf(message, [code, ...(message.headers ?? [])], 2);
    // The reply that stands for a failure meets no more of the filter.
    if (own === FAILED) answer = passedOn(answer);
    pump(answer);
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    isLogging = true;
    if (!vm.isFailed) vm.enter(stream, "proxy_on_log", id);
    isLogging = false;
    open.clear();
    if (!vm.isFailed) vm.enter(stream, "proxy_on_done", id);
    if (!vm.isFailed) vm.enter(stream, "proxy_on_delete", id);
  }

  function result(): HostResult {
    const response = received();
    return {
      action: isThrough(way) && (reply === undefined || isDirect) ? "continue" : "stop",
      requestHeaders: textPairs(way.headers),
      requestHeaderBytes: way.headers.pairs,
      requestBody: textOf(way.body.passed),
      ...(reply === undefined ? {} : { localReply: reply }),
      ...(response === undefined ? {} : { response }),
      filterState: new Map([...filterState].map(([name, value]) => [name, textOf(value)])),
      logs,
      calls,
    };
  }

  const isThrough = (direction: Way): boolean =>
    direction.hasPassed &&
    !direction.isStopped &&
    direction.events.length === 0 &&
    direction.body.held === 0 &&
    !isReset;

  function received(): ReceivedResponse | undefined {
    if (isReset) return undefined;
    if (reply !== undefined && isDirect) {
      const { status, headers, body = "" } = localResponse(requestType, reply);
      return { ...pick(createHeaderMap(headers)), status, body, trailers: [] };
    }
    if (answer === undefined || !isThrough(answer)) return undefined;
    const { headers, body, trailers } = answer;
    const code = Number(textOf(headers.get(":status") ?? new Uint8Array()));
    return {
      ...pick(headers),
      status: code,
      body: textOf(body.passed),
      trailers: trailers === null ? [] : textPairs(trailers),
    };
  }

  if (!vm.isFailed) vm.enter(stream, "proxy_on_context_create", id, vm.root);
  pump(way);
  return stream;
}

function pick(headers: HeaderMap): Pick<ReceivedResponse, "headers" | "headerBytes"> {
  const headerBytes = headers.pairs.filter(([name]) => name !== ":status");
  return { headerBytes, headers: textPairs({ pairs: headerBytes }) };
}

function textPairs(headers: Pick<HeaderMap, "pairs">): (readonly [string, string])[] {
  return headers.pairs.map(([name, value]) => [name, textOf(value)] as const);
}
