import { forgetEnd, passes, setActed } from "./guard";
import { isOwnAnswer } from "./own-answer";
import { begin, beginPlugin, isOff, leave, runs, works } from "./policy";
import { restrict } from "./reserved";

// What Wire says around the callbacks of a filter that is called once for a stream; around those of others, what `remember.ts` has.

/** Begin a callback of a stream's: whether the policy is for it. */
export function applies(context: u32): bool {
  restrict();
  begin(context);
  return runs(0);
}

/** The same of a response. The answers of policies are no responses. */
export function appliesToResponse(context: u32): bool {
  restrict();
  begin(context, 2);
  return !isOwnAnswer() && runs(0);
}

/** Begin a callback that no stream has led to: the policy is at work whoever calls whom. */
export function appliesToPlugin(root: u32): bool {
  restrict();
  beginPlugin(root);
  return !isOff(0) && works(0);
}

/** The end of a callback. With `last` nothing more is to come that could be waited for. */
export function finish(flow: u32, last: u32 = 1): u32 {
  const given = passes(0, last) ? 0 : flow;
  forgetEnd();
  leave();
  return given;
}

/** The same of one that no stream has led to, of which nothing could be counted. */
export function finishPlugin(): void {
  setActed(false);
  finish(0);
}
