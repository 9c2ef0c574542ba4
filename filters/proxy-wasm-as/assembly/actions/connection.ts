import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf } from "../bytes";
import { proxy_close_stream, proxy_define_metric, proxy_increment_metric, proxy_set_effective_context } from "../env";
import { append, appendBytes, begin as beginLine, view } from "../line";
import { blockOf, blockOfRoot, fact, listed } from "../plugins";
import {
  begin,
  callerAddress,
  callTo,
  finish,
  holdsBack,
  isFinished,
  isRefused,
  settle,
} from "../policy";

// What policies for TCP connections are made of, beside what all policies are. An open connection is known by its context:
// a record is the context, the root whose configuration let it in, and by bits which of the module's `CountBytes` count it.
let records: usize = 0;
let recordSize: u32 = 0;
/** How many there is room for: more than Envoy accepts at a time. */
export const CONNECTIONS: i32 = 16384;
const DOWNSTREAM: u32 = 2;
const SELF: usize = memory.data<u8>([64, 115, 101, 108, 102, 9]);
const CALLEE: usize = memory.data<u8>([64, 99, 97, 108, 108, 101, 101, 9]);
const CLOSE: usize = memory.data<u8>([64, 99, 108, 111, 115, 101, 9]);
const BUT: u8 = 33;

let used: u32 = 0;
// Of the connection that is being looked at.
let record: usize = 0;

/** Said before any connection: memory for all of them, each `size` bytes, which are 8 and 4 for each 32 `CountBytes`. */
export function keep(table: usize, size: u32): void {
  records = table;
  recordSize = size;
}

/** Begin with a new connection. The module's policies come next, then `established`. */
export function connecting(context: u32): void {
  begin(context);
  const block = blockOf(context);
  callTo(calleeIn(block));
  record = 0;
  if (block == 0 || used == CONNECTIONS || isClosing(block)) {
    finish();
    return;
  }
  record = records + used * recordSize;
  used++;
  store<u32>(record, context);
  store<u32>(record + 4, load<u32>(block));
  memory.fill(record + 8, 0, recordSize - 8);
}

/** Envoy's action: 0 goes on, and 1 is the end of it. */
export function established(): u32 {
  verdict();
  if (isFinished()) proxy_close_stream(DOWNSTREAM);
  __collect();
  return isFinished() ? 1 : 0;
}

/** Once the last policy with an `Allow` is done: what comes later is for connections that were admitted. */
export function verdict(): void {
  settle();
  if (isRefused()) finish();
}

/** A connection is over. */
export function forget(context: u32): void {
  const found = recordOf(context);
  if (found == 0) return;
  used--;
  memory.copy(found, records + used * recordSize, recordSize);
}

/**
 * A chain that is on its way out gets its configuration again with a line `@close ADDRESSES`, with `!` all but these: its
 * connections from there are closed, also those that another configuration in this VM let in, and new ones too. Called after `configure`.
 */
export function closeUnadmitted(root: u32): void {
  const block = blockOfRoot(root);
  if (fact(block, bytes(CLOSE, 7)) == MISSING) return;
  const callee = calleeIn(block);
  for (let i: u32 = 0; i < used; i++) {
    const context = load<u32>(records + i * recordSize);
    const own = blockOfRoot(load<u32>(records + i * recordSize + 4));
    if (!equal(calleeIn(own), callee) || proxy_set_effective_context(context) != 0) continue;
    begin(context);
    if (isClosing(block)) proxy_close_stream(DOWNSTREAM);
  }
}

/** `Deny` of a connection. */
export function closeConnection(): void {
  if (isFinished() || holdsBack()) return;
  finish();
}

/** `CountBytes`: from here on the connection's bytes are counted at this site of the module. */
export function countBytes(site: u32): void {
  if (record == 0 || holdsBack()) return;
  const word = wordOf(record, site);
  store<u32>(word, load<u32>(word) | (1 << (site & 31)));
}

/** The counter of a `CountBytes`; 0 when Envoy has none. */
export function byteCounter(name: Bytes, received: bool): u32 {
  const cell = memory.data(4);
  beginLine("wire.");
  appendBytes(name);
  append(received ? ".received" : ".sent");
  const full = view();
  return proxy_define_metric(0, pointerOf(full), lengthOf(full), cell) == 0 ? load<u32>(cell) : 0;
}

/** What is known of this connection, for `addBytes`. */
export function countedAt(context: u32): usize {
  return recordOf(context);
}

export function addBytes(counted: usize, site: u32, counter: u32, size: u32): void {
  if (counted != 0 && (load<u32>(wordOf(counted, site)) & (1 << (site & 31))) != 0 && size > 0) proxy_increment_metric(counter, size);
}

function wordOf(counted: usize, site: u32): usize {
  return counted + 8 + ((site >> 5) << 2);
}

function isClosing(block: usize): bool {
  const addresses = fact(block, bytes(CLOSE, 7));
  if (addresses == MISSING) return false;
  const start = pointerOf(addresses);
  const size = lengthOf(addresses);
  const but: usize = size > 0 && load<u8>(start) == BUT ? 1 : 0;
  return listed(start + but, callerAddress()) != (but == 1);
}

/** Outbound a chain is for one callee; inbound it is the service itself. */
function calleeIn(block: usize): Bytes {
  if (block == 0) return MISSING;
  const callee = fact(block, bytes(CALLEE, 8));
  return callee == MISSING ? fact(block, bytes(SELF, 6)) : callee;
}

/** The newest are at the end. */
function recordOf(context: u32): usize {
  for (let i = used; i > 0; i--) {
    const at = records + (i - 1) * recordSize;
    if (load<u32>(at) == context) return at;
  }
  return 0;
}
