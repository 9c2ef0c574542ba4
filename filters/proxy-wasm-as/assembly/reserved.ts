import { Bytes, bytes, lengthOf, pointerOf, same } from "./bytes";
import { restrictTo } from "./guard";

// What filters of the toolkit's must not write.

/**
 * How a message is cut, who is at the other end of the connection and how it came: the proxy writes these itself. And whom a request is for: the
 * caller's proxy would look for a route to that host, and the callee's would not.
 */
const framing: StaticArray<string> = [
  ":authority",
  ":scheme",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-client-cert",
  "x-forwarded-proto",
];

const DETAILS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);
/** "x-wire-" */
const OURS: usize = memory.data<u8>([120, 45, 119, 105, 114, 101, 45]);
/** "x-envoy-" */
const ENVOYS: usize = memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45]);

/** Said in each callback of a filter that stands in a mesh of Wire's: its answers are those of a policy, and it writes no reserved header. */
export function restrict(): void {
  restrictTo(isReserved, bytes(DETAILS, 11));
}

/**
 * What proxies write and act on, among themselves too (`x-wire-version`): a filter could choose a route with it that is not its own, or a timeout
 * that is one at the caller's side only.
 */
function isReserved(name: Bytes): bool {
  if (lengthOf(name) >= 7 && same(pointerOf(name), OURS, 7)) return true;
  if (lengthOf(name) >= 8 && same(pointerOf(name), ENVOYS, 8)) return true;
  for (let i = 0; i < framing.length; i++) {
    if (equalsText(name, framing[i])) return true;
  }
  return false;
}

function equalsText(name: Bytes, text: string): bool {
  if (lengthOf(name) != <usize>text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (load<u8>(pointerOf(name) + i) != <u8>text.charCodeAt(i)) return false;
  }
  return true;
}
