import { Bytes, bytes, lengthOf, MISSING, pointerOf, property, same } from "./bytes";
import { proxy_set_property } from "./env";
import { gone } from "./gone";
import { audits, CHANGES, JUDGES, LEAVES, MISSES, recordBy, REFUSES } from "./guard";
import { allocate } from "./memory";
import { policyName } from "./policy";

// The record of what policies do to a request, for the access log: `POLICY FILE:LINE ACTION; ...` as `%FILTER_STATE(wasm.wire.denied:PLAIN)%`, and so
// `wire.changed`; of audited policies `wire.wouldDeny` and `wire.wouldChange`. Written when a callback has ended, behind what other modules wrote.

const DENIED: u32 = 0;
const CHANGED: u32 = 1;
/** The same of an audited policy is this much further. */
const WOULD: u32 = 2;
/** Those with an `Allow`, which have denied it together where none of them admits it. */
const JUDGING: u32 = 4;
const LISTS: u32 = 5;
/** What a list has no room for is left out. */
const ROOM: u32 = 1024;
const texts: usize = memory.data(5120);
/** Of each list its size, and where its last item begins. */
const sizes: usize = memory.data(40);
// "wire.denied", "wire.changed", "wire.wouldDeny" and "wire.wouldChange", 16 bytes each.
const NAMES: usize = memory.data<u8>([
  119, 105, 114, 101, 46, 100, 101, 110, 105, 101, 100, 0, 0, 0, 0, 0, 119, 105, 114, 101, 46, 99, 104, 97, 110, 103, 101, 100, 0, 0, 0, 0,
  119, 105, 114, 101, 46, 119, 111, 117, 108, 100, 68, 101, 110, 121, 0, 0, 119, 105, 114, 101, 46, 119, 111, 117, 108, 100, 67, 104, 97, 110, 103, 101,
]);

/** Which statement is at work, as `FILE:LINE ACTION`. */
let place: Bytes = 0;
/** The `Allow` of an audited policy. */
let asking: Bytes = 0;

/** Said before a statement that may act. */
export function at(text: Bytes): void {
  place = text;
}

/** Said once, before any stream. */
export function recordDecisions(): void {
  recordBy(record);
}

function record(event: u32): void {
  if (event == LEAVES) write();
  else if (event == REFUSES) {
    memory.copy(texts + DENIED * ROOM, texts + JUDGING * ROOM, sizeOf(JUDGING));
    store<u32>(sizes + DENIED * 8, sizeOf(JUDGING));
  } else if (event == JUDGES && audits()) asking = place;
  else if (event == MISSES) add(DENIED + WOULD, asking);
  else if (event == JUDGES) add(JUDGING, place);
  else add((event == CHANGES ? CHANGED : DENIED) + (audits() ? WOULD : 0), place);
}

/** Once, where a statement does several things. */
function add(list: u32, where: Bytes): void {
  const name = policyName();
  const size = sizeOf(list);
  const added = lengthOf(name) + 1 + lengthOf(where);
  if (size + 2 + added > <usize>ROOM) return;
  const start = texts + list * ROOM;
  const last = start + load<u32>(sizes + list * 8, 4);
  let to = start + size;
  if (size > 0) {
    store<u16>(to, 0x203b);
    to += 2;
  }
  memory.copy(to, pointerOf(name), lengthOf(name));
  store<u8>(to + lengthOf(name), 32);
  memory.copy(to + lengthOf(name) + 1, pointerOf(where), lengthOf(where));
  if (size > 0 && start + size - last == added && same(last, to, added)) return;
  store<u32>(sizes + list * 8, <u32>(to + added - start));
  store<u32>(sizes + list * 8, <u32>(to - start), 4);
}

function write(): void {
  for (let list: u32 = 0; list < JUDGING; list++) {
    const size = sizeOf(list);
    // Nothing of a stream that has gone is logged any more.
    if (size == 0 || gone != 0) continue;
    const name = bytes(NAMES + list * 16, list == DENIED ? 11 : list == CHANGED ? 12 : list == DENIED + WOULD ? 14 : 16);
    const before = property(name);
    let text = bytes(texts + list * ROOM, size);
    if (before != MISSING) {
      const start = allocate(lengthOf(before) + 2 + size);
      memory.copy(start, pointerOf(before), lengthOf(before));
      store<u16>(start + lengthOf(before), 0x203b);
      memory.copy(start + lengthOf(before) + 2, pointerOf(text), size);
      text = bytes(start, lengthOf(before) + 2 + size);
    }
    proxy_set_property(pointerOf(name), lengthOf(name), pointerOf(text), lengthOf(text));
  }
  memory.fill(sizes, 0, LISTS * 8);
}

function sizeOf(list: u32): usize {
  return load<u32>(sizes + list * 8);
}
