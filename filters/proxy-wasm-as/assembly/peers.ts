import { Bytes, bytes, lengthOf, MISSING, pointerOf, property } from "./bytes";

// Who calls and who is called, as far as Envoy's properties say it.

// "source.address" and "xds.route_name", with a zero byte for the point.
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const SOURCE: usize = memory.data<u8>([
  115, 111, 117, 114, 99, 101, 0, 97, 100, 100, 114, 101, 115, 115, 120, 100, 115, 0, 114, 111, 117, 116, 101, 95, 110,
  97, 109, 101,
]);

/** The name before the last "@" of the route's: `CALLEE` or `CALLEE@VERSION`. */
export function calledByRoute(): Bytes {
  return cut(property(bytes(SOURCE + 14, 14)), 64);
}

/** The address that the stream came from, without the port. */
export function callerAddress(): Bytes {
  return cut(property(bytes(SOURCE, 14)), 58);
}

/** What comes before the last of these marks; all when there is none. */
function cut(text: Bytes, mark: u8): Bytes {
  if (text != MISSING) {
    // One less is one byte less.
    for (let left = text; lengthOf(left) > 0; ) {
      left--;
      if (load<u8>(pointerOf(left) + lengthOf(left)) == mark) return left;
    }
  }
  return text;
}
