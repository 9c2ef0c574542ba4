import { forgetLasting } from "./call-table";
import { proxy_continue_stream } from "./env";
import { forgetFirst } from "./first-piece";
import { gone, setGone } from "./gone";
import { acted, audits, ended, forgetEnd, passes, resumed, setActed } from "./guard";
import { isOwnAnswer } from "./own-answer";
import { begin, beginPlugin, isOff, leave, runs, works } from "./policy";
import { stream } from "./phase";
import { blockOfRoot } from "./plugins";
import { restrict } from "./reserved";
import { addRecord, createSlab, findRecord, forgetRecords } from "./slab";

// What Wire says around the callbacks of a filter that is called several times for a stream, or waits for answers. Whether the policy is for
// the stream is found out when it is called first, and holds for all that follows.

const FOR_IT: u32 = 1;
/** It is known whether the response is a policy's own answer, and it is. */
const RESPONDED: u32 = 2;
const OWN_ANSWER: u32 = 4;
/** An audited policy has been counted for this stream, and would have ended it. */
const COUNTED: u32 = 8;
const OVER: u32 = 16;
/** Paused by what was returned: of the request, and shifted by one of the response. */
const PAUSED: u32 = 32;
/** It is a connection. */
const TCP: u32 = 128;

/** A record for each stream: these bits. */
let slab: usize = 0;
/** Of the stream that the callback is for; 0 of a plugin. */
let record: usize = 0;

/** Begin a callback of a request's or a connection's: whether the policy is for it. */
export function applies(context: u32): bool {
  return asked(context, 0) && (bits() & OVER) == 0;
}

/** The same of a response. The answers of policies are no responses. */
export function appliesToResponse(context: u32): bool {
  if (!asked(context, 2) || (bits() & OVER) != 0) return false;
  if ((bits() & RESPONDED) == 0) add(isOwnAnswer() ? RESPONDED | OWN_ANSWER : RESPONDED);
  return (bits() & OWN_ANSWER) == 0;
}

/** The same of a stream that has ended, whatever has ended it. */
export function appliesToEnd(context: u32): bool {
  record = 0;
  return blockOfRoot(context) == 0 && asked(context, 0);
}

/** Begin a callback that no stream has led to: the policy is at work whoever calls whom. */
export function appliesToPlugin(root: u32): bool {
  restrict();
  record = 0;
  beginPlugin(root);
  return !isOff(0) && works(0);
}

/** Begin the answer to a call of a stream, or of the plugin, `context`; of one that has gone when that is 0. */
export function appliesToAnswer(context: u32): bool {
  record = 0;
  if (context == 0) return false;
  return blockOfRoot(context) != 0 ? appliesToPlugin(context) : applies(context);
}

/** Keep in mind whether the policy is for a new connection. */
export function rememberConnection(context: u32, found: bool): void {
  remember(context, found ? FOR_IT | TCP : TCP);
}

/** The end of a callback. With `last` nothing more is to come that could be waited for. */
export function finish(flow: u32, last: u32 = 1): u32 {
  return endOf(flow, 0, last);
}

/** The same of a response, or of what the server sends. */
export function finishResponse(flow: u32, last: u32 = 1): u32 {
  return endOf(flow, 1, last);
}

/** The same of one that no stream has led to, and of the answer to a call: what waits for it may still do so. */
export function finishPlugin(): void {
  end();
}

function asked(context: u32, headers: u32): bool {
  restrict();
  begin(context, headers);
  record = slab == 0 ? 0 : findRecord(slab, context);
  if (record != 0) {
    if ((bits() & FOR_IT) == 0) return false;
    if (!isOff(0)) return works(0);
    // Switched off in the middle: it is over here, also when it is switched on again.
    add(OVER);
    letGo(0);
    letGo(1);
    return false;
  }
  const found = runs(0);
  remember(context, found ? FOR_IT : 0);
  return found;
}

function remember(context: u32, some: u32): void {
  if (slab == 0) slab = createSlab(4);
  record = addRecord(slab, context);
  store<u32>(record, some);
}

function endOf(flow: u32, direction: u32, last: u32): u32 {
  const given = passes(direction, last) ? 0 : flow;
  if (record != 0) {
    // What this callback returns lets go on what it has paused before, or does not.
    remove(PAUSED << direction);
    if (given == 1) add(PAUSED << direction);
  }
  end();
  return given;
}

function end(): void {
  if (record != 0) {
    if (ended) add(OVER);
    // An audited policy has not let go by itself: what it had to hold is known here.
    if (!audits()) remove((resumed & 3) * PAUSED);
    if (ended || (resumed & 1) != 0) letGo(0);
    if (ended || (resumed & 2) != 0) letGo(1);
    if (acted && (bits() & COUNTED) != 0) setActed(false);
    else if (acted) {
      add(COUNTED);
      forgetLasting(stream);
    }
  } else if (gone != 0) {
    if (acted) forgetLasting(gone);
    // What was asked for the stream meanwhile.
    forgetRecords(gone);
    setGone(0);
  } else {
    // No request has led to it, of which it could be counted.
    setActed(false);
  }
  forgetEnd();
  leave();
}

/** Let go on what the policy holds up. */
function letGo(direction: u32): void {
  if ((bits() & (PAUSED << direction)) == 0) return;
  remove(PAUSED << direction);
  if (direction == 0) forgetFirst(stream);
  proxy_continue_stream((bits() & TCP) == 0 ? direction : direction + 2);
}

function bits(): u32 {
  return load<u32>(record);
}

function add(some: u32): void {
  store<u32>(record, bits() | some);
}

function remove(some: u32): void {
  store<u32>(record, bits() & ~some);
}
