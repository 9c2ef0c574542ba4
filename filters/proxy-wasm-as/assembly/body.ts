import { endByFilter, lookAtResponse, responding } from "./at-work";
import { copied } from "./byte-string";
import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { cell } from "./cell";
import { wasAnswered, wasAnsweredInstead } from "./code-details";
import { removeLength } from "./content-length";
import { context, ended, returnTo } from "./context";
import { BufferType, MapType, Status } from "./enums";
import { proxy_get_buffer_bytes, proxy_get_buffer_status, proxy_set_buffer_bytes } from "./env";
import { goneBytes } from "./first-piece";
import { noteLook } from "./gone";
import { holdsBackChange } from "./guard";
import { setWaiting, waiting } from "./inside";
import { ask, asked, partOf, streamOf, turnBack, turnTo } from "./kept";
import { leaving, setLeaving } from "./leaving";
import { decodeBytes, encodeBytes } from "./utf8";

// "response_payload_too_large"
function RESPONSE(): Bytes {
  return bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 95, 112, 97, 121, 108, 111, 97, 100, 95, 116, 111, 111, 95, 108, 97, 114, 103, 101]), 26);
}

/**
 * What the host has buffered of a body, or of a connection's data. Content that is given as a string is written in UTF-8, as in `fetch`, and
 * a `Uint8Array` as it is. It is there in its callbacks, and while the stream is paused from these; elsewhere reading finds nothing, and
 * writing gives `Status.NotFound` or `Status.BadArgument`. A policy in audit mode changes nothing.
 *
 * A body that is written has no `content-length`: of a filter that writes bodies, headers which go on before the end of the body go without it, and what writes a
 * body whose headers are held removes it. Who knows the new length may say it then, `request.headers.set("content-length", …)`, and let the last piece go on.
 *
 * Envoy keeps no more of a body than its limit, 1 MiB where `per_connection_buffer_limit_bytes` says nothing else. One that a filter holds and makes larger, it answers with 413, or
 * 500, or breaks off: the write gives `BadArgument`, nothing more can be done to the stream in that callback, and `onResponse`, `onLog` and `onDelete` may have been called meanwhile.
 */
// The object is no memory: its address is the number of the buffer, and whose it is.
@unmanaged
export class Body {
  /** How many bytes there are now; 0 when it is not at hand. `proxy_get_buffer_status`. */
  get size(): u32 {
    const body = changetype<usize>(this);
    look(body);
    if (!turn(body)) return 0;
    const status = proxy_get_buffer_status(bufferOf(body), cell, cell + 4);
    leave(body);
    return status != Status.Ok ? 0 : load<u32>(cell) - goneOf(body);
  }

  /** The text; null when it is not at hand, or not UTF-8: so also when a character is not there whole. `proxy_get_buffer_bytes`. */
  text(): string | null {
    return decodeBytes(this.view(0, i32.MAX_VALUE));
  }

  /** A copy of up to `length` bytes from `start` on; null when it is not at hand. `proxy_get_buffer_bytes`. */
  bytes(start: u32 = 0, length: u32 = i32.MAX_VALUE): Uint8Array | null {
    const found = this.view(start, length);
    return found == MISSING ? null : copied(found);
  }

  /**
   * The same without a copy, for loops over bytes: where it stands in memory until the callback ends, as `load<u8>(pointerOf(view) + i)` reads it for `i` below
   * `lengthOf(view)`, unchecked. `MISSING` when it is not at hand. `proxy_get_buffer_bytes`.
   */
  view(start: u32 = 0, length: u32 = i32.MAX_VALUE): Bytes {
    const body = changetype<usize>(this);
    look(body);
    // The host refuses what goes beyond 32 bits.
    const before = goneOf(body);
    const from = start + min(before, u32.MAX_VALUE - start);
    const size = min(length, u32.MAX_VALUE - from);
    if (!turn(body)) return MISSING;
    const status = proxy_get_buffer_bytes(bufferOf(body), from, size, cell + 4, cell);
    leave(body);
    return status != Status.Ok ? MISSING : load<u64>(cell);
  }

  /** Put this in the place of all that is there; of another length, it has no `content-length` (see above). `proxy_set_buffer_bytes`. */
  replace<T>(content: T): Status {
    return write(changetype<usize>(this), 0, u32.MAX_VALUE, contentOf<T>(content));
  }

  /** Put this before what is there; without a `content-length`, as for `replace`. `proxy_set_buffer_bytes`. */
  prepend<T>(content: T): Status {
    return write(changetype<usize>(this), 0, 0, contentOf<T>(content));
  }

  /** Put this behind what is there; without a `content-length`, as for `replace`. `proxy_set_buffer_bytes`. */
  append<T>(content: T): Status {
    return write(changetype<usize>(this), u32.MAX_VALUE, 0, contentOf<T>(content));
  }

  /** Take away the first `length` bytes, or all when there are fewer; without a `content-length`, as for `replace`. `proxy_set_buffer_bytes`. */
  drain(length: u32): Status {
    return write(changetype<usize>(this), 0, length, 0);
  }
}

/** The body in a buffer; of a stream, or of none. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function bodyOf(buffer: BufferType, stream: u32 = 0): Body {
  return changetype<Body>(partOf(stream, buffer));
}

/** A string in UTF-8, or the bytes of a `Uint8Array`; MISSING for null. */
function contentOf<T>(content: T): Bytes {
  // A value that was compared with null still has the type that it may be.
  if (isNullable<T>()) return changetype<usize>(content) == 0 ? MISSING : contentOf<nonnull<T>>(changetype<nonnull<T>>(content));
  if (isString<T>()) return encodeBytes(changetype<string>(content));
  if (content instanceof Uint8Array) return bytes(content.dataStart, content.length);
  ERROR("what `replace`, `append` and `prepend` put into a body is a string or a `Uint8Array`");
}

// What follows is no part of the class, where filters could call it: to the compiler nothing is private.

function write(body: usize, start: u32, length: u32, content: Bytes): Status {
  if (content == MISSING || !turn(body)) return Status.BadArgument;
  let status = Status.Ok;
  if (!holdsBackChange()) {
    const buffer = bufferOf(body);
    if (buffer == BufferType.HttpRequestBody) removeLength(MapType.HttpRequestHeaders);
    if (buffer == BufferType.HttpResponseBody) removeLength(MapType.HttpResponseHeaders);
    const before = goneOf(body);
    // Of what is there a host writes the beginning and the end.
    status =
      before > 0 && start == 0
        ? put(buffer, 0, before + min(length, u32.MAX_VALUE - before), behind(buffer, before, content))
        : put(buffer, start, length, content);
    if (lengthOf(content) > 0 && isOutgrown(buffer)) {
      // Envoy has ended it, and crashes when something else is done to it.
      endByFilter(streamOf(body));
      if (leaving == streamOf(body)) setLeaving(0);
      status = Status.BadArgument;
    }
  }
  leave(body);
  return status;
}

/** The first bytes that are there, and these. */
function behind(buffer: BufferType, before: u32, content: Bytes): Bytes {
  const joined = new Uint8Array(<i32>(before + <u32>lengthOf(content)));
  if (proxy_get_buffer_bytes(buffer, 0, before, cell + 4, cell) == Status.Ok)
    memory.copy(joined.dataStart, pointerOf(load<u64>(cell)), min(<u32>lengthOf(load<u64>(cell)), before));
  memory.copy(joined.dataStart + before, pointerOf(content), lengthOf(content));
  return bytes(joined.dataStart, joined.length);
}

/** How much of it the filter has let go already: that is not shown again. */
function goneOf(body: usize): u32 {
  return bufferOf(body) == BufferType.HttpRequestBody ? goneBytes(streamOf(body)) : 0;
}

/** Whether Envoy has found too large what a filter has written. In place of its 413 another filter, or `onResponse`, may have answered meanwhile. */
function isOutgrown(buffer: BufferType): bool {
  if (buffer == BufferType.HttpRequestBody) return wasAnsweredInstead();
  return buffer == BufferType.HttpResponseBody && wasAnswered(RESPONSE());
}

/** Have the host write, with all of the callback as it was whatever is called meanwhile. */
function put(buffer: BufferType, start: u32, length: u32, content: Bytes): Status {
  const before = waiting;
  const own = context;
  const ownEnded = ended;
  const ownAsked = asked;
  const ownResponding = responding;
  const ownLeaving = leaving;
  setLeaving(0);
  setWaiting(own);
  const status = proxy_set_buffer_bytes(buffer, start, length, pointerOf(content), lengthOf(content));
  setWaiting(before);
  setLeaving(ownLeaving);
  returnTo(own, ownEnded);
  if (ownAsked != asked) ask(ownAsked);
  if (ownResponding != responding) lookAtResponse(ownResponding);
  return status;
}

/** That of an answer to a call is none of the stream's. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function look(body: usize): void {
  if (isOfStream(body)) noteLook();
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function bufferOf(body: usize): BufferType {
  return <BufferType>(<u32>body & 7);
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function isOfStream(body: usize): bool {
  return bufferOf(body) < BufferType.HttpCallResponseBody;
}

/** Have the host work for whose it is; false when that has gone. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function turn(body: usize): bool {
  return !isOfStream(body) || turnTo(streamOf(body));
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function leave(body: usize): void {
  if (isOfStream(body)) turnBack(streamOf(body));
}
