import { cell } from "./cell";
import { Status } from "./enums";
import { proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds } from "./env";

/** The time in nanoseconds since 1970. It may be set back. `proxy_get_current_time_nanoseconds`. */
export function now(): u64 {
  store<u64>(cell, 0);
  proxy_get_current_time_nanoseconds(cell);
  return load<u64>(cell);
}

/** Have `onTick` called each so many milliseconds, on each worker; 0 ends it. To be called in `onConfigure`. `proxy_set_tick_period_milliseconds`. */
export function setTickPeriod(periodMs: u32): Status {
  return proxy_set_tick_period_milliseconds(periodMs);
}
