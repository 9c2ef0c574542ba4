/** Which headers actions are about: those of the request, 0, or of the response, 2. Also says which body: 0 or 1. */
export let phase: u32 = 0;

/** The stream that is looked at. */
export let stream: u32 = 0;

/** Another number in each callback: what was read in one holds until the next. */
export let turn: u32 = 0;

export function enterPhase(headers: u32, context: u32): void {
  phase = headers;
  stream = context;
  turn++;
}
