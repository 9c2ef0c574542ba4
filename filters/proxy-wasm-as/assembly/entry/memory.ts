import { waiting } from "../inside";

// When what a module made goes, which is for its entry to say: a filter that said so would take away what it still uses.

/** Said when a module has started: what it made then outlives the callbacks. */
export function keep(): void {
  if (ASC_RUNTIME == 0) __keep();
}

/** So much is made between two collections at least, and at most where more is kept. In bytes. */
const LEAST: usize = 256 << 10;
const MOST: usize = 1 << 20;

let limit: usize = LEAST;

/**
 * Said last in a callback: what it made goes. Where objects are kept, what goes is looked for through all of them, so that is done only once half as much
 * has been made as is kept.
 */
export function collect(): void {
  // The callback around it goes on with what it has made.
  if (waiting != 0) return;
  if (ASC_RUNTIME == 0) {
    __collect();
  } else if (__total() >= limit) {
    __collect();
    const kept = __total();
    limit = kept + max(LEAST, min(MOST, kept / 2));
  }
}
