// When what a module made goes, which is for its entry to say: a filter that said so would take away what it still uses.

/** Said when a module has started: what it made then outlives the callbacks. */
export function keep(): void {
  if (ASC_RUNTIME == 0) __keep();
}

/** Said last in a callback: what it made goes. */
export function collect(): void {
  __collect();
}
