import { Bytes, bytes, equal, lengthOf, log, MISSING, pointerOf } from "./bytes";
import { proxy_define_metric, proxy_get_buffer_bytes } from "./env";
import { append, appendBytes, appendNumber, begin, view } from "./line";

// One block per root context in one static region, so that neither a new configuration nor a removed root leaks:
// root, size, count, then for each policy flags, start and length of the peers and the metric, then the text itself.
// Envoy gives equal code with one vm_id one VM, where a configuration lives until the last stream of it has ended: there is room
// for eight of the longest. Pages that are never written to cost an instance no memory.
const CAPACITY: usize = 524288;
const region: usize = memory.data(524288);
const LONGEST: usize = 65536;
const ENTRY: u32 = 16;
const STREAMS: u32 = 4096;
const streams: usize = memory.data(32768);
const PLUGIN_CONFIGURATION: u32 = 7;

let used: usize = 0;
let recorded: u32 = 0;
let onlyRoot: u32 = 0;
let newest: u32 = 0;

export const OUTBOUND: u32 = 1;
export const AUDIT: u32 = 2;
export const ALL: u32 = 4;
export const COMPLEMENT: u32 = 8;

/** The streams of the only root need no record: which root is theirs is clear. */
export function created(context: u32, parent: u32): void {
  if (parent == 0 || parent == onlyRoot || recorded == STREAMS) return;
  store<u32>(streams + recorded * 8, context);
  store<u32>(streams + recorded * 8 + 4, parent);
  recorded++;
}

export function deleted(context: u32): void {
  for (let i = recorded; i > 0; i--) {
    const at = streams + (i - 1) * 8;
    if (load<u32>(at) != context) continue;
    recorded--;
    store<u64>(at, load<u64>(streams + recorded * 8));
    return;
  }
  if (blockOfRoot(context) == 0) return;
  remove(context);
  const first = region;
  onlyRoot = used > 0 && <usize>load<u32>(first + 4) == used ? load<u32>(first) : 0;
  if (onlyRoot != 0) recorded = 0;
  if (context == newest) newest = used > 0 ? load<u32>(first) : 0;
}

/** The configuration block of a stream; 0 when there is none. */
export function blockOf(context: u32): usize {
  for (let i = recorded; i > 0; i--) {
    const at = streams + (i - 1) * 8;
    if (load<u32>(at) == context) return blockOfRoot(load<u32>(at + 4));
  }
  return blockOfRoot(onlyRoot != 0 ? onlyRoot : newest);
}

export function flagsOf(block: usize, policy: u32): u32 {
  return load<u32>(block + 12 + policy * ENTRY);
}

export function peersOf(block: usize, policy: u32): Bytes {
  const at = block + 12 + policy * ENTRY;
  return bytes(block + load<u32>(at + 4), load<u32>(at + 8));
}

/** A field behind the peers: the mode first, then the parameters. */
export function fieldOf(block: usize, policy: u32, place: u32): Bytes {
  const peers = peersOf(block, policy);
  const stop = find8(pointerOf(peers), block + load<u32>(block + 4), 10);
  let at = pointerOf(peers) + lengthOf(peers);
  for (; place > 0; place--) at = find8(min(at + 1, stop), stop, 9);
  at = min(at + 1, stop);
  return bytes(at, find8(at, stop, 9) - at);
}

/** The first field of the policy's line. */
export function nameOf(block: usize, policy: u32): Bytes {
  const first = textOf(block);
  let start = block + load<u32>(block + 12 + policy * ENTRY + 4);
  while (start > first && load<u8>(start - 1) != 10) start--;
  return bytes(start, find8(start, block + load<u32>(block + 4), 9) - start);
}

/** The counter of an audited policy; 0 for the others. */
export function metricOf(block: usize, policy: u32): u32 {
  return load<u32>(block + 12 + policy * ENTRY + 12);
}

/** The lines that start with `@`, as `@self NAME` and `@peer NAME ADDRESSES` (tabs between), say who is who. */
export function fact(block: usize, key: Bytes): Bytes {
  const end = block + load<u32>(block + 4);
  let at = textOf(block);
  while (at < end) {
    const stop = find8(at, end, 10);
    if (lengthOf(key) < stop - at && equal(bytes(at, lengthOf(key)), key)) {
      return bytes(at + lengthOf(key), stop - at - lengthOf(key));
    }
    at = stop + 1;
  }
  return MISSING;
}

/** The name in the line `@peer NAME ADDRESSES` that lists this address. */
export function callerIn(block: usize, address: Bytes): Bytes {
  const end = block + load<u32>(block + 4);
  for (let at = textOf(block); at < end; ) {
    const stop = find8(at, end, 10);
    const name = find8(at, stop, 9) + 1;
    if (is(at, name - 1, "@peer")) {
      const addresses = find8(name, stop, 9) + 1;
      if (addresses <= stop && listed(bytes(addresses, stop - addresses), address)) {
        return bytes(name, addresses - 1 - name);
      }
    }
    at = stop + 1;
  }
  return MISSING;
}

function textOf(block: usize): usize {
  return block + 12 + load<u32>(block + 8) * ENTRY;
}

/** Whether a comma-separated list has this item. */
export function listed(list: Bytes, item: Bytes): bool {
  if (list == MISSING || item == MISSING) return false;
  const end = pointerOf(list) + lengthOf(list);
  let at = pointerOf(list);
  while (at < end) {
    const stop = find8(at, end, 44);
    if (equal(bytes(at, stop - at), item)) return true;
    at = stop + 1;
  }
  return false;
}

/** Take a configuration; false, with a log line that says why, when it cannot be understood. `names` end in newlines. */
export function configure(root: u32, size: usize, names: Bytes): bool {
  let count: u32 = 0;
  for (let i: usize = 0; i < lengthOf(names); i++) if (load<u8>(pointerOf(names) + i) == 10) count++;
  let text: Bytes = 0;
  if (size > 0) {
    const cell = memory.data(8);
    store<u64>(cell, 0);
    if (proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, cell, cell + 4) == 0) {
      text = bytes(load<u32>(cell), load<u32>(cell + 4));
    }
  }
  const head: usize = 12 + count * ENTRY;
  const total = (head + lengthOf(text) + 3) & ~3;
  const old = blockOfRoot(root);
  const before = old != 0 ? <usize>load<u32>(old + 4) : 0;
  if (total > LONGEST) return refuse("it is too long", 0);
  if (used - before + total > CAPACITY) return refuse("too many others are still in use", 0);
  // The new block is written behind the others only once the text is understood.
  const table = heap.alloc(head);
  memory.fill(table, 0, head);
  const end = pointerOf(text) + lengthOf(text);
  let at = pointerOf(text);
  let line: u32 = 0;
  let next: u32 = 0;
  while (at < end) {
    line++;
    const stop = find8(at, end, 10);
    if (stop > at && load<u8>(at) != 64) {
      const name = find8(at, stop, 9);
      const direction = find8(min(name + 1, stop), stop, 9);
      if (name >= stop || direction >= stop)
        return refuse("expected NAME, DIRECTION and PEERS between tabs", line);
      const peers = find8(direction + 1, stop, 9);
      if (next == count || !equal(nameAt(names, next), bytes(at, name - at)))
        return refuse("no such policy here, or out of order", line);
      let flags: u32 = 0;
      const way = name + 1;
      if (is(way, direction, "outbound")) flags |= OUTBOUND;
      else if (!is(way, direction, "inbound"))
        return refuse("the direction must be `inbound` or `outbound`", line);
      if (peers < stop) {
        const mode = find8(peers + 1, stop, 9);
        if (is(peers + 1, mode, "audit")) flags |= AUDIT;
        else if (!is(peers + 1, mode, "enforce"))
          return refuse("the mode must be `enforce` or `audit`", line);
      }
      let start = direction + 1;
      if (is(start, peers, "*")) flags |= ALL;
      else if (start < peers && load<u8>(start) == 33) {
        flags |= COMPLEMENT;
        start++;
      } else if (start == peers) return refuse("the peers are empty", line);
      const entry = table + 12 + next * ENTRY;
      store<u32>(entry, flags);
      store<u32>(entry + 4, <u32>(head + (start - pointerOf(text))));
      store<u32>(entry + 8, <u32>(peers - start));
      if ((flags & AUDIT) != 0) store<u32>(entry + 12, defineCounter(bytes(at, name - at)));
      next++;
    }
    at = stop + 1;
  }
  if (next < count) return refuse("a policy has no line", 0);
  store<u32>(table, root);
  store<u32>(table + 4, <u32>total);
  store<u32>(table + 8, count);
  remove(root);
  const block = region + used;
  memory.copy(block, table, head);
  memory.copy(block + head, pointerOf(text), lengthOf(text));
  memory.fill(block + head + lengthOf(text), 10, total - head - lengthOf(text));
  heap.free(table);
  if (used == 0) onlyRoot = root;
  // The streams so far were the old root's and stay unrecorded; those of the new one are recorded from here on.
  used += total;
  newest = root;
  return true;
}

/** `wire.audit.POLICY`, which Envoy keeps for all its workers. One that it knows already is the same counter again. */
function defineCounter(policy: Bytes): u32 {
  const cell = memory.data(4);
  begin("wire.audit.");
  appendBytes(policy);
  const name = view();
  return proxy_define_metric(0, pointerOf(name), lengthOf(name), cell) == 0 ? load<u32>(cell) : 0;
}

function nameAt(names: Bytes, index: u32): Bytes {
  const end = pointerOf(names) + lengthOf(names);
  let at = pointerOf(names);
  for (; index > 0; index--) at = find8(at, end, 10) + 1;
  return bytes(at, find8(at, end, 10) - at);
}

function is(start: usize, end: usize, text: string): bool {
  if (end < start || end - start != <usize>text.length) return false;
  for (let i = 0; i < text.length; i++) if (load<u8>(start + i) != <u8>text.charCodeAt(i)) return false;
  return true;
}

function find8(start: usize, end: usize, byte: u8): usize {
  while (start < end && load<u8>(start) != byte) start++;
  return start;
}

/** The configuration block of a root context; 0 when there is none. */
export function blockOfRoot(root: u32): usize {
  for (let at = region; at < region + used; at += load<u32>(at + 4)) if (load<u32>(at) == root) return at;
  return 0;
}

function remove(root: u32): void {
  const block = blockOfRoot(root);
  if (block == 0) return;
  const size = <usize>load<u32>(block + 4);
  memory.copy(block, block + size, region + used - block - size);
  used -= size;
}

function refuse(reason: string, line: u32): bool {
  begin("configuration refused: ");
  append(reason);
  if (line > 0) {
    append(" in line ");
    appendNumber(line);
  }
  log(4, view());
  return false;
}
