import { lowered, NAME, narrow, VALUE, widen, widenOrNull } from "./byte-string";
import { Bytes, equal, lengthOf, MISSING, pointerOf } from "./bytes";
import { cell } from "./cell";
import { MapType, Status } from "./enums";
import {
  proxy_add_header_map_value,
  proxy_get_header_map_size,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_set_header_map_pairs,
} from "./env";
import { noteLook } from "./gone";
import { holdsBackChange, isRefused, restricts } from "./guard";
import { partOf, streamOf, turnBack, turnTo } from "./kept";
import { fromPairs, name as foundName, next, Pairs, toPairs, value as foundValue, walk } from "./pair-list";

/**
 * The headers or trailers of a message, or the metadata of a gRPC call. Names in any case; a header may have several values. Names and
 * values are byte strings, a character for each byte, so that what is read is what is written; `utf8` makes text of one.
 *
 * Where they are not at hand (the wrong phase, or a stream that has gone) nothing is found, and writing gives `Status.BadArgument`. They are those of
 * their own message, in whichever callback.
 * A policy in audit mode changes none.
 */
// The object is no memory: its address is the number of the map, and whose it is.
@unmanaged
export class Headers {
  /** The first value; null when the header is missing, which an empty one is not. `proxy_get_header_map_value`. */
  get(name: string): string | null {
    return widenOrNull(this.first(name));
  }

  /** All values in their order, of which what decides about access should look at each. `proxy_get_header_map_pairs`. */
  getAll(name: string): string[] {
    const found: string[] = [];
    const wanted = sought(name);
    for (walk(this.pairs()); next(); ) if (equal(foundName, wanted)) found.push(widen(foundValue));
    return found;
  }

  /** All values with this between them, as one header says them; null when it is missing. `proxy_get_header_map_pairs`. */
  getJoined(name: string, separator: string = ","): string | null {
    const found = this.getAll(name);
    return found.length == 0 ? null : found.join(separator);
  }

  /** Whether the header is there; with a value, whether any of its values is this one, byte for byte. `proxy_get_header_map_value`, and `proxy_get_header_map_pairs` where the first is another one. */
  has(name: string, value: string | null = null): bool {
    const first = this.first(name);
    if (value === null || first == MISSING) return first != MISSING;
    const wanted = narrow(value);
    if (equal(first, wanted)) return true;
    const key = sought(name);
    for (walk(this.pairs()); next(); ) {
      if (equal(foundName, key) && equal(foundValue, wanted)) return true;
    }
    return false;
  }

  /**
   * Replace all values by one. A value that has CR, LF, NUL or a character over 255 is written as an empty one, and `BadArgument` says so;
   * of a name that cannot be a header's nothing is written. `proxy_replace_header_map_value`.
   */
  set(name: string, value: string): Status {
    const key = writable(name);
    if (key == MISSING) return Status.BadArgument;
    const given = narrow(value, VALUE);
    const content: Bytes = given == MISSING ? 0 : given;
    if (!this.turn()) return Status.BadArgument;
    const status = holdsBackChange()
      ? Status.Ok
      : proxy_replace_header_map_value(
          this.map,
          pointerOf(key),
          lengthOf(key),
          pointerOf(content),
          lengthOf(content),
        );
    this.turnBack();
    return given == MISSING ? Status.BadArgument : status;
  }

  /** Add a value behind those that are there. One that cannot stand in a header is not added: `BadArgument`. `proxy_add_header_map_value`. */
  add(name: string, value: string): Status {
    const key = writable(name);
    const content = narrow(value, VALUE);
    if (key == MISSING || content == MISSING) return Status.BadArgument;
    if (!this.turn()) return Status.BadArgument;
    const status = holdsBackChange()
      ? Status.Ok
      : proxy_add_header_map_value(
          this.map,
          pointerOf(key),
          lengthOf(key),
          pointerOf(content),
          lengthOf(content),
        );
    this.turnBack();
    return status;
  }

  /** Remove all values. `Ok` also when there were none. `proxy_remove_header_map_value`. */
  remove(name: string): Status {
    const key = removable(name);
    if (key == MISSING) return Status.BadArgument;
    if (!this.turn()) return Status.BadArgument;
    const status = holdsBackChange() ? Status.Ok : proxy_remove_header_map_value(this.map, pointerOf(key), lengthOf(key));
    this.turnBack();
    return status;
  }

  /** How many bytes all names and values have, with what the host adds for each; 0 where they are not at hand. For what limits their size. `proxy_get_header_map_size`. */
  get byteSize(): u32 {
    if (isOfStream(this.map)) noteLook();
    if (!this.turn()) return 0;
    const status = proxy_get_header_map_size(this.map, cell);
    this.turnBack();
    return status != Status.Ok ? 0 : load<u32>(cell);
  }

  /** All of them in their order, names in lower case. `proxy_get_header_map_pairs`. */
  entries(): Pairs {
    return toPairs(this.pairs());
  }

  /**
   * Replace all of them, those that begin with a colon as well, without which there is no request and no response. `BadArgument`, and nothing is changed, when one is no pair or cannot be a header, or when there are more than
   * 1,024 or they have more than 1 MiB. In a mesh of Wire's, those that a policy must not write stay as they are, and may stand among the pairs as they are. `proxy_set_header_map_pairs`.
   */
  replaceAll(pairs: Pairs): Status {
    const all = restricts() ? this.withReserved(pairs) : pairs;
    if (all === null) return Status.BadArgument;
    const serialized = fromPairs(all);
    if (serialized == MISSING) return Status.BadArgument;
    if (!this.turn()) return Status.BadArgument;
    const status = holdsBackChange() ? Status.Ok : proxy_set_header_map_pairs(this.map, pointerOf(serialized), lengthOf(serialized));
    this.turnBack();
    return status;
  }

  /** These behind those that there are and that must not be written; null where one of these says such a one otherwise. */
  private withReserved(pairs: Pairs): Pairs | null {
    const all: Pairs = [];
    for (walk(this.pairs()); next(); ) if (isRefused(foundName)) all.push([widen(foundName), widen(foundValue)]);
    const count = all.length;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      if (pair.length != 2) return null;
      const key = narrow(pair[0], NAME);
      if (!isRefused(key)) all.push(pair);
      else if (!isAmong(all, count, lowered(key), pair[1])) return null;
    }
    return all;
  }

  @inline
  private get map(): MapType {
    return <MapType>(<u32>changetype<usize>(this) & 7);
  }

  /** Have the host work for whose they are; false when that has gone. */
  @inline
  private turn(): bool {
    return !isOfStream(this.map) || turnTo(streamOf(changetype<usize>(this)));
  }

  @inline
  private turnBack(): void {
    if (isOfStream(this.map)) turnBack(streamOf(changetype<usize>(this)));
  }

  private first(name: string): Bytes {
    if (isOfStream(this.map)) noteLook();
    const key = narrow(name);
    if (key == MISSING || !this.turn()) return MISSING;
    const status = proxy_get_header_map_value(this.map, pointerOf(key), lengthOf(key), cell + 4, cell);
    this.turnBack();
    return status != Status.Ok ? MISSING : load<u64>(cell);
  }

  private pairs(): Bytes {
    if (isOfStream(this.map)) noteLook();
    if (!this.turn()) return MISSING;
    const status = proxy_get_header_map_pairs(this.map, cell + 4, cell);
    this.turnBack();
    return status != Status.Ok ? MISSING : load<u64>(cell);
  }
}

/** Those of an answer to a call are not. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function isOfStream(map: MapType): bool {
  return map <= MapType.HttpResponseTrailers;
}

/** The headers of a map; of a stream, or of none. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function headersOf(map: MapType, stream: u32 = 0): Headers {
  return changetype<Headers>(partOf(stream, map));
}

/** Whether one of the first so many pairs is this. */
function isAmong(pairs: Pairs, count: i32, name: Bytes, value: string): bool {
  for (let i = 0; i < count; i++) if (pairs[i][1] == value && equal(narrow(pairs[i][0]), name)) return true;
  return false;
}

/** The name of a header that may be written; MISSING for any other. */
function writable(name: string): Bytes {
  const key = narrow(name, NAME);
  return isRefused(key) ? MISSING : key;
}

/** The name of one that may be removed: also of the length of a body, which goes with a body that is written. */
function removable(name: string): Bytes {
  const key = narrow(name, NAME);
  return isRefused(key) && !equal(lowered(key), narrow("content-length")) ? MISSING : key;
}

/** The name to look for among all headers. What HTTP/1 calls the host of a request is its authority, and there Envoy has it by that name alone. */
function sought(name: string): Bytes {
  const given = narrow(name);
  if (given == MISSING) return MISSING;
  const key = lowered(given);
  const isHost = lengthOf(key) == 4 && load<u32>(pointerOf(key)) == 0x74736f68;
  return isHost ? narrow(":authority") : key;
}
