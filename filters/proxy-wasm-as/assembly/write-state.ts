import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, trimmed } from "./bytes";
import { proxy_remove_header_map_value, proxy_replace_header_map_value } from "./env";
import { isBaggageMember, isTraceMember } from "./list-members";
import { allocate } from "./memory";
import { afterMember, allSaid, firstMember, isMember, isSaid, put, recallState, stateHeader, stateIn } from "./path-state";
import { beTraced } from "./trace-identity";

const REQUEST: u32 = 0;
/** More than this some libraries do not take: of members, and in bytes. */
const TRACE_MEMBERS_MAX: u32 = 32;
const TRACE_STATE_MAX: usize = 512;
const BAGGAGE_MEMBERS_MAX: u32 = 64;
const BAGGAGE_MAX: usize = 8192;
const COMMA: u8 = 44;

// "wire=tracestate"
const WORDS: usize = memory.data<u8>([119, 105, 114, 101, 61, 116, 114, 97, 99, 101, 115, 116, 97, 116, 101]);

/** Have the header say this state and no other one, or none, and beside it what others have said. What comes from outside may be no state, and be one behind a library. */
export function writeState(ofRevision: Bytes, state: Bytes, isOutside: bool): void {
  const name = stateHeader;
  if (state == MISSING && !isSaid && !isOutside) return;
  recallState(state != MISSING, state == MISSING ? MISSING : ofRevision, state);
  const size: usize = state == MISSING ? 0 : lengthOf(ofRevision) + 1 + lengthOf(state);
  const isRead = state != MISSING && isTraceState(name);
  // Beside `wire=` and a comma.
  const room = (isTraceState(name) ? TRACE_STATE_MAX : BAGGAGE_MAX) - size - 6;
  const others = isMember ? otherMembers(isOutside || isRead ? room : 0, isOutside) : MISSING;
  if (state == MISSING && others == MISSING) {
    proxy_remove_header_map_value(REQUEST, pointerOf(name), lengthOf(name));
    return;
  }
  const start = allocate(6 + size + (others == MISSING ? 0 : lengthOf(others)));
  let at = start;
  if (state != MISSING) {
    if (isMember) at = put(at, bytes(WORDS, 5));
    at = put(at, ofRevision);
    store<u8>(at++, 46);
    at = put(at, state);
  }
  if (others != MISSING) {
    if (at > start) store<u8>(at++, COMMA);
    at = put(at, others);
  }
  proxy_replace_header_map_value(REQUEST, pointerOf(name), lengthOf(name), start, at - start);
  // Tracing libraries drop a `tracestate` that stands alone, or beside a `traceparent` that they cannot read.
  if (isRead) beTraced();
}

function isTraceState(name: Bytes): bool {
  return equal(name, bytes(WORDS + 5, 10));
}

/**
 * The members that are not ours, as far as there is `room` for so many bytes; 0 is no limit. Of what comes from outside those are left out that libraries would drop the
 * whole list for, or take for ours: the state would be dropped or changed with them.
 */
function otherMembers(room: usize, isOutside: bool): Bytes {
  if (allSaid == MISSING) return MISSING;
  const isTraced = isTraceState(stateHeader);
  const most = isTraced ? TRACE_MEMBERS_MAX : BAGGAGE_MEMBERS_MAX;
  const start = allocate(lengthOf(allSaid));
  let at = start;
  let count: u32 = 1;
  for (let rest = allSaid; rest != MISSING; ) {
    const member = firstMember(rest);
    rest = afterMember(rest, member);
    const own = trimmed(member);
    if (lengthOf(own) == 0 || stateIn(own) != MISSING) continue;
    const size = lengthOf(own) + <usize>(at > start ? 1 : 0);
    if (room != 0 && (count == most || at - start + size > room)) continue;
    if (isOutside && !(isTraced ? isTraceMember(own, bytes(start, at - start)) : isBaggageMember(own))) continue;
    if (at > start) store<u8>(at++, COMMA);
    at = put(at, own);
    count++;
  }
  return at == start ? MISSING : bytes(start, at - start);
}
