import { status } from "../abi/table.ts";
import { type Body, createBody, dataStatus } from "./body.ts";
import { bytesOf, join, noBytes, textOf } from "./bytes.ts";
import type { Context } from "./context.ts";
import { createHeaderMap, type Header, type HeaderMap } from "./header-map.ts";
import { grpcReply, headersOf, isGrpc, type LocalReply, type ReplyBytes } from "./local-reply.ts";
import type { LogLine } from "./log-line.ts";
import { derivedProperty, givenProperty, type PropertyValue, serializeProperty } from "./properties.ts";
import type { Root } from "./root.ts";
import type { Vm } from "./vm.ts";

/** One request. Properties are named as `source.address`, the parts of a longer path all joined by dots. */
export interface HostRequest {
  readonly headers?: readonly Header[];
  /** In one piece, or in the pieces in which it comes. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly trailers?: readonly Header[];
  /** The last of it has not come yet: of a request that is opened it comes by `send`, and else never. */
  readonly isUnfinished?: boolean;
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Which worker takes it, from 0. By default they take turns. */
  readonly worker?: number;
}

/** What follows of a request that is unfinished. With none of these it has ended. */
export type HostMore = Pick<HostRequest, "body" | "trailers" | "isUnfinished">;

/** What the service answers. */
export interface HostResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly trailers?: readonly Header[];
  readonly isUnfinished?: boolean;
}

/** What the client got. */
export interface ReceivedResponse {
  readonly status: number;
  /** Without `:status`. */
  readonly headers: readonly (readonly [string, string])[];
  readonly headerBytes: readonly (readonly [string, Uint8Array])[];
  readonly body: string;
  readonly bodyBytes: Uint8Array;
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
  readonly requestBodyBytes: Uint8Array;
  readonly requestTrailers: readonly (readonly [string, string])[];
  readonly localReply?: LocalReply;
  /** Missing when there was none: nobody answered, or it is held back. */
  readonly response?: ReceivedResponse;
  /** What the filter set as properties: the filter state, by its whole name, `wasm.NAME`. */
  readonly filterState: ReadonlyMap<string, string>;
  readonly logs: readonly LogLine[];
  /** Host functions called, in order; foreign functions as `call_foreign_function:NAME`. */
  readonly calls: readonly string[];
  /** How often each was called, in the order of their first call. */
  readonly callCounts: Readonly<Record<string, number>>;
}

/** A request and its answer on their way through the filter. */
export interface Stream extends Context {
  /** More of an unfinished request comes. */
  send(more: HostMore): void;
  /** The service answers; without effect on the request when the filter or nobody lets it through. */
  respond(response: HostResponse): void;
  /** More of an unfinished response comes, where that has begun. */
  respondMore(more: HostMore): void;
  /** The client has its answer, or has gone: `proxy_on_log`, `proxy_on_done` and `proxy_on_delete`. Once. */
  end(): void;
  result(): HostResult;
}

/** One direction: its headers, body and trailers come one after the other, and stop where the filter says so. */
interface Way {
  readonly headers: HeaderMap;
  readonly body: Body;
  trailers: HeaderMap | null;
  readonly events: (() => void)[];
  isStopped: boolean;
  hasPassed: boolean;
  /** The headers as they went on: what is written to them later, nobody gets. */
  sent: HeaderMap["pairs"] | null;
  /** The last of the body has come, and the filter holds it: even when it is empty, so does who waits for the end. */
  isEndHeld: boolean;
  /** Something of the body was kept, so that there is a place for what is kept, which may be empty. */
  hasBuffer: boolean;
  isHeadersHeld: boolean;
  /** The last of it has come. */
  hasEnded: boolean;
  /** How many bytes of its body have come, and what its headers said that it has. */
  arrived: number;
  saidLength: string | undefined;
  /** The filter has its body at hand, which it holds or has just got. */
  hasBodyAtHand: boolean;
  /** What had come while all was stopped comes as one. */
  comesAtOnce: boolean;
  /** What the filter is asked about now. */
  current: "headers" | "body" | "trailers" | null;
  /** Something went on because it let go before it had answered. */
  wentBefore: boolean;
  /** The filter has made what is kept of its body larger than an Envoy keeps. */
  isOutgrown: boolean;
  /** Its headers hold all that follows, and not only themselves. */
  stopsAll: boolean;
  /** What had come meanwhile comes now, from within of what has let it go. */
  comesWithin: boolean;
  /** What came so is paused. */
  isHeldWithin: boolean;
  /** More of it comes. */
  add(more: HostMore): void;
  /** What is let go in the callback for its trailers, while these come from within: the filter is asked about all of it again. */
  beginAnew(): void;
}

/** How often a message begins anew from within before the stack ends, about. */
const ANEW_MAX = 100;

const FAILED: ReplyBytes = {
  status: 503,
  headers: [],
  body: noBytes,
  details: "wasm_fail_stream",
  grpcStatus: 14,
  isFailure: true,
};

const NO_ROUTE: ReplyBytes = {
  status: 404,
  headers: [],
  body: noBytes,
  details: "route_not_found",
  grpcStatus: -1,
  flags: 0x100n,
};

/** What Envoy answers where more of a body is kept than it keeps. */
const TOO_LARGE: Readonly<Record<0 | 2, ReplyBytes>> = {
  0: {
    status: 413,
    headers: [],
    body: bytesOf("Payload Too Large"),
    details: "request_payload_too_large",
    grpcStatus: -1,
  },
  2: {
    status: 500,
    headers: [],
    body: bytesOf("Internal Server Error"),
    details: "response_payload_too_large",
    grpcStatus: -1,
  },
};

/** Begin a stream and send its request as far as the filter lets it. */
export function createStream(
  vm: Vm,
  root: Root,
  request: HostRequest,
  ended: () => void = () => undefined,
): Stream {
  const { plugin } = root;
  const startedAt = vm.parts.proxy.loop.now;
  const failsOpen = plugin.failure === "open";
  const isFailed = (): boolean => vm.failure !== null;
  const id = vm.nextId();
  const logs: LogLine[] = [];
  const calls: string[] = [];
  const filterState = new Map<string, Uint8Array>();
  const envoyState = new Map<string, Uint8Array>();
  // What the host has at hand: headers go out of its reach once the filter lets them pass.
  const open = new Set<number>();
  let reply: ReplyBytes | undefined;
  let pending: HostResponse | undefined;
  let answer: Way | undefined;
  let givenStatus: number | undefined;
  let isDirect = false;
  /** The answer that has begun is the filter's own, or Envoy's. */
  let isOwn = false;
  // Whatever the filter makes of the method: Envoy looks when it comes.
  const isHead = request.headers?.some(
    ([name, value]) => name === ":method" && textOf(bytesOf(value)) === "HEAD",
  );
  let isReset = false;
  let closeDetails: string | undefined;
  /** What the callback has ended it by, which is done when that has ended. */
  let ending: "close_stream" | "send_local_response" | null = null;
  let isLogging = false;
  let hasEnded = false;

  const sideOf = (kind: number): Way | undefined => (kind < 2 ? way : answer);
  const maps = (kind: number): HeaderMap | null | undefined =>
    kind > 3
      ? null
      : kind < 2
        ? kind === 0
          ? way.headers
          : way.trailers
        : kind === 2
          ? answer?.headers
          : answer?.trailers;

  const stream: Stream = {
    id,
    root,
    logs,
    calls,
    map(kind) {
      const side = sideOf(kind);
      // Who asks for trailers at the end of a body gets them.
      if ((kind === 1 || kind === 3) && side?.trailers === null && side.hasEnded && side.hasBodyAtHand) {
        side.trailers = createHeaderMap([]);
        open.add(kind);
      }
      return open.has(kind) && !isLogging ? (maps(kind) ?? null) : null;
    },
    // The trailers of a request are not at hand for the log.
    readableMap(kind) {
      // It is the answer of which the log tells, whichever had begun before.
      if (isLogging && kind === 2 && reply !== undefined && isInstead()) return mapOf(reply);
      return (isLogging && kind !== 1) || (open.has(kind) && !isLogging) ? (maps(kind) ?? null) : null;
    },
    get isLogging() {
      return isLogging;
    },
    buffer(kind) {
      const side = kind === 0 ? way : kind === 1 ? answer : undefined;
      if (!side?.hasBodyAtHand) return null;
      const { body } = side;
      return {
        bytes: body.bytes,
        set(start, size, value) {
          const written = body.set(start, size, value);
          if (body.held > vm.parts.bufferLimit && !side.isOutgrown) outgrow(side);
          return written;
        },
      };
    },
    property(key) {
      const told = givenProperty(request.properties ?? {}, key) ?? givenProperty(vm.parts.properties, key);
      const facts = {
        // As long as they are at hand, though the answer names them.
        requestHeaders: open.has(0) || isLogging ? way.headers : null,
        isLogging,
        requestSize: way.arrived,
        responseHeaders: answer !== undefined && (open.has(2) || isLogging) ? answer.headers : null,
        responseCode:
          answer !== undefined
            ? responseCode(answer)
            : way.isOutgrown
              ? (reply?.httpStatus ?? reply?.status)
              : undefined,
        responseTrailers: open.has(3) || isLogging ? (answer?.trailers ?? null) : null,
        responseSize: (isInstead() ? bodyOfReply() : answer?.body.passed)?.length ?? 0,
        startedAt,
        now: vm.parts.proxy.loop.now,
        protocol: "HTTP/1.1",
        codeDetails: reply?.details ?? (answer === undefined ? closeDetails : "via_upstream"),
        flags: reply?.flags ?? 0n,
        filterState: (name: string) => filterState.get(name) ?? envoyState.get(name),
      };
      const value = told ?? derivedProperty(key, facts);
      if (value !== undefined) return serializeProperty(value);
      return key.includes("\0") ? undefined : filterState.get(`wasm.${key}`);
    },
    setProperty(name, value) {
      filterState.set(`wasm.${name}`, value);
      return status.ok;
    },
    setFilterState(path, value) {
      if (!path.startsWith("envoy.")) return status.notFound;
      envoyState.set(path, value);
      return status.ok;
    },
    reply(given) {
      // Of one that is logged, Envoy answers by logging again, and so on until its stack ends.
      if (hasEnded) throw crash("send_local_response of a stream that has ended");
      endBy("send_local_response", () => answerWith(given));
    },
    resume(kind) {
      if (kind > 1) return kind === 2 ? status.ok : status.unimplemented;
      if (kind === 1 && answer === undefined && reply === undefined)
        throw crash("continue_stream of a response that has not begun");
      if (kind === 1 && answer?.isOutgrown && isReset)
        throw crash("continue_stream of a response that has become too large");
      if (kind === 1 && ending === "close_stream" && answer?.current === null)
        throw crash("continue_stream after close_stream in one callback");
      vm.after(() => letGo(kind === 0 ? way : answer));
      // Of the request, whichever goes on.
      open.delete(0);
      open.delete(1);
      way.body.forget();
      return status.ok;
    },
    close(kind) {
      if (kind < 2 && hasEnded) throw crash("close_stream of a stream that has ended");
      if (kind < 2) {
        closeDetails = "wasm_close_stream";
        endBy("close_stream", () => {
          isReset = true;
        });
      }
      return status.ok;
    },
    send,
    respond,
    respondMore,
    end,
    result,
  };

  /** Envoy does one after the other when the callback has ended, and finds the stream gone: not so when an answer of its own has taken its way back. */
  const endBy = (how: NonNullable<typeof ending>, run: () => void): void => {
    const isAlive =
      ending === null ||
      (ending === "send_local_response" &&
        answer === undefined &&
        (how === "send_local_response" || way.current === null));
    if (!isAlive) throw crash(`${how} after ${ending} in one callback`);
    ending ??= how;
    vm.after(() => {
      ending = null;
      run();
    });
  };

  /** Enter the module; the default, going on, when it has no such callback. */
  const enter = (name: string, ...args: number[]): number => {
    if (isFailed()) {
      if (!failsOpen) fail();
      return 0;
    }
    const answered = vm.enter(stream, name, id, ...args) ?? 0;
    // Whatever happens to those that come later, the one that it failed on is answered.
    if (isFailed()) fail();
    return answered;
  };

  /** What an Envoy does not outlive shows only now. */
  const failBy = ({ message }: Error): void => {
    vm.failure ??= message;
    logs.push({ level: 5, message: `wasm failed: ${message}` });
    fail();
  };

  const fail = (): void => {
    // The client has the headers already: all that is left is to break off.
    if (answer?.hasPassed) isReset = true;
    reply = asAnswered(FAILED);
    isDirect = answer !== undefined;
  };

  /** Whether the client gets an answer in the place of the one that has begun. */
  const isInstead = (): boolean => isDirect && !isReset;

  const bodyOfReply = (): Uint8Array => (isHead ? noBytes : (reply?.body ?? noBytes));

  /** What `response.code` is: of the service's answer, until it has gone on as what the filter made of it. */
  const responseCode = (response: Way): number | undefined =>
    isInstead() ? reply?.status : response.hasPassed || hasEnded ? statusOf(asSent(response)) : givenStatus;

  /** What becomes of an answer of the filter's or of Envoy's own to this request. */
  const asAnswered = (given: ReplyBytes): ReplyBytes => (isOfGrpc ? grpcReply(given) : given);

  const answerWith = (given: ReplyBytes): void => {
    if (hasEnded) return;
    // One to headers that the client has already leaves it without the rest; one to headers of the filter's own answer is in its place.
    if (answer?.hasPassed) isReset = true;
    const made = asAnswered(given);
    reply = answer === undefined || isReset ? (reply ?? made) : made;
    isDirect = answer !== undefined;
    begin();
  };

  /** What the filter held goes on, and what has come meanwhile after it. */
  const letGo = (direction: Way | undefined): void => {
    if (direction === undefined || hasEnded || isReset) return;
    settle(direction);
    if (direction.comesWithin && direction.current === "trailers") {
      direction.beginAnew();
      begin();
      return;
    }
    direction.wentBefore = direction.current !== "body" || direction.hasBuffer;
    direction.body.release();
    direction.isEndHeld = false;
    // What the filter is asked about goes its way when it has answered.
    if (direction.current !== null) {
      begin();
      return;
    }
    if (direction.isStopped) direction.comesAtOnce = true;
    direction.isStopped = false;
    direction.comesWithin = direction.stopsAll;
    direction.stopsAll = false;
    pump(direction);
    direction.comesWithin = false;
    begin();
  };

  const pump = (direction: Way): void => {
    const isRequest = direction === way;
    while (!direction.isStopped && !isReset && !(isRequest ? reply !== undefined : isDirect)) {
      const event = direction.events.shift();
      if (event === undefined) return;
      event();
      direction.current = null;
    }
  };

  const wayOf = (message: HostRequest | HostResponse, headers: readonly Header[], base: 0 | 2): Way => {
    const side = base === 0 ? "request" : "response";
    const pieces: (string | Uint8Array)[] = [];
    let { isUnfinished = false, trailers } = message;
    const made: Way = {
      headers: createHeaderMap(headers, side),
      body: createBody(),
      trailers: null,
      events: [],
      isStopped: false,
      hasPassed: false,
      sent: null,
      isEndHeld: false,
      hasBuffer: false,
      isHeadersHeld: false,
      hasEnded: false,
      arrived: 0,
      saidLength: undefined,
      hasBodyAtHand: false,
      comesAtOnce: false,
      current: null,
      wentBefore: false,
      isOutgrown: false,
      stopsAll: false,
      comesWithin: false,
      isHeldWithin: false,
      add,
      beginAnew,
    };
    made.saidLength = lengthSaidIn(made.headers.pairs);
    const { body, events } = made;
    const ask = (part: "headers" | "body" | "trailers", ...args: number[]): number => {
      made.current = part;
      made.wentBefore = false;
      return enter(`proxy_on_${side}_${part}`, ...args);
    };
    /** Of a response it goes twice: Envoy breaks that off, or comes to its own end with the last of it. */
    const goOn = (isLast: boolean): void => {
      if (base === 0 || !made.wentBefore) return;
      if (isLast) failBy(crash("continue_stream in the last callback of a response"));
      else if (made.current === "headers") made.events.shift()?.();
      isReset = true;
    };
    const isLast = (index: number): number =>
      index === pieces.length && trailers === undefined && !isUnfinished ? 1 : 0;
    events.push(() => {
      open.add(base);
      made.hasEnded = isLast(0) === 1;
      const answered = ask("headers", made.headers.count, isLast(0));
      if (answered === 0 || answered === 2) {
        open.delete(base);
        pass(made);
        goOn(made.hasEnded);
      } else if (made.wentBefore && made.hasEnded) {
        // All of it has gone on.
      } else if (answered === 1 && plugin.allowOnHeadersStopIteration) made.isHeadersHeld = true;
      else {
        made.isStopped = true;
        made.stopsAll = true;
      }
    });
    let taken = 0;
    let anew = 0;
    /** Which is the first piece that has not come while all was stopped: of a request, no more is read above the limit. */
    const waitingFrom = (index: number): number => {
      let size = 0;
      let next = index;
      while (next < pieces.length && (base === 2 || size <= vm.parts.bufferLimit))
        size += bytesOf(pieces[next++] ?? noBytes).length;
      return next;
    };
    const comes = (index: number): void => {
      if (index < taken) return;
      const hasWaited = made.comesAtOnce;
      taken = hasWaited ? waitingFrom(index) : index + 1;
      made.comesAtOnce = false;
      const rest = pieces.slice(index, taken).map(bytesOf);
      const piece = rest.reduce(join, noBytes);
      made.arrived += piece.length;
      body.arrive(piece);
      made.hasBodyAtHand = true;
      made.hasEnded = isLast(taken) === 1;
      const answered = ask("body", body.bytes.length, isLast(taken));
      made.hasBodyAtHand = answered !== dataStatus.continue;
      made.comesWithin &&= taken === pieces.length;
      made.isHeldWithin = made.comesWithin && made.hasBodyAtHand;
      // What goes on with headers that were held is kept first.
      made.hasBuffer ||= made.isHeadersHeld || (made.hasBodyAtHand && answered !== dataStatus.stopNoBuffer);
      made.isEndHeld = made.hasBodyAtHand && made.hasEnded && !made.wentBefore;
      body.answer(Math.min(answered, dataStatus.stopNoBuffer));
      if (made.wentBefore && made.hasEnded && made.hasBodyAtHand) body.lose();
      if (answered === dataStatus.continue && made.hasEnded) goOn(true);
      if (answered === dataStatus.continue) settle(made);
      else if (made.isOutgrown) return;
      else if (body.held > vm.parts.bufferLimit && answered === dataStatus.stopAndBuffer) {
        // Of one that has waited nobody tells Envoy again that it is too large, nor does Envoy read on.
        if (base === 0 && hasWaited) made.isStopped = !made.wentBefore;
        else tooLarge(base);
      }
    };
    const trailersCome = (given: readonly Header[]): void => {
      made.trailers = createHeaderMap(given);
      const askAboutTrailers = (): number => {
        open.add(base + 1);
        return ask("trailers", made.trailers?.count ?? 0);
      };
      let answered = askAboutTrailers();
      // Of what stands before them Envoy takes no notice any more, and begins anew with them.
      const loses = answered === 0 && made.isHeldWithin && !isReset;
      if (loses) answered = askAboutTrailers();
      if (answered === 0) {
        if (base === 2 && closeDetails !== undefined)
          failBy(crash("close_stream in trailers of a response that go on"));
        if (loses) body.lose();
        body.end();
        made.hasBodyAtHand = false;
        open.delete(base + 1);
        goOn(true);
        settle(made);
      } else made.isStopped = !made.wentBefore;
    };
    function beginAnew(): void {
      if (++anew > ANEW_MAX) {
        failBy(new Error(`the ${side} begins anew without end`));
        return;
      }
      if (made.isHeldWithin && enter(`proxy_on_${side}_body`, body.bytes.length, 0) === 0) {
        body.release();
        made.isHeldWithin = false;
        made.hasBodyAtHand = false;
      }
      const goesOn = enter(`proxy_on_${side}_trailers`, made.trailers?.count ?? 0) === 0;
      if (goesOn && made.isHeldWithin) body.lose();
      made.wentBefore = goesOn;
      made.isHeldWithin = false;
    }
    function add(more: HostMore): void {
      ({ isUnfinished = false, trailers } = more);
      const given = more.body ?? [];
      const added = typeof given === "string" || given instanceof Uint8Array ? [given] : given;
      const from = pieces.length;
      pieces.push(...added);
      events.push(...added.map((_, index) => () => comes(from + index)));
      const last = trailers;
      if (last !== undefined) events.push(() => trailersCome(last));
    }
    add(message);
    return made;
  };

  /** A body or trailers that go on take the headers that were held with them. */
  const settle = (direction: Way): void => {
    direction.isHeadersHeld = false;
    pass(direction);
  };

  /** The headers go on, if nothing is missing of what each message has. */
  const pass = (direction: Way): void => {
    if (direction.hasPassed) return;
    direction.hasPassed = true;
    direction.sent = direction.headers.pairs;
    if (reply !== undefined) return;
    const isGone = (name: string): boolean =>
      request.headers?.some(([each]) => each === name) === true && way.headers.get(name) === undefined;
    if (direction === answer) {
      if (statusOf(answer.headers.pairs) !== undefined) return;
      reply = asAnswered(missing("response", ":status", 502));
      isDirect = true;
      answer.headers.setAll(mapOf(reply).bytePairs);
    } else if (isGone(":path")) {
      reply = asAnswered(NO_ROUTE);
    } else if (isGone(":method"))
      reply = asAnswered({ ...missing("request", ":method", 503), flags: 0x40000n });
  };

  const passedOn = (direction: Way, body: Uint8Array): Way => {
    direction.body.arrive(body);
    direction.body.answer(dataStatus.continue);
    return { ...direction, events: [], hasPassed: true, sent: direction.headers.pairs };
  };

  const tooLarge = (base: 0 | 2): void => {
    // The client has the headers already: all that is left is to break off.
    if (answer?.hasPassed) isReset = true;
    isDirect = answer !== undefined;
    reply ??= asAnswered(TOO_LARGE[base]);
    begin();
  };

  /** An Envoy answers as soon as what is kept is too large, also while the filter writes it: unless it is asking the filter about that request, when that has answered. */
  const outgrow = (direction: Way): void => {
    direction.isOutgrown = true;
    if (direction === way && way.current !== null) {
      reply ??= asAnswered(TOO_LARGE[0]);
      vm.stopNext();
      vm.after(begin);
      return;
    }
    vm.nest(() => {
      // Whatever the service answers, nobody hears it.
      pending ??= {};
      tooLarge(direction === way ? 0 : 2);
      if (!isReset && !isDirect && !(answer !== undefined && isThrough(answer))) return;
      const atHand = [...open];
      end();
      // Of what is over, the callback that goes on still has what was held.
      for (const kind of atHand) open.add(kind);
    });
  };

  const way: Way = wayOf(request, request.headers ?? [], 0);
  // Whatever the filter makes of its type: Envoy looks when it comes.
  const isOfGrpc = isGrpc(textOf(way.headers.get("content-type") ?? noBytes));

  function send(more: HostMore): void {
    if (hasEnded || isReset) return;
    follow(way, more);
    begin();
    vm.parts.proxy.loop.settle();
  }

  function respondMore(more: HostMore): void {
    if (hasEnded || isReset || answer === undefined || isOwn) return;
    follow(answer, more);
    vm.parts.proxy.loop.settle();
  }

  function follow(direction: Way, more: HostMore): void {
    const isEmpty = more.trailers === undefined && (more.body === undefined || more.body.length === 0);
    // That nothing more comes is a last piece, too.
    direction.add(isEmpty && !more.isUnfinished ? { body: "" } : more);
    pump(direction);
  }

  function respond(response: HostResponse): void {
    pending ??= response;
    begin();
    vm.parts.proxy.loop.settle();
  }

  /** The response begins, once there is one and the request is through or answered. */
  function begin(): void {
    if (answer !== undefined || hasEnded || isReset || pending === undefined) return;
    const own = reply;
    isOwn = own !== undefined;
    if (own === undefined && !isThrough(way)) return;
    const cut = own === undefined ? cutOf(way) : "whole";
    // The service waits for the rest.
    if (cut === "short") return;
    const message: HostResponse =
      own === undefined
        ? cut === "long"
          ? // It takes the rest for another request, which is none.
            { status: 400 }
          : pending
        : { status: own.status, ...(own.body.length === 0 ? {} : { body: own.body }) };
    const { body: _body, trailers: _trailers, ...onlyHeaders } = message;
    const code: Header = [":status", String(message.status ?? 200)];
    givenStatus = own?.httpStatus ?? message.status ?? 200;
    answer = wayOf(
      isHead ? onlyHeaders : message,
      own === undefined ? [code, ...(message.headers ?? [])] : [],
      2,
    );
    if (own !== undefined) answer.headers.setAll(mapOf(own).bytePairs);
    answer.saidLength = lengthSaidIn(answer.headers.pairs);
    // The reply that stands for a failure meets no more of the filter.
    if (own?.isFailure === true) answer = passedOn(answer, own.body);
    pump(answer);
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    isLogging = true;
    vm.enter(stream, "proxy_on_log", id);
    isLogging = false;
    open.clear();
    vm.enter(stream, "proxy_on_done", id);
    vm.enter(stream, "proxy_on_delete", id);
    vm.contexts.delete(id);
    ended();
    vm.parts.proxy.loop.settle();
  }

  function result(): HostResult {
    const response = received();
    // What becomes of the answer later takes nothing of the request back.
    const isAnsweredByService = answer !== undefined && !isOwn;
    const isUndecided = answer === undefined && reply === undefined && !isReset;
    return {
      action: isThrough(way) && (isAnsweredByService || isUndecided) ? "continue" : "stop",
      requestHeaders: textPairs(asSent(way)),
      requestHeaderBytes: asSent(way),
      requestBody: textOf(way.body.passed),
      requestBodyBytes: way.body.passed,
      requestTrailers: way.trailers === null ? [] : textPairs(way.trailers.pairs),
      ...(reply === undefined ? {} : { localReply: textReply(reply) }),
      ...(response === undefined ? {} : { response }),
      filterState: new Map([...filterState, ...envoyState].map(([name, value]) => [name, textOf(value)])),
      logs,
      calls,
      callCounts: countOf(calls),
    };
  }

  const isThrough = (direction: Way): boolean =>
    direction.hasPassed &&
    !direction.isStopped &&
    direction.events.length === 0 &&
    direction.body.held === 0 &&
    !direction.isEndHeld;

  function received(): ReceivedResponse | undefined {
    if (isReset) return undefined;
    if (reply !== undefined && isDirect) {
      const body = bodyOfReply();
      if (hasNoBody(reply.status) && body.length > 0) return undefined;
      return {
        ...pick(mapOf(reply).pairs),
        status: reply.status,
        body: textOf(body),
        bodyBytes: body,
        trailers: [],
      };
    }
    if (answer === undefined || !isThrough(answer)) return undefined;
    const { trailers } = answer;
    const headers = asSent(answer);
    const code = statusOf(headers) ?? 0;
    // No client takes these for an answer. One of 101 is the last of what is HTTP.
    if ((code < 200 && code !== 101) || code > 999) return undefined;
    const body = code === 101 ? noBytes : answer.body.passed;
    if (hasNoBody(code) && body.length > 0) return undefined;
    if (!isHead && !hasNoBody(code) && code !== 101 && cutOf(answer) !== "whole") return undefined;
    return {
      ...pick(headers),
      status: code,
      body: textOf(body),
      bodyBytes: body,
      trailers: trailers === null ? [] : textPairs(trailers.pairs),
    };
  }

  vm.contexts.set(id, stream);
  vm.enter(stream, "proxy_on_context_create", id, root.id);
  pump(way);
  vm.parts.proxy.loop.settle();
  return stream;
}

/** What a call comes to that Envoy does not outlive. */
function crash(call: string): Error {
  return new Error(`${call} brings an Envoy down`);
}

/** The headers that went on, or would. */
function asSent({ sent, headers }: Way): HeaderMap["pairs"] {
  return sent ?? headers.pairs;
}

/** Whether an answer of HTTP/1 ends with its headers: what follows is no answer to anything, and clients break off. */
function hasNoBody(code: number): boolean {
  return code === 204 || code === 304;
}

/** Whether a message is cut where it ends: not where its length is another than its `content-length` says, by what the filter has done. */
function cutOf(way: Way): "whole" | "short" | "long" {
  const said = lengthSaidIn(asSent(way));
  const { length } = way.body.passed;
  const isUntouched = said === way.saidLength && length === way.arrived;
  if (said === undefined || isUntouched || length === Number(said)) return "whole";
  return length > Number(said) ? "long" : "short";
}

function lengthSaidIn(headers: HeaderMap["pairs"]): string | undefined {
  const [, value] = headers.find(([name]) => name === "content-length") ?? [];
  return value === undefined ? undefined : textOf(value);
}

/** The status as Envoy reads it; undefined where it is no number. */
function statusOf(headers: HeaderMap["pairs"]): number | undefined {
  const [, value = noBytes] = headers.find(([name]) => name === ":status") ?? [];
  const text = textOf(value).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What Envoy answers where the filter has taken something away. */
function missing(side: "request" | "response", name: string, code: number): ReplyBytes {
  const details = `filter_removed_required_${side}_headers{missing_required_header:_${name}}`;
  return {
    status: code,
    headers: [],
    body: bytesOf(`missing required header: ${name}`),
    details,
    grpcStatus: -1,
  };
}

/** The headers of an answer of the filter's or of Envoy's own, with its status. */
function mapOf(reply: ReplyBytes): HeaderMap {
  const headers = createHeaderMap([[":status", String(reply.status)]], "response");
  for (const [name, value] of headersOf(reply)) headers.add(name, value);
  return headers;
}

function textReply(reply: ReplyBytes): LocalReply {
  return {
    status: reply.status,
    details: reply.details,
    body: textOf(reply.body),
    headers: reply.headers.map(([name, value]) => [textOf(name).toLowerCase(), textOf(value)] as const),
  };
}

function countOf(calls: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function pick(headers: HeaderMap["pairs"]): Pick<ReceivedResponse, "headers" | "headerBytes"> {
  const headerBytes = headers.filter(([name]) => !name.startsWith(":") && !ofConnection.has(name));
  return { headerBytes, headers: textPairs(headerBytes) };
}

/** What the proxy says to its client itself. */
const ofConnection: ReadonlySet<string> = new Set(["connection", "transfer-encoding"]);

function textPairs(headers: HeaderMap["pairs"]): (readonly [string, string])[] {
  return headers.map(([name, value]) => [name, textOf(value)] as const);
}
