import { narrow, widen } from "./byte-string";
import { lengthOf, MISSING, pointerOf } from "./bytes";
import { clearRouteCache as clearCache } from "./bytes";
import { cell } from "./cell";
import { BufferType, Status } from "./enums";
import { proxy_call_foreign_function, proxy_get_buffer_bytes } from "./env";
import { holdsBack } from "./guard";

/** Functions of the host's own. What Envoy has is in docs/abi.md. A policy in audit mode calls none: what it would change nobody knows. */
export namespace foreign {
  /** Call one. Argument and result are byte strings; null when there is none of this name, or it failed. `proxy_call_foreign_function`. */
  export function call(name: string, argument: string = ""): string | null {
    const key = narrow(name);
    const given = narrow(argument);
    if (key == MISSING || given == MISSING || holdsBack()) return null;
    const status = proxy_call_foreign_function(
      pointerOf(key),
      lengthOf(key),
      pointerOf(given),
      lengthOf(given),
      cell + 4,
      cell,
    );
    return status != Status.Ok ? null : widen(load<u64>(cell));
  }

  /** In `onForeign`: what the host has called it with, a byte string. `proxy_get_buffer_bytes`. */
  export function argument(): string | null {
    const kind = BufferType.ForeignFunctionArguments;
    const status = proxy_get_buffer_bytes(kind, 0, i32.MAX_VALUE, cell + 4, cell);
    return status != Status.Ok ? null : widen(load<u64>(cell));
  }
}

/** Have Envoy choose the route again: it keeps the one that it chose before the filter changed headers. `NotFound` in a host that cannot. `proxy_call_foreign_function`. */
export function clearRouteCache(): Status {
  return holdsBack() ? Status.Ok : <Status>clearCache();
}
