import { narrow, VALUE } from "./byte-string";
import { Bytes, bytes, clearRouteCache, lengthOf, MISSING, pointerOf } from "./bytes";
import { MapType, Status } from "./enums";
import { proxy_replace_header_map_value } from "./env";
import { details, flags, holdsBack, holdsBackChange } from "./guard";
import { forgetPairs } from "./pairs";
import { OUTBOUND } from "./plugins";

// Where a request goes. What a filter asks for here, the routes and clusters that Wire ships beside it carry out.

// "x-wire-version"
function VERSION(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 118, 101, 114, 115, 105, 111, 110]), 14); }
// "x-wire-hash"
function HASH(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 104, 97, 115, 104]), 11); }

/** Have the routes lead to this version of the service called. */
export function steerToVersion(version: string): Status {
  const status = steer(VERSION(), version);
  if (status == Status.Ok && !holdsBack()) clearRouteCache();
  return status;
}

/** Have the endpoint chosen by this key. */
export function steerByKey(key: string): Status {
  return steer(HASH(), key);
}

/** In a mesh it is the caller's side that decides: on the way in nothing reads these headers, and the service must not see them. */
function steer(name: Bytes, text: string): Status {
  const value = narrow(text, VALUE);
  if (value == MISSING || (details != 0 && (flags & OUTBOUND) == 0)) return Status.BadArgument;
  if (holdsBackChange()) return Status.Ok;
  forgetPairs();
  return proxy_replace_header_map_value(
    MapType.HttpRequestHeaders,
    pointerOf(name),
    lengthOf(name),
    pointerOf(value),
    lengthOf(value),
  );
}
