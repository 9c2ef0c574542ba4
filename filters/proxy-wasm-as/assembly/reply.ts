import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { wasAnswered } from "./code-details";
import { endByFilter, isOver } from "./at-work";
import { Status } from "./enums";
import { proxy_send_local_response } from "./env";
import { gone } from "./gone";
import { answered, details, holdsBack, holdsBackEnd, setAnswered } from "./guard";
import { isAskedAboutAnother, isAtWork, turnBack, turnTo } from "./kept";
import { letLeave } from "./leaving";
import { fromPairs, Pairs } from "./pair-list";

// "proxy_wasm_reply"
function DETAILS(): Bytes {
  return bytes(memory.data<u8>([112, 114, 111, 120, 121, 95, 119, 97, 115, 109, 95, 114, 101, 112, 108, 121]), 16);
}

/**
 * Whether this stream has been answered, or is over. Of one that was answered before the last one Envoy knows it: it shows an answer to the filters,
 * as a response, and hangs when one of them answers again.
 */
function isAnswered(context: u32, why: Bytes): bool {
  return isOver(context) || (details != 0 && answered && isAtWork(context)) || wasAnswered(why);
}

/** Answer a stream, once. */
export function replyTo(context: u32, status: i32, body: Bytes, headers: Pairs | null, grpcStatus: i32): Status {
  letLeave();
  if (isAskedAboutAnother(context) || !turnTo(context)) return Status.BadArgument;
  const given = send(context, status, body, headers, grpcStatus);
  turnBack(context);
  return given;
}

function send(context: u32, status: i32, body: Bytes, headers: Pairs | null, grpcStatus: i32): Status {
  const why = details == 0 ? DETAILS() : details;
  // In Wire other policies may have answered.
  if (gone == 0 && isAnswered(context, why)) return Status.BadArgument;
  const given: Bytes = headers === null ? 0 : fromPairs(headers);
  const isStatus = status >= 200 && status <= 599;
  if (isAtWork(context) ? holdsBackEnd() : holdsBack()) return isStatus && given != MISSING ? Status.Ok : Status.BadArgument;
  endByFilter(context);
  if (isAtWork(context)) setAnswered(true);
  const pairs: Bytes = given == MISSING ? 0 : given;
  const sent = proxy_send_local_response(
    isStatus ? status : 403,
    pointerOf(why),
    lengthOf(why),
    pointerOf(body),
    lengthOf(body),
    pointerOf(pairs),
    lengthOf(pairs),
    grpcStatus,
  );
  return isStatus && given != MISSING ? sent : Status.BadArgument;
}
