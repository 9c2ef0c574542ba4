import { Bytes, bytes, equal, lengthOf, MISSING } from "./bytes";
import { allocate } from "./memory";
import { nameHere, nextPair, rewind } from "./pairs";
import { findStateHeader, put, readState } from "./path-state";
import { setIdentity, traceParent } from "./trace-identity";

const COMMA: u8 = 44;

/** Read the state of a request, and which trace it belongs to. All headers come by one call of the host, which costs less than one for each of the two. */
export function readHeaders(): void {
  const name = findStateHeader();
  const own = traceParent();
  let state = MISSING;
  let identity = MISSING;
  rewind();
  for (let value = nextPair(); value != MISSING; value = nextPair()) {
    if (equal(nameHere, name)) state = joined(state, value);
    else if (equal(nameHere, own)) identity = joined(identity, value);
  }
  readState(state);
  setIdentity(identity);
}

/** All values of a header, with commas between. */
function joined(all: Bytes, next: Bytes): Bytes {
  if (all == MISSING) return next;
  const start = allocate(lengthOf(all) + 1 + lengthOf(next));
  const at = put(start, all);
  store<u8>(at, COMMA);
  return bytes(start, put(at + 1, next) - start);
}
