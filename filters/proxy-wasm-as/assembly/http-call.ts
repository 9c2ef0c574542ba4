import { beginAnswer } from "./begin-answer";
import { Body, bodyOf } from "./body";
import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import {
  addCall,
  contextOf,
  findCall,
  freeCall,
  handlerOf,
  hasRoom,
  HTTP,
  isGone,
  isOfRoot,
  lasting,
  OF_ROOT,
  tagOf,
  whoseCall,
} from "./call-table";
import { cell } from "./cell";
import { context } from "./context";
import { BufferType, MapType, Status } from "./enums";
import { proxy_http_call } from "./env";
import { Given } from "./given";
import { Headers, headersOf } from "./headers";
import { isThere } from "./kept";
import { narrow } from "./byte-string";
import { fromPairs, name, next, Pairs, walk } from "./pair-list";
import { rootOf } from "./roots";
import { statusIn } from "./status-header";
import { Stream } from "./stream";
import { encodeBytes } from "./utf8";

/** A request of the filter's own: what `proxy_http_call` is given. All but the cluster may be left out. */
export class HttpCall {
  /** The name of the cluster that it goes to. */
  cluster: string = "";
  /** Default `GET`. */
  method: string = "GET";
  /** With the query; default `/`. */
  path: string = "/";
  /** Default: the name of the cluster. */
  authority: string = "";
  /** Beside `:method`, `:path` and `:authority`, which the fields say, and none of which is among them: neither these nor `host`. */
  headers: Pairs = [];
  /** Text, in UTF-8. Default empty. */
  body: string = "";
  /** Bytes, in the stead of `body`. */
  bodyBytes: Uint8Array | null = null;
  /** Sent behind the body. Default none. */
  trailers: Pairs = [];
  /** After this many milliseconds Envoy answers 504 in the stead of the cluster; with 0 it waits. Default 5000. */
  timeoutMs: u32 = 5000;
}

let headerCount: u32 = 0;
let tag: u32 = 0;

/** What came of a call. It can be read until the function that gets it has ended. */
// The object is no memory: there is one at a time.
@unmanaged
export class Answer {
  /** The connection broke off. What takes too long Envoy answers itself, with 504: so hold the status against those that are wanted. No call of the host. */
  get failed(): bool {
    return headerCount == 0;
  }

  /** The status, as 200; 0 when it failed. `proxy_get_header_map_value`. */
  get status(): i32 {
    return statusIn(this.headers);
  }

  /** Those of the answer; none when it failed. No call of the host, which `Headers` makes. */
  get headers(): Headers {
    return headersOf(MapType.HttpCallResponseHeaders);
  }

  /** That of the answer, which is there as a whole; empty when it failed. No call of the host, which `Body` makes. */
  get body(): Body {
    return bodyOf(BufferType.HttpCallResponseBody);
  }

  /** Those of the answer. No call of the host, which `Headers` makes. */
  get trailers(): Headers {
    return headersOf(MapType.HttpCallResponseTrailers);
  }

  /** The number that the call was made with. No call of the host. */
  get tag(): u32 {
    return tag;
  }
}

/** Send a request of the plugin's own, that belongs to no stream, in whichever callback: its answer comes also when the stream of that has gone. All else is as in `Request.fetch`. `proxy_http_call`. */
export function fetch(call: Given<HttpCall>, then: (answer: Answer) => void, tag: u32 = 0): Status {
  return start(HTTP | OF_ROOT, rootOf(context), <HttpCall>call, changetype<usize>(then), tag);
}

/** Send a request for a stream. */
export function startHttpCall(context: u32, call: HttpCall, then: usize, tag: u32): Status {
  if (!isThere(context)) return Status.BadArgument;
  return start(HTTP, context, call, then, tag);
}

function start(kind: u32, context: u32, call: HttpCall, then: usize, tag: u32): Status {
  if (!hasRoom()) return Status.InternalFailure;
  const authority = call.authority.length > 0 ? call.authority : call.cluster;
  const first: Pairs = [
    [":method", call.method],
    [":path", call.path],
    [":authority", authority],
  ];
  const headers = fromPairs(first.concat(call.headers));
  const trailers: Bytes = call.trailers.length == 0 ? 0 : fromPairs(call.trailers);
  const cluster = narrow(call.cluster);
  if (headers == MISSING || trailers == MISSING || cluster == MISSING) return Status.BadArgument;
  if (saysTwice(headers, first.length)) return Status.BadArgument;
  const given = call.bodyBytes;
  const body: Bytes = given === null ? encodeBytes(call.body) : bytes(given.dataStart, given.length);
  const status = proxy_http_call(
    pointerOf(cluster),
    lengthOf(cluster),
    pointerOf(headers),
    lengthOf(headers),
    pointerOf(body),
    lengthOf(body),
    pointerOf(trailers),
    lengthOf(trailers),
    call.timeoutMs,
    cell,
  );
  if (status == Status.Ok) addCall(kind | lasting(call.timeoutMs), load<u32>(cell), context, tag, then);
  return status;
}

/** Whether headers behind the first say what is for a field to say: Envoy would put one behind the other. */
function saysTwice(headers: Bytes, first: i32): bool {
  for (walk(headers); next(); ) {
    const text = pointerOf(name);
    const isHost = lengthOf(name) == 4 && (load<u32>(text) | 0x20202020) == 0x74736f68;
    if (isHost || (load<u8>(text) == 0x3a && --first < 0)) return true;
  }
  return false;
}

/** The stream that waits for a call, or the plugin when that has gone and something is left to be counted; 0 when there is none. */
export function contextOfHttpCall(token: u32): u32 {
  return whoseCall(findCall(false, token));
}

/** Give an answer to who waits for it. The host says it to the root context, whoever has asked. */
export function dispatchHttpCall(token: u32, headers: u32, _bodySize: u32, _trailers: u32): void {
  const entry = findCall(false, token);
  if (entry == 0) return;
  const waiting = contextOf(entry);
  const isRoot = isOfRoot(entry);
  const isLate = isGone(entry);
  const then = handlerOf(entry, 0);
  headerCount = headers;
  tag = tagOf(entry);
  freeCall(entry);
  const answer = changetype<Answer>(1);
  if (isRoot) {
    changetype<(answer: Answer) => void>(then)(answer);
  } else if (beginAnswer(waiting, isLate)) {
    changetype<(stream: Stream, answer: Answer) => void>(then)(changetype<Stream>(waiting), answer);
  }
}
