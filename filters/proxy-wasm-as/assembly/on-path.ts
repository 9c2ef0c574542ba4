import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, property } from "./bytes";
import { proxy_define_metric, proxy_increment_metric, proxy_set_property } from "./env";
import { cell } from "./cell";
import { allocate } from "./memory";
import { allValues, findStateHeader, isSaid, readState, recallState, revision, token } from "./path-state";
import { phase, stream, turn } from "./phase";
import { fact, listed, nextFact, nextField } from "./plugins";
import { askBy, callerOf, currentBlock, deny, policyName } from "./policy";
import { addRecord, createSlab, findRecord, forgetRecords } from "./slab";

// Where only the path of a request says whether a policy is for it (design §5), the configuration has, before the lines of policies:
//
//     @when  POLICY  REVISION  PEERS  STATES  OTHERS   in a state of the first list it is, in one of the others it is not; `*` are all
//     @lost  POLICY  deny | skip
//
// The revision of requests without a state is `-`. Without a state that is in one of the lists the path was lost on its way: that is counted,
// and said to the access log: `POLICY CALLER;POLICY CALLER` as `%FILTER_STATE(wasm.wire.lost:PLAIN)%`.

const EVERYBODY: u8 = 42;
const STATELESS: u8 = 45;
const NOBODY: u8 = 45;
const D_ENY: u8 = 100;
// "@when\t@lost\twire.lost.unknown"
const WORDS: usize = memory.data<u8>([
  64, 119, 104, 101, 110, 9, 64, 108, 111, 115, 116, 9, 119, 105, 114, 101, 46, 108, 111, 115, 116, 46, 117, 110, 107, 110, 111,
  119, 110,
]);
/** What a record has no room for is left out. */
const ROOM: usize = 1024;

/** Of so many policies of a module each is counted by itself. */
const POLICIES: u32 = 1024;
const BITS: usize = 128;

/** The callback in which the state was read; and whose loss has been counted for a stream, by policy, as bits. */
let read: u32 = 0;
const counted: usize = memory.data(128);
let countedFor: u32 = 0;

/** Said once a module is configured some of whose policies ask. */
export function askPaths(): void {
  askBy(isOnPath);
}

/**
 * Records of what is to be known of a request when its response comes: the lengths of a revision and a state, both, whether there was a state that nobody can read, and whose
 * loss has been counted.
 */
let slab: usize = 0;
const SAID: usize = 72;
const COUNTED: usize = 76;
const RECORD: usize = COUNTED + BITS;

/** Said first where a request comes in whose response will be asked about: its headers are not there any more then. */
export function notePath(context: u32): void {
  if (slab == 0) slab = createSlab(RECORD);
  look();
  const size: usize = revision == MISSING ? 0 : lengthOf(revision) + lengthOf(token);
  // What is not noted is taken for one without a state.
  if (size > SAID - 8) return;
  const record = addRecord(slab, context);
  store<u64>(record, 0);
  store<u32>(record, isSaid ? 1 : 0, SAID);
  memory.fill(record + COUNTED, 0, BITS);
  if (size == 0) return;
  store<u32>(record, <u32>lengthOf(revision));
  store<u32>(record, <u32>lengthOf(token), 4);
  memory.copy(record + 8, pointerOf(revision), lengthOf(revision));
  memory.copy(record + 8 + lengthOf(revision), pointerOf(token), lengthOf(token));
}

/** Said when a stream has gone of which something may have been noted. */
export function forgetPath(context: u32): void {
  forgetRecords(context);
}

function look(): void {
  if (read == turn) return;
  read = turn;
  const record: usize = slab == 0 ? 0 : findRecord(slab, stream);
  if (record != 0) {
    const size: usize = <usize>load<u32>(record);
    const isKnown = load<u64>(record) != 0;
    recallState(
      load<u32>(record, SAID) != 0,
      isKnown ? bytes(record + 8, size) : MISSING,
      isKnown ? bytes(record + 8 + size, load<u32>(record, 4)) : MISSING,
    );
  } else if (phase == 0) {
    const name = findStateHeader();
    readState(name == MISSING ? MISSING : allValues(name));
  } else {
    recallState(false, MISSING, MISSING);
  }
}

function isOnPath(policy: u32, peer: Bytes): bool {
  look();
  const key = keyOf(0, 6);
  let isAsked = false;
  for (let which = fact(currentBlock(), key); which != MISSING; which = nextFact(currentBlock(), key)) {
    const peers = nextField();
    const states = nextField();
    const others = nextField();
    if (load<u8>(pointerOf(peers)) != EVERYBODY && !listed(pointerOf(peers), peer)) continue;
    isAsked = true;
    if (!isRevision(which)) continue;
    if (isIn(states)) return true;
    if (isIn(others)) return false;
  }
  if (isAsked) lose(policy);
  return false;
}

function isRevision(which: Bytes): bool {
  if (revision != MISSING) return equal(which, revision);
  return !isSaid && lengthOf(which) == 1 && load<u8>(pointerOf(which)) == STATELESS;
}

/** `-` is in no list: where one is of no state it says so, and is nobody's. */
function isIn(states: Bytes): bool {
  if (load<u8>(pointerOf(states)) == EVERYBODY) return true;
  if (token == MISSING || (lengthOf(token) == 1 && load<u8>(pointerOf(token)) == NOBODY)) return false;
  return listed(pointerOf(states), token);
}

/** Nobody knows whether the policy is for this request. */
function lose(policy: u32): void {
  if (isFirst(policy)) {
    const name = policyName();
    let caller = callerOf();
    if (caller == MISSING) caller = bytes(WORDS + 22, 7);
    const size: usize = 11 + lengthOf(name) + lengthOf(caller);
    const metric = allocate(size);
    memory.copy(metric, WORDS + 12, 10);
    memory.copy(metric + 10, pointerOf(name), lengthOf(name));
    store<u8>(metric + 10 + lengthOf(name), 46);
    memory.copy(metric + 11 + lengthOf(name), pointerOf(caller), lengthOf(caller));
    proxy_define_metric(0, metric, size, cell);
    proxy_increment_metric(load<u32>(cell), 1);
    record(name, caller);
  }
  const what = fact(currentBlock(), keyOf(6, 6));
  if (what != MISSING && load<u8>(pointerOf(what)) == D_ENY) deny(403, 0);
}

/** Whether this is the first time that the policy has lost the path of the stream. A request and its response are one, whatever is looked at between them. */
function isFirst(policy: u32): bool {
  const noted: usize = slab == 0 ? 0 : findRecord(slab, stream);
  if (noted == 0 && countedFor != stream) {
    memory.fill(counted, 0, BITS);
    countedFor = stream;
  }
  const at = (noted == 0 ? counted : noted + COUNTED) + <usize>((policy % POLICIES) >> 3);
  const bit: u32 = 1 << (policy & 7);
  const before: u32 = load<u8>(at);
  if ((before & bit) != 0) return false;
  store<u8>(at, <u8>(before | bit));
  return true;
}

/** Behind what other policies have lost, be they in other modules. */
function record(name: Bytes, caller: Bytes): void {
  const key = bytes(WORDS + 12, 9);
  const before = property(key);
  const own = lengthOf(name) + 1 + lengthOf(caller);
  const start = allocate((before == MISSING ? 0 : lengthOf(before) + 1) + own);
  let at = start;
  if (before != MISSING) {
    if (lengthOf(before) + 1 + own > ROOM) return;
    memory.copy(at, pointerOf(before), lengthOf(before));
    store<u8>(at + lengthOf(before), 59);
    at += lengthOf(before) + 1;
  }
  memory.copy(at, pointerOf(name), lengthOf(name));
  store<u8>(at + lengthOf(name), 32);
  memory.copy(at + lengthOf(name) + 1, pointerOf(caller), lengthOf(caller));
  proxy_set_property(pointerOf(key), lengthOf(key), start, at + own - start);
}

/** A word with the name of the policy at work behind it, each with a tab. */
function keyOf(at: usize, size: usize): Bytes {
  const name = policyName();
  const start = allocate(size + lengthOf(name) + 1);
  memory.copy(start, WORDS + at, size);
  memory.copy(start + size, pointerOf(name), lengthOf(name));
  store<u8>(start + size + lengthOf(name), 9);
  return bytes(start, size + lengthOf(name) + 1);
}
