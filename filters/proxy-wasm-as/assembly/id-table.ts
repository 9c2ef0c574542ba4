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
//     bucket   16 × those that have no entry, by another part of the hash; then the entries. Empty where there is nothing
//     those    u32 how many there are in hand | u32 when one was given up last, in seconds
//     entry    those of an id | u32 when the last one came | kind, sizes of id, revision and token, a byte each | id | revision and token
//
// An id without an entry has none as long as some request in hand may be one of it: so an entry is about all requests of its id, or there is none. What gives way in a
// full bucket is what nobody has come with for as long as Envoy leaves a stream in which nothing moves: its requests are counted among those without an entry.
//
// What has been given up before it was answered the service mostly goes on with, and it is in hand for a while longer: else what it leads to then would be taken for what a
// later request of its id does.

const BUCKETS: u32 = 1024;
const SPLITS: u32 = 16;
const THOSE: usize = 8;
const HEAD: usize = 128;
const ENTRIES_MAX: usize = 16;
const STATE_MAX: usize = 52;
const ID_AT: usize = 16;
const STATE_AT: usize = ID_AT + ID_MAX;
const ENTRY: usize = STATE_AT + STATE_MAX;
const IDLE_S: u32 = 300;
/** For so long a service may go on with what was given up. */
const GIVEN_UP_S: u32 = 60;
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

// "ids2", the number of this layout, and the bucket.
const key: usize = memory.data<u8>([105, 100, 115, 50, 0, 0]);
let hash: u32 = 0;
let bucket: usize = 0;
let size: usize = 0;
let version: u32 = 0;

/** A request of this id comes in, with this state or none. */
export function enter(id: Bytes, revision: Bytes, token: Bytes): void {
  const time = seconds();
  do {
    read(id);
    forgetGivenUp(time);
    let entry = entryOf(id);
    if (entry != 0) {
      if (!hasState(entry, revision, token)) setKind(entry, AMBIGUOUS);
    } else {
      entry = isEmpty(split(hash)) ? room(time) : 0;
      if (entry != 0) fill(entry, id, revision, token);
    }
    if (entry == 0) add(split(hash), 1);
    else {
      add(entry, 1);
      store<u32>(entry, time, 8);
    }
  } while (!write());
}

/** One of these has been dealt with, or was given up before it was. */
export function leave(id: Bytes, isGivenUp: bool): void {
  const time = isGivenUp ? seconds() : 0;
  do {
    read(id);
    const entry = entryOf(id);
    const those = entry == 0 ? split(hash) : entry;
    if (load<u32>(those) != 0) add(those, -1);
    if (isGivenUp) store<u32>(those, time, 4);
    if (entry != 0 && isEmpty(entry)) remove(entry);
  } while (!write());
}

/** What is known of the requests of this id. */
export function look(id: Bytes): u32 {
  read(id);
  const entry = entryOf(id);
  const those = entry == 0 ? split(hash) : entry;
  if (isEmpty(those) || (load<u32>(those) == 0 && isOver(those, seconds()))) return UNKNOWN;
  if (entry == 0) return UNRECORDED;
  foundRevision = stateAt(entry, 0);
  foundToken = stateAt(entry, 1);
  return kindIn(entry);
}

/** Forget what was given up so long ago that no service goes on with it, in the bucket that was read. */
function forgetGivenUp(time: u32): void {
  for (let those = bucket; those < bucket + HEAD; those += THOSE) if (isOver(those, time)) store<u32>(those, 0, 4);
  for (let entry = bucket + HEAD; entry < bucket + size; ) {
    if (isOver(entry, time)) store<u32>(entry, 0, 4);
    if (isEmpty(entry)) remove(entry);
    else entry += ENTRY;
  }
}

/** Whether nothing of these is in hand, nor has been given up. */
function isEmpty(those: usize): bool {
  return load<u64>(those) == 0;
}

/** Whether what was given up of these is no more in hand by now. */
function isOver(those: usize, time: u32): bool {
  const since = load<u32>(those, 4);
  return since != 0 && time > since + GIVEN_UP_S;
}

/** The last one takes its place. */
function remove(entry: usize): void {
  size -= ENTRY;
  if (entry != bucket + size) memory.copy(entry, bucket + size, ENTRY);
}

function seconds(): u32 {
  return <u32>(now() / 1_000_000_000);
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
  let isNothing: bool = size == HEAD;
  for (let those = bucket; isNothing && those < bucket + HEAD; those += THOSE) isNothing = isEmpty(those);
  return proxy_set_shared_data(key, 6, bucket, isNothing ? 0 : size, version) != Status.CasMismatch;
}

function entryOf(id: Bytes): usize {
  for (let entry = bucket + HEAD; entry < bucket + size; entry += ENTRY) {
    if (<usize>load<u8>(entry, 13) == lengthOf(id) && same(entry + ID_AT, pointerOf(id), lengthOf(id))) return entry;
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
    if (time <= load<u32>(entry, 8) + IDLE_S) continue;
    const those = split(hashOf(bytes(entry + ID_AT, load<u8>(entry, 13))));
    add(those, load<u32>(entry));
    store<u32>(those, max(load<u32>(those, 4), load<u32>(entry, 4)), 4);
    return entry;
  }
  return 0;
}

function fill(entry: usize, id: Bytes, revision: Bytes, token: Bytes): void {
  store<u64>(entry, 0);
  store<u8>(entry, <u8>lengthOf(id), 13);
  memory.copy(entry + ID_AT, pointerOf(id), lengthOf(id));
  const kind = kindOf(revision, token);
  setKind(entry, kind);
  if (kind != KNOWN) return;
  store<u8>(entry, <u8>lengthOf(revision), 14);
  store<u8>(entry, <u8>lengthOf(token), 15);
  memory.copy(entry + STATE_AT, pointerOf(revision), lengthOf(revision));
  memory.copy(entry + STATE_AT + lengthOf(revision), pointerOf(token), lengthOf(token));
}

function kindIn(entry: usize): u32 {
  return load<u8>(entry, 12);
}

function setKind(entry: usize, kind: u32): void {
  store<u8>(entry, <u8>kind, 12);
}

/** No state of ours is longer. */
function kindOf(revision: Bytes, token: Bytes): u32 {
  if (token == MISSING) return STATELESS;
  return lengthOf(revision) + lengthOf(token) > STATE_MAX ? AMBIGUOUS : KNOWN;
}

function hasState(entry: usize, revision: Bytes, token: Bytes): bool {
  const kind = kindOf(revision, token);
  if (kindIn(entry) != kind) return false;
  return kind != KNOWN || (equal(stateAt(entry, 0), revision) && equal(stateAt(entry, 1), token));
}

/** The revision, or the token. */
function stateAt(entry: usize, part: u32): Bytes {
  const first: usize = load<u8>(entry, 14);
  return part == 0 ? bytes(entry + STATE_AT, first) : bytes(entry + STATE_AT + first, load<u8>(entry, 15));
}

/** The requests in hand that have no entry, of the ids with that part of the hash. */
function split(ofHash: u32): usize {
  return bucket + <usize>((ofHash / BUCKETS) % SPLITS) * THOSE;
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
