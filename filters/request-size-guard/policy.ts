import { Flow, PerStream, Request } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** The most bytes that the body of a request may have. */
  limit: i64 = 1048576;
}
export const params = new Params();

class Seen {
  bytes: u64 = 0;
}
const seen = new PerStream<Seen>();

/** No length said: the body comes in chunks, or there is none. */
const NONE: i64 = -1;
const WRONG: i64 = -2;
/** Ten times this is no overflow yet. */
const LARGEST: i64 = 100000000000000000;

export function onRequest(request: Request): Flow {
  // Envoy holds this header once: of several values it makes one with commas, which is no number.
  const length = lengthIn(request.headers.get("content-length"));
  if (length == WRONG) return answer(request, 400, "content-length is no number", 3);
  return length > limit() ? refuse(request) : Flow.Continue;
}

export function onRequestBody(request: Request, size: u32): Flow {
  // Also where a length was said: whether it is kept is the codec's to see, and this costs no call of the host.
  const stream = seen.of(request);
  stream.bytes += size;
  return stream.bytes > <u64>limit() ? refuse(request) : Flow.Continue;
}

function limit(): i64 {
  return min<i64>(max<i64>(params.limit, 0), LARGEST - 1);
}

function refuse(request: Request): Flow {
  return answer(request, 413, "request body too large", 8);
}

function answer(request: Request, status: i32, body: string, grpcStatus: i32): Flow {
  request.reply(status, body, null, grpcStatus);
  return Flow.Pause;
}

/** Digits and nothing else. What is beyond the largest is the largest, which is over any limit. */
function lengthIn(text: string | null): i64 {
  if (text === null) return NONE;
  if (text.length == 0) return WRONG;
  let value: i64 = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return WRONG;
    value = min<i64>(value * 10 + digit, LARGEST);
  }
  return value;
}
