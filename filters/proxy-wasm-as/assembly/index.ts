import { tagAccessLog } from "./actions/telemetry";
import { Bytes, bytes, header, isName, isValue, lengthOf, MISSING, pointerOf, replaceHeader } from "./bytes";
import {
  proxy_add_header_map_value,
  proxy_remove_header_map_value,
} from "./env";
import { forgetPairs, nextValue, rewind } from "./pairs";
import { calleeName, callerAddress, deny, holdsBack } from "./policy";

export { Bytes } from "./bytes";

/** A request as its headers arrive. */
export class Request {
  readonly headers: Headers = new Headers();

  /** The caller's address without the port; null where it is not known. */
  get caller(): string | null {
    return text(callerAddress());
  }

  /** The service called; null on the way in. */
  get callee(): string | null {
    return text(calleeName());
  }

  /** Answer now; the request goes no further. Only the first answer counts. A status that is none, not 200 to 599, becomes 403. */
  deny(status: i32, body: string): void {
    const encoded = String.UTF8.encode(body);
    deny(status < 200 || status > 599 ? 403 : status, view(encoded));
  }

  /** Add a tag to this request's line of the access log. The name is a literal or a constant; of two values the last counts. */
  tagAccessLog(name: string, value: string): void {
    const key = String.UTF8.encode(name);
    const content = String.UTF8.encode(value);
    tagAccessLog(view(key), view(content));
  }
}

/** The headers of a request. Names in any case; a header may have several values. A policy in audit mode changes none. */
export class Headers {
  /** The first value. Null when the header is missing, which an empty one is not. Bytes that are not UTF-8 become other characters. */
  get(name: string): string | null {
    return text(header(view(lower(name))));
  }

  /** All values in their order; what decides about access should look at all of them. */
  getAll(name: string): string[] {
    const found: string[] = [];
    const wanted = view(lower(name));
    rewind();
    for (let value = nextValue(wanted); value != MISSING; value = nextValue(wanted)) {
      found.push(String.UTF8.decodeUnsafe(pointerOf(value), lengthOf(value)));
    }
    return found;
  }

  /**
   * Replace all values by one. False when the value has a CR, LF or NUL, and an empty one is written in its stead; also when the
   * name cannot be a header's, or is one that proxies write themselves, and nothing is written.
   */
  set(name: string, value: string): bool {
    const key = lower(name);
    const content = String.UTF8.encode(value);
    if (isReserved(key)) return false;
    if (holdsBack()) return isName(view(key)) && isValue(view(content));
    forgetPairs();
    return replaceHeader(view(key), view(content));
  }

  /** Add a value to those that are there. False, and nothing is added, when name or value cannot stand in a header. */
  add(name: string, value: string): bool {
    const key = lower(name);
    const content = String.UTF8.encode(value);
    if (isReserved(key) || !isName(view(key)) || !isValue(view(content))) return false;
    if (holdsBack()) return true;
    forgetPairs();
    proxy_add_header_map_value(
      0,
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(content),
      content.byteLength,
    );
    return true;
  }

  remove(name: string): void {
    const key = lower(name);
    if (isReserved(key) || holdsBack()) return;
    forgetPairs();
    proxy_remove_header_map_value(0, changetype<usize>(key), key.byteLength);
  }
}

/** How a message is cut and who is at the other end of the connection: the proxy writes these itself. */
const framing: StaticArray<string> = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What proxies write, among themselves too (`x-wire-version`): a filter could choose a route with it that is not its own. */
function isReserved(key: ArrayBuffer): bool {
  const name = String.UTF8.decode(key);
  if (name.startsWith("x-wire-")) return true;
  for (let i = 0; i < framing.length; i++) if (framing[i] == name) return true;
  return false;
}

/** Header names are ASCII; `toLowerCase` would bring the tables of all of Unicode, which are larger than all else here. */
function lower(name: string): ArrayBuffer {
  const encoded = String.UTF8.encode(name);
  const start = changetype<usize>(encoded);
  for (let i: usize = 0; i < <usize>encoded.byteLength; i++) {
    const byte = load<u8>(start + i);
    if (byte >= 65 && byte <= 90) store<u8>(start + i, byte | 32);
  }
  // What HTTP/1 calls the host of a request is its authority, and among all headers Envoy has it by that name alone.
  return encoded.byteLength == 4 && load<u32>(start) == 0x74736f68 ? String.UTF8.encode(":authority") : encoded;
}

function view(buffer: ArrayBuffer): Bytes {
  return bytes(changetype<usize>(buffer), buffer.byteLength);
}

function text(value: Bytes): string | null {
  return value == MISSING ? null : String.UTF8.decodeUnsafe(pointerOf(value), lengthOf(value));
}
