import { Bytes, bytes, lengthOf, MISSING, pointerOf, property } from "./bytes";
import { cell } from "./cell";
import { wasAnsweredByService } from "./code-details";
import { proxy_define_metric, proxy_increment_metric } from "./env";
import { AMBIGUOUS, enter, foundRevision, foundToken, KNOWN, leave as leaveTable, look, STATELESS, UNKNOWN, UNRECORDED } from "./id-table";
import { allocate } from "./memory";
import { isOwnAnswer } from "./own-answer";
import { isSaid, revision, token } from "./path-state";
import { fact } from "./plugins";
import { begin, currentBlock, leave } from "./policy";
import { readHeaders } from "./read-headers";
import { ID_MAX, ownId, requestId } from "./request-id";
import { addRecord, createSlab, findRecord, forgetRecords } from "./slab";
import { beginPath, stampInbound } from "./stamp";
import { writeState } from "./write-state";

// A service that hands on nothing but an id takes the state of a request from it. Its proxy gives it back: what comes in is noted by its id (`id-table.ts`), and what
// goes out with that id gets the state again (design §5, Correlation). While requests of one id with different states are in hand, nobody knows which of them leads to
// what: it is lost, and says so.

// "@self\tlost.ambiguousfullwire.unjoined.unknown"
const WORDS: usize = memory.data<u8>([
  64, 115, 101, 108, 102, 9, 108, 111, 115, 116, 46, 97, 109, 98, 105, 103, 117, 111, 117, 115, 102, 117, 108, 108, 119, 105, 114,
  101, 46, 117, 110, 106, 111, 105, 110, 101, 100, 46, 117, 110, 107, 110, 111, 119, 110,
]);

// "upstream", "address", and "response", "flags", with zero bytes between
const PROPERTIES: usize = memory.data<u8>([
  117, 112, 115, 116, 114, 101, 97, 109, 0, 97, 100, 100, 114, 101, 115, 115, 114, 101, 115, 112, 111, 110, 115, 101, 0, 102, 108, 97,
  103, 115,
]);
/** Of Envoy's flags `UF` and `UO`: nobody took the connection, or there were too many. */
const NEVER_SENT: u32 = 0xa0;

/** The ids of what is in hand, by stream: their length, and they. */
let slab: usize = 0;

/** Stamp a request that comes in, and note it. Said in `onRequestHeaders`. */
export function stampAndNote(context: u32): u32 {
  begin(context);
  if (currentBlock() != 0) {
    readHeaders();
    stampInbound(false);
    note(context, ownId());
  }
  return leave();
}

/** This request, with the state that it has now, is in hand until its stream has gone, and for a while longer where it was given up. */
function note(context: u32, id: Bytes): void {
  if (id == MISSING) return;
  if (slab == 0) slab = createSlab(4 + ID_MAX);
  const record = addRecord(slab, context);
  store<u32>(record, <u32>lengthOf(id));
  memory.copy(record + 4, pointerOf(id), lengthOf(id));
  enter(id, revision, token);
}

/** Said when a stream has gone of which something may have been noted. */
export function takeBack(context: u32): void {
  const record: usize = slab == 0 ? 0 : findRecord(slab, context);
  if (record == 0) return;
  leaveTable(bytes(record + 4, load<u32>(record)), wasGivenUp());
  forgetRecords(context);
  __collect();
}

/**
 * Give a request that goes out the state of what has led to it; where that is nothing, and the service begins paths, the first one. What such a service does by itself has
 * an id, too, and may lead round to it again, so that what it sends is in hand as what comes to it. Said in `onRequestHeaders`.
 */
export function giveBack(context: u32, isOrigin: bool): u32 {
  begin(context);
  if (currentBlock() != 0) {
    readHeaders();
    const id = requestId();
    const known = id == MISSING ? UNKNOWN : look(id);
    if (known == UNKNOWN) {
      // What it says then it says itself.
      if (isOrigin) beginPath();
      else if (!isSaid) count(bytes(WORDS + 38, 7));
    } else if (known == AMBIGUOUS) lose(bytes(WORDS + 11, 9));
    else if (known == UNRECORDED) lose(bytes(WORDS + 20, 4));
    else if (known == KNOWN) writeState(foundRevision, foundToken, false);
    else writeState(MISSING, MISSING, false);
    if (isOrigin && (known == UNKNOWN || known == KNOWN || known == STATELESS)) note(context, id);
  }
  return leave();
}

/** Whether the request has gone on and its answer has not come, or not all of it, since the client has left or time was up. Services mostly do not see that, and go on. */
function wasGivenUp(): bool {
  if (wasAnsweredByService() || isOwnAnswer() || property(bytes(PROPERTIES, 16)) == MISSING) return false;
  const flags = property(bytes(PROPERTIES + 16, 14));
  return flags == MISSING || (load<u32>(pointerOf(flags)) & NEVER_SENT) == 0;
}

function lose(why: Bytes): void {
  writeState(bytes(WORDS + 6, 4), why, false);
  count(why);
}

/** `wire.unjoined.WHY.SERVICE` */
function count(why: Bytes): void {
  const name = fact(currentBlock(), bytes(WORDS, 6));
  const size: usize = 15 + lengthOf(why) + lengthOf(name);
  const metric = allocate(size);
  memory.copy(metric, WORDS + 24, 14);
  memory.copy(metric + 14, pointerOf(why), lengthOf(why));
  store<u8>(metric + 14 + lengthOf(why), 46);
  memory.copy(metric + 15 + lengthOf(why), pointerOf(name), lengthOf(name));
  proxy_define_metric(0, metric, size, cell);
  proxy_increment_metric(load<u32>(cell), 1);
}
