import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, same } from "./bytes";
import { now } from "./clock";
import { cell } from "./cell";
import { Status } from "./enums";
import { proxy_get_shared_data, proxy_set_shared_data } from "./env";
import { allocate } from "./memory";
import { ID_MAX } from "./request-id";

// Which state the requests have that are in hand, by their ids: for all workers, since what a request leads to may leave through another one. Envoy never forgets a
// key of its shared data, so that there are so many buckets and no more, and in each so many entries:
//
//     bucket   16 × u32: how many requests in hand have no entry, by another part of the hash; then the entries. Empty where there is nothing
//     entry    u32 requests in hand | u32 when the last one came, in seconds | kind, sizes of id, revision and token, a byte each | id | revision and token
//
// An id without an entry has none as long as some request in hand may be one of it: so an entry is about all requests of its id, or there is none. What gives way in a
// full bucket is what nobody has come with for as long as Envoy leaves a stream in which nothing moves: its requests are counted among those without an entry.

const BUCKETS: u32 = 1024;
const SPLITS: u32 = 16;
const HEAD: usize = 64;
const ENTRIES_MAX: usize = 16;
const STATE_MAX: usize = 52;
const STATE_AT: usize = 12 + ID_MAX;
const ENTRY: usize = STATE_AT + STATE_MAX;
const IDLE_S: u32 = 300;
/** A version that no value has: it makes a key, and changes none. */
const NEW: u32 = u32.MAX_VALUE;

/** What is known of the requests of an id that are in hand. */
export const UNKNOWN: u32 = 0;
/** They have no state. */
export const STATELESS: u32 = 1;
export const KNOWN: u32 = 2;
/** They have different ones. */
export const AMBIGUOUS: u32 = 3;
/** There was no room for them, or for others that they cannot be told from. */
export const UNRECORDED: u32 = 4;

/** The state of the id that was looked up, where it is `KNOWN`. */
export let foundRevision: Bytes = MISSING;
export let foundToken: Bytes = MISSING;

// "ids1", the number of this layout, and the bucket.
const key: usize = memory.data<u8>([105, 100, 115, 49, 0, 0]);
let hash: u32 = 0;
let bucket: usize = 0;
let size: usize = 0;
let version: u32 = 0;

/** A request of this id comes in, with this state or none. */
export function enter(id: Bytes, revision: Bytes, token: Bytes): void {
  const time = <u32>(now() / 1_000_000_000);
  do {
    read(id);
    let entry = entryOf(id);
    if (entry != 0) {
      if (!hasState(entry, revision, token)) store<u8>(entry, <u8>AMBIGUOUS, 8);
    } else {
      entry = load<u32>(split(hash)) == 0 ? room(time) : 0;
      if (entry != 0) fill(entry, id, revision, token);
    }
    if (entry == 0) add(split(hash), 1);
    else {
      add(entry, 1);
      store<u32>(entry, time, 4);
    }
  } while (!write());
}

/** One of these has been dealt with. */
export function leave(id: Bytes): void {
  do {
    read(id);
    const entry = entryOf(id);
    if (entry == 0) {
      if (load<u32>(split(hash)) != 0) add(split(hash), -1);
    } else if (load<u32>(entry) > 1) {
      add(entry, -1);
    } else {
      // The last one takes its place.
      size -= ENTRY;
      memory.copy(entry, bucket + size, ENTRY);
    }
  } while (!write());
}

/** What is known of the requests of this id. */
export function look(id: Bytes): u32 {
  read(id);
  const entry = entryOf(id);
  if (entry == 0) return load<u32>(split(hash)) == 0 ? UNKNOWN : UNRECORDED;
  foundRevision = stateAt(entry, 0);
  foundToken = stateAt(entry, 1);
  return load<u8>(entry, 8);
}

/** The bucket of an id as it is now, with room for one entry more. */
function read(id: Bytes): void {
  hash = hashOf(id);
  store<u16>(key + 4, <u16>(hash % BUCKETS));
  version = NEW;
  size = 0;
  let value: usize = 0;
  if (proxy_get_shared_data(key, 6, cell + 4, cell, cell + 8) == Status.Ok) {
    version = load<u32>(cell, 8);
    size = load<u32>(cell);
    value = load<u32>(cell, 4);
  }
  bucket = allocate(HEAD + size + ENTRY);
  memory.copy(bucket, value, size);
  if (size != 0) return;
  memory.fill(bucket, 0, HEAD);
  size = HEAD;
}

/** False where somebody else was first, who has got on by that: so it is tried again without a limit. */
function write(): bool {
  let isEmpty = size == HEAD;
  for (let at: usize = 0; isEmpty && at < HEAD; at += 4) isEmpty = load<u32>(bucket + at) == 0;
  return proxy_set_shared_data(key, 6, bucket, isEmpty ? 0 : size, version) != Status.CasMismatch;
}

function entryOf(id: Bytes): usize {
  for (let entry = bucket + HEAD; entry < bucket + size; entry += ENTRY) {
    if (<usize>load<u8>(entry, 9) == lengthOf(id) && same(entry + 12, pointerOf(id), lengthOf(id))) return entry;
  }
  return 0;
}

/** Where another entry may stand; 0 where none gives way. */
function room(time: u32): usize {
  if (size < HEAD + ENTRIES_MAX * ENTRY) {
    size += ENTRY;
    return bucket + size - ENTRY;
  }
  for (let entry = bucket + HEAD; entry < bucket + size; entry += ENTRY) {
    if (time <= load<u32>(entry, 4) + IDLE_S) continue;
    add(split(hashOf(bytes(entry + 12, load<u8>(entry, 9)))), load<u32>(entry));
    return entry;
  }
  return 0;
}

function fill(entry: usize, id: Bytes, revision: Bytes, token: Bytes): void {
  store<u32>(entry, 0);
  store<u8>(entry, <u8>lengthOf(id), 9);
  memory.copy(entry + 12, pointerOf(id), lengthOf(id));
  const kind = kindOf(revision, token);
  store<u8>(entry, <u8>kind, 8);
  if (kind != KNOWN) return;
  store<u8>(entry, <u8>lengthOf(revision), 10);
  store<u8>(entry, <u8>lengthOf(token), 11);
  memory.copy(entry + STATE_AT, pointerOf(revision), lengthOf(revision));
  memory.copy(entry + STATE_AT + lengthOf(revision), pointerOf(token), lengthOf(token));
}

/** No state of ours is longer. */
function kindOf(revision: Bytes, token: Bytes): u32 {
  if (token == MISSING) return STATELESS;
  return lengthOf(revision) + lengthOf(token) > STATE_MAX ? AMBIGUOUS : KNOWN;
}

function hasState(entry: usize, revision: Bytes, token: Bytes): bool {
  const kind = kindOf(revision, token);
  if (load<u8>(entry, 8) != kind) return false;
  return kind != KNOWN || (equal(stateAt(entry, 0), revision) && equal(stateAt(entry, 1), token));
}

/** The revision, or the token. */
function stateAt(entry: usize, part: u32): Bytes {
  const first: usize = load<u8>(entry, 10);
  return part == 0 ? bytes(entry + STATE_AT, first) : bytes(entry + STATE_AT + first, load<u8>(entry, 11));
}

/** How many requests in hand have no entry, of the ids with that part of the hash. */
function split(ofHash: u32): usize {
  return bucket + <usize>((ofHash / BUCKETS) % SPLITS) * 4;
}

function add(counter: usize, count: u32): void {
  store<u32>(counter, load<u32>(counter) + count);
}

/**
 * FNV-1a, which is no secret: a client can choose ids of one bucket. With seventeen of them in hand it has paths lost that share the bucket, and counted; it can never have one
 * taken for another, since whole ids are compared. A secret hash would spare nobody that: ids at random lose as much once there are enough of them.
 */
function hashOf(id: Bytes): u32 {
  let value: u32 = 2166136261;
  for (let at: usize = 0; at < lengthOf(id); at++) value = (value ^ load<u8>(pointerOf(id) + at)) * 16777619;
  return value;
}
