import { Bytes, bytes, header, lengthOf, MISSING, pointerOf } from "./bytes";
import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
} from "./env";
import { calleeName, callerAddress, deny } from "./policy";

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

  /** Answer now; the request goes no further. Only the first answer counts. */
  deny(status: i32, body: string): void {
    const encoded = String.UTF8.encode(body);
    deny(status, view(encoded));
  }
}

/** The headers of a request. Names in any case; a header may have several values. */
export class Headers {
  /** The first value. Null when the header is missing, which an empty one is not. */
  get(name: string): string | null {
    return text(header(view(lower(name))));
  }

  getAll(name: string): string[] {
    const found: string[] = [];
    const wanted = name.toLowerCase();
    const cell = memory.data(8);
    store<u64>(cell, 0);
    if (proxy_get_header_map_pairs(0, cell, cell + 4) != 0 || load<u32>(cell + 4) < 4) return found;
    const start = <usize>load<u32>(cell);
    const count = load<u32>(start);
    let at = start + 4 + count * 8;
    for (let i: u32 = 0; i < count; i++) {
      const nameSize = load<u32>(start + 4 + i * 8);
      const valueSize = load<u32>(start + 8 + i * 8);
      if (String.UTF8.decodeUnsafe(at, nameSize) == wanted) {
        found.push(String.UTF8.decodeUnsafe(at + nameSize + 1, valueSize));
      }
      at += nameSize + valueSize + 2;
    }
    return found;
  }

  /** Replace all values by one. */
  set(name: string, value: string): void {
    const key = lower(name);
    const content = String.UTF8.encode(value);
    proxy_replace_header_map_value(
      0,
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(content),
      content.byteLength,
    );
  }

  add(name: string, value: string): void {
    const key = lower(name);
    const content = String.UTF8.encode(value);
    proxy_add_header_map_value(
      0,
      changetype<usize>(key),
      key.byteLength,
      changetype<usize>(content),
      content.byteLength,
    );
  }

  remove(name: string): void {
    const key = lower(name);
    proxy_remove_header_map_value(0, changetype<usize>(key), key.byteLength);
  }
}

function lower(name: string): ArrayBuffer {
  return String.UTF8.encode(name.toLowerCase());
}

function view(buffer: ArrayBuffer): Bytes {
  return bytes(changetype<usize>(buffer), buffer.byteLength);
}

function text(value: Bytes): string | null {
  return value == MISSING ? null : String.UTF8.decodeUnsafe(pointerOf(value), lengthOf(value));
}
