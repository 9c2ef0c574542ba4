import { lengthOf, pointerOf } from "./bytes";
import { cell } from "./cell";
import { LogLevel } from "./enums";
import { proxy_get_log_level, proxy_log } from "./env";
import { holdsBack } from "./guard";
import { encodeBytes } from "./utf8";

/** The level may be changed in a running Envoy: after so many questions it is asked for again. */
const QUESTIONS = 256;
let level: u32 = 0;
let questions: u32 = 0;

/**
 * The host's log. Texts are written in UTF-8, and not at all when the host would drop them; a text that takes time to be made is asked for
 * first: `if (log.isEnabled(LogLevel.Debug)) log.debug(…)`. A policy in audit mode logs nothing. `proxy_log`.
 */
export namespace log {
  /** A line for each step, at the level `trace`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function trace(text: string): void {
    write(LogLevel.Trace, text);
  }

  /** A line for looking for a mistake, at the level `debug`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function debug(text: string): void {
    write(LogLevel.Debug, text);
  }

  /** A line for what is worth knowing, at the level `info`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function info(text: string): void {
    write(LogLevel.Info, text);
  }

  /** A line for what is not as it should be, at the level `warn`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function warn(text: string): void {
    write(LogLevel.Warn, text);
  }

  /** A line for what failed, at the level `error`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function error(text: string): void {
    write(LogLevel.Error, text);
  }

  /** A line for what ends the filter, at the level `critical`. `proxy_log`, and `proxy_get_log_level` once in a while. */
  export function critical(text: string): void {
    write(LogLevel.Critical, text);
  }

  /** Whether the host logs lines of this level, as it was within the last 256 lines. `proxy_get_log_level`. */
  export function isEnabled(wanted: LogLevel): bool {
    if (questions == 0) {
      store<u32>(cell, 0);
      proxy_get_log_level(cell);
      level = load<u32>(cell);
      questions = QUESTIONS;
    }
    questions--;
    return <u32>wanted >= level;
  }
}

function write(level: LogLevel, text: string): void {
  if (!log.isEnabled(level) || holdsBack()) return;
  const line = encodeBytes(text);
  proxy_log(level, pointerOf(line), lengthOf(line));
}
