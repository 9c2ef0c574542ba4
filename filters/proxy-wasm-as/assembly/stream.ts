import { tagAccessLog } from "./access-log";
import { widenOrNull } from "./byte-string";
import { noteLetGo } from "./begin-anew";
import { Body, bodyOf } from "./body";
import { bytes, lengthOf } from "./bytes";
import { hasResponse } from "./code-details";
import { resumeWithoutLength, writesBody } from "./content-length";
import { endByFilter, isLookedAt, isOver } from "./at-work";
import { BufferType, MapType, Status, StreamType } from "./enums";
import { proxy_close_stream, proxy_continue_stream } from "./env";
import { forgetFirst } from "./first-piece";
import { Given } from "./given";
import { gone } from "./gone";
import { audits, holdsBack, holdsBackEnd, noteResumed } from "./guard";
import { Headers, headersOf } from "./headers";
import { GrpcAnswer, GrpcCall, startGrpcCall } from "./grpc-call";
import { GrpcHandlers, GrpcStream, startGrpcStream } from "./grpc-stream";
import { Answer, HttpCall, startHttpCall } from "./http-call";
import { isAtWork, isThere, turnBack, turnTo } from "./kept";
import { goesAgain, isAsked, leaveLater, letLeave } from "./leaving";
import { Pairs } from "./pair-list";
import { calledByRoute, callerAddress } from "./peers";
import { replyTo } from "./reply";
import { statusIn } from "./status-header";
import { steerByKey, steerToVersion } from "./steering";
import { noteUnread } from "./unread";
import { encodeBytes } from "./utf8";

/**
 * A stream: a request and its response, or a connection. It is no memory, but the number of its context, so that two are equal when they
 * are one stream. It may be kept and used in any callback: what is done to it is done to this stream, and gives `BadArgument` when that has gone.
 */
@unmanaged
export class Stream {
  /**
   * The stream with this number, as `id` gave it in this VM; null when it has gone. For what keeps numbers, as a queue does. Each worker has a VM of its own, and
   * numbers of its own. `proxy_set_effective_context`.
   */
  static withId(id: u32): Stream | null {
    return isThere(id) ? changetype<Stream>(id) : null;
  }

  /** The number of its context, which no other stream of this VM has. No call of the host. */
  get id(): u32 {
    return <u32>changetype<usize>(this);
  }

  /** As a request: in `onLog`, where its headers can be read again. No call of the host. */
  get request(): Request {
    return changetype<Request>(this);
  }

  /** As a response, the same way. No call of the host. */
  get response(): Response {
    return changetype<Response>(this);
  }
}

/** What a request and a response have in common. */
@unmanaged
export class Message extends Stream {
  /**
   * Answer in the stead of the service, once a stream: what comes later, and in `onLog` and `onDelete`, gives `BadArgument`. `body` is text, in UTF-8; `grpcStatus` is for
   * what calls by gRPC, -1 for none. A status that is none, not 200 to 599, becomes 403, and headers that cannot be are left out: both
   * give `BadArgument`. Of headers, Envoy says itself `:status`, `content-length`, and without a body no `content-type`. Envoy answers once the callback has ended, whatever that returns; it then stops what that callback is about, which is why an answer to
   * another stream gives `BadArgument` but from `onTick`, `onQueue` and the answers to calls. `proxy_send_local_response`, and
   * `proxy_get_property` to see whether it was answered.
   */
  reply(status: i32, body: string = "", headers: Pairs | null = null, grpcStatus: i32 = -1): Status {
    return replyTo(this.id, status, encodeBytes(body), headers, grpcStatus);
  }

  /** The same with a body of bytes. `proxy_send_local_response`. */
  replyBytes(status: i32, body: Uint8Array, headers: Pairs | null = null, grpcStatus: i32 = -1): Status {
    return replyTo(this.id, status, bytes(body.dataStart, body.length), headers, grpcStatus);
  }

  /**
   * Add a tag to this request's line of the access log that Wire's listeners write. The name is a literal or a constant; of two values
   * the last counts. `proxy_set_property`.
   */
  tagAccessLog(name: string, value: string): Status {
    if (!turnTo(this.id)) return Status.BadArgument;
    tagAccessLog(encodeBytes(name), encodeBytes(value));
    turnBack(this.id);
    return Status.Ok;
  }

  /** `reply` by the name that policies know: a denial. `proxy_send_local_response`. */
  deny(status: i32, body: string = ""): Status {
    return this.reply(status, body);
  }
}

/** A request, in the callbacks of its direction. */
@unmanaged
export class Request extends Message {
  /** At hand from `onRequest` until the filter lets them go, and in `onLog`. No call of the host, which `Headers` makes. */
  get headers(): Headers {
    return headersOf(MapType.HttpRequestHeaders, this.id);
  }

  /** At hand in `onRequestTrailers`. No call of the host, which `Headers` makes. */
  get trailers(): Headers {
    return headersOf(MapType.HttpRequestTrailers, this.id);
  }

  /** At hand in `onRequestBody` and `onRequestTrailers`, and while the request is paused from these. No call of the host, which `Body` makes. */
  get body(): Body {
    return bodyOf(BufferType.HttpRequestBody, this.id);
  }

  /**
   * The caller's address without the port; null where it is not known. Where the connection manager does not say `use_remote_address`, Envoy has it from
   * `x-forwarded-for`, in which the caller may write what he likes; so is `properties.source.address`. Wire's listeners say it. `proxy_get_property`.
   */
  get caller(): string | null {
    if (!turnTo(this.id)) return null;
    const address = widenOrNull(callerAddress());
    turnBack(this.id);
    return address;
  }

  /** The service called, by the name of the route, in a mesh of Wire's; null on the way in. `proxy_get_property`. */
  get callee(): string | null {
    if (!turnTo(this.id)) return null;
    const name = calledByRoute();
    turnBack(this.id);
    // Envoy has an empty one for a route without a name.
    return lengthOf(name) == 0 ? null : widenOrNull(name);
  }

  /**
   * Send the request to this version of the service called, as `RouteToVersion` does in Copper; of several the last counts. It is carried
   * out by the routes that Wire ships: where there is no such version, the request goes where it would have gone. At egress only, while
   * the headers are at hand; `BadArgument` elsewhere, and for what no header can have. `proxy_replace_header_map_value`, `clear_route_cache`.
   */
  routeToVersion(version: string): Status {
    if (!turnTo(this.id)) return Status.BadArgument;
    const status = steerToVersion(version);
    turnBack(this.id);
    return status;
  }

  /**
   * Choose the endpoint by this key, as `SetHashKey` does in Copper: requests with equal keys go to the same one as long as it is there.
   * Where and what gives `BadArgument` is as in `routeToVersion`. `proxy_replace_header_map_value`.
   */
  setHashKey(key: string): Status {
    if (!turnTo(this.id)) return Status.BadArgument;
    const status = steerByKey(key);
    turnBack(this.id);
    return status;
  }

  /**
   * Let go on what was paused, once the callback has ended; `BadArgument` in a callback that has answered or reset it, and in `onLog` and `onDelete`; nothing goes on of a request
   * that was answered before, never paused, or let go and not paused since. In a callback that is about the request, what that is about goes on with all that was paused, whatever
   * it returns. `proxy_continue_stream`.
   */
  resume(): Status {
    if (isOver(this.id)) return Status.BadArgument;
    resumeWithoutLength(this.id, MapType.HttpRequestHeaders);
    return letGo(this.id, StreamType.HttpRequest, writesBody(MapType.HttpRequestHeaders) || isAsked(this.id));
  }

  /** End the stream without an answer; `BadArgument` in a callback that has answered or reset it, and in `onLog` and `onDelete`, when it has ended. `proxy_close_stream`. */
  reset(): Status {
    return end(this.id, StreamType.HttpRequest);
  }

  /**
   * Send a request of the filter's own to a cluster; `then` gets the answer, or hears that there is none. It is a function without a
   * closure: what it has to know goes into `tag`, into `PerStream`, or is in the request. It is not called when the stream has gone, but for a policy in
   * audit mode, which is only counted then. The request waits meanwhile only when the callback returns `Flow.Pause`, and `then` has to resume or answer it. `BadArgument` for an
   * unknown cluster and for headers that cannot be; `InternalFailure` when 4,096 calls are under way, and of a cluster without an endpoint to ask, of which
   * `then` hears nothing. When `then` traps, a request that waits is
   * answered by nobody until Envoy's `stream_idle_timeout`. `proxy_http_call`.
   */
  fetch(call: Given<HttpCall>, then: (request: Request, answer: Answer) => void, tag: u32 = 0): Status {
    return startHttpCall(this.id, <HttpCall>call, changetype<usize>(then), tag);
  }

  /** Call a method of a gRPC service with one message; all else is as in `fetch`. `proxy_grpc_call`. */
  grpc(call: Given<GrpcCall>, then: (request: Request, answer: GrpcAnswer) => void, tag: u32 = 0): Status {
    return startGrpcCall(this.id, <GrpcCall>call, changetype<usize>(then), tag);
  }

  /** Open a stream of messages to a gRPC method; null when that failed. It is cancelled when the request has gone. `proxy_grpc_stream`. */
  grpcStream(call: Given<GrpcCall>, handlers: Given<GrpcHandlers>, tag: u32 = 0): GrpcStream | null {
    return startGrpcStream(this.id, <GrpcCall>call, <GrpcHandlers>handlers, tag);
  }
}

/** A response, in the callbacks of its direction. */
@unmanaged
export class Response extends Message {
  /** At hand from `onResponse` until the filter lets them go, and in `onLog`. No call of the host, which `Headers` makes. */
  get headers(): Headers {
    return headersOf(MapType.HttpResponseHeaders, this.id);
  }

  /** At hand in `onResponseTrailers` and `onLog`. No call of the host, which `Headers` makes. */
  get trailers(): Headers {
    return headersOf(MapType.HttpResponseTrailers, this.id);
  }

  /** At hand in `onResponseBody` and `onResponseTrailers`, and while the response is paused from these. No call of the host, which `Body` makes. */
  get body(): Body {
    return bodyOf(BufferType.HttpResponseBody, this.id);
  }

  /** The status, from the header `:status`; 0 when it is not at hand. `proxy_get_header_map_value`. */
  get status(): i32 {
    return statusIn(this.headers);
  }

  /**
   * Let go on what was paused, once the callback has ended. `BadArgument` before there is a response, in the callbacks that are about it, which
   * go on by what they return, in one that has answered or reset it, and in `onLog` and `onDelete`: Envoy would crash. An answer of the filter's own is a
   * response as any other. `proxy_continue_stream`, and `proxy_get_property` to see
   * whether there is one.
   */
  resume(): Status {
    if (isOver(this.id) || isLookedAt(this.id) || (gone == 0 && !isAnswered(this.id))) return Status.BadArgument;
    resumeWithoutLength(this.id, MapType.HttpResponseHeaders);
    return letGo(this.id, StreamType.HttpResponse);
  }

  /** End the stream; `BadArgument` in a callback that has answered or reset it, and in `onLog` and `onDelete`. `proxy_close_stream`. */
  reset(): Status {
    return end(this.id, StreamType.HttpResponse);
  }

  /** As `Request.fetch`. `proxy_http_call`. */
  fetch(call: Given<HttpCall>, then: (response: Response, answer: Answer) => void, tag: u32 = 0): Status {
    return startHttpCall(this.id, <HttpCall>call, changetype<usize>(then), tag);
  }

  /** As `Request.grpc`. `proxy_grpc_call`. */
  grpc(call: Given<GrpcCall>, then: (response: Response, answer: GrpcAnswer) => void, tag: u32 = 0): Status {
    return startGrpcCall(this.id, <GrpcCall>call, changetype<usize>(then), tag);
  }
}

/** Whether its response has begun. */
function isAnswered(stream: u32): bool {
  if (!turnTo(stream)) return false;
  const found = hasResponse();
  turnBack(stream);
  return found;
}

/** Let go on what was paused of it; `later`, a request, at the end of the callback. */
export function letGo(stream: u32, what: StreamType, later: bool = false): Status {
  if (!turnTo(stream)) return Status.BadArgument;
  // What the callback is about goes another way.
  if (isAtWork(stream)) noteResumed(what & 1);
  let status = Status.Ok;
  if (!audits() && !(what == StreamType.HttpRequest && goesAgain(stream))) {
    // Of what the filter is asked about, what it returns says so: that goes on with all that was written.
    if (what == StreamType.HttpResponse || !isAsked(stream)) noteUnread(stream, what);
    noteLetGo(stream, what);
    if (what == StreamType.HttpRequest && !isAsked(stream)) forgetFirst(stream);
    if (later) leaveLater(stream);
    else status = proxy_continue_stream(what);
  }
  turnBack(stream);
  return status;
}

function end(stream: u32, what: StreamType): Status {
  letLeave();
  if (isOver(stream) || !turnTo(stream)) return Status.BadArgument;
  if (!(isAtWork(stream) ? holdsBackEnd() : holdsBack())) {
    endByFilter(stream);
    proxy_close_stream(what);
  }
  turnBack(stream);
  return Status.Ok;
}
