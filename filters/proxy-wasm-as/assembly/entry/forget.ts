import { forgetCalls } from "../grpc-stream";
import { waiting } from "../inside";
import { forgetPlugin } from "../per-plugin";
import { forgetRecords } from "../slab";

/** What has gone while a callback waited that still uses what is kept of it. */
class Gone {
  constructor(
    readonly context: u32,
    readonly before: Gone | null,
  ) {}
}

let last: Gone | null = null;

/** A stream, or a plugin configuration, has gone. */
export function forgetStream(context: u32): void {
  forgetCalls(context);
  forgetRecords(context);
  forgetPlugin(context);
}

/** The same, once no callback is left that may be about it. */
export function forgetInTime(context: u32): void {
  if (waiting != 0) last = new Gone(context, last);
  else forgetStream(context);
}

/** Said when no callback waits any more. */
export function forgetGone(): void {
  let gone: Gone | null = last;
  while (gone !== null) {
    const here: Gone = gone;
    forgetStream(here.context);
    gone = here.before;
  }
  last = null;
}
