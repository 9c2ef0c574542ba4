import { Bytes, bytes, lengthOf, log, MISSING, pointerOf, same } from "./bytes";
import { proxy_define_metric, proxy_get_buffer_bytes } from "./env";
import { AUDIT } from "./guard";

// One block per root context in one region, so that neither a new configuration nor a removed root leaks: root, size and where the
// table begins, then the text, which ends with a newline, and the table: for each policy flags, where its peers begin, and the metric.
// Envoy gives equal code with one vm_id one VM, where a configuration lives until the last stream of it has ended: there is
// room for eight of the longest beside a new one. Pages that are never written to cost an instance no memory.
const CAPACITY: usize = 589824;
// A line is no shorter than 12 bytes and its entry in the table has 12: so much may be written before it is known to be too much.
const REGION: usize = 753664;
const LONGEST: usize = 65536;
// What is left of it is for the beginning of the line that says what is wrong.
const HEAD: usize = 40;
const ENTRY: usize = 12;
// A stream's root is at the place of its number: Envoy counts them up, so that this many later ones have to begin before it is lost.
const STREAMS: u32 = 65536;
const cell: usize = memory.data(8);
const PLUGIN_CONFIGURATION: u32 = 7;

let used: usize = 0;
// Where a text is being read.
let at: usize = 0;

export const OUTBOUND: u32 = 1;
export const ALL: u32 = 4;
export const COMPLEMENT: u32 = 8;

const TAB: u8 = 9;
const NEWLINE: u8 = 10;
const BUT: u8 = 33;
const EVERYBODY: u8 = 42;
const COMMA: u8 = 44;
const FACT: u8 = 64;
// What is read of these words are their first letters.
const A_UDIT: u8 = 97;
const E_NFORCE: u8 = 101;
const I_NBOUND: u8 = 105;
const O_UTBOUND: u8 = 111;
// "@p" of "@peer", which no other fact begins with.
const PEER: u16 = 0x7040;

// "wire.audit.configuration refused: "
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const WORDS: usize = memory.data<u8>([
  119, 105, 114, 101, 46, 97, 117, 100, 105, 116, 46, 99, 111, 110, 102, 105, 103, 117, 114, 97, 116, 105, 111, 110, 32, 114, 101, 102, 117, 115, 101, 100, 58, 32,
]);
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const AUDIT_COUNTER: usize = WORDS;
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const REFUSED: usize = WORDS + 11;
const REFUSED_SIZE: usize = 23;

export function created(context: u32, parent: u32): void {
  store<u32>(rootOf(context), parent);
}

/** Of streams nothing has to be forgotten. */
export function deleted(context: u32): void {
  remove(blockOfRoot(context));
}

/** The configuration block of a stream; 0 when there is none. */
export function blockOf(context: u32): usize {
  return blockOfRoot(load<u32>(rootOf(context)));
}

/** The configuration block of a root context; 0 when there is none. */
export function blockOfRoot(root: u32): usize {
  for (let block = region(); block < region() + used; block += load<u32>(block, 4)) {
    if (load<u32>(block) == root) return block;
  }
  return 0;
}

/** The block of the configuration that came last; 0 when there is none. */
export function newestBlock(): usize {
  let newest: usize = 0;
  for (let block = region(); block < region() + used; block += load<u32>(block, 4)) newest = block;
  return newest;
}

/** What is known of a policy: its flags first. */
export function entryOf(block: usize, policy: u32): usize {
  return block + load<u32>(block, 8) + <usize>policy * ENTRY;
}

/** Where its list of peers begins. */
export function peersIn(block: usize, entry: usize): usize {
  return block + load<u32>(entry, 4);
}

/** The counter of an audited policy; 0 for the others. */
export function metricIn(entry: usize): u32 {
  return load<u32>(entry, 8);
}

/** A field behind the peers: the mode first, then the parameters. */
export function fieldOf(block: usize, policy: u32, place: u32): Bytes {
  at = peersIn(block, entryOf(block, policy));
  for (next(); place > 0; place--) next();
  return field();
}

/** The first field of the policy's line. */
export function nameOf(block: usize, policy: u32): Bytes {
  at = peersIn(block, entryOf(block, policy));
  while (at > block + HEAD && load<u8>(at - 1) != NEWLINE) at--;
  return field();
}

/** The lines that start with `@`, as `@self NAME` and `@peer NAME ADDRESSES` (tabs between), say who is who. */
export function fact(block: usize, key: Bytes): Bytes {
  at = block + HEAD;
  return factFrom(block, key);
}

/** The same of the next line that starts so, behind the one that was read last. */
export function nextFact(block: usize, key: Bytes): Bytes {
  skipLine();
  return factFrom(block, key);
}

function factFrom(block: usize, key: Bytes): Bytes {
  const end = block + load<u32>(block, 8);
  for (; at < end; skipLine()) {
    if (!same(at, pointerOf(key), lengthOf(key))) continue;
    at += lengthOf(key);
    return field();
  }
  return MISSING;
}

/** The field behind the one that was read last. */
export function nextField(): Bytes {
  return field();
}

/** The name in the line `@peer NAME ADDRESSES` that lists this address. */
export function callerIn(block: usize, address: Bytes): Bytes {
  const end = block + load<u32>(block, 8);
  for (at = block + HEAD; at < end; skipLine()) {
    if (load<u16>(at) != PEER) continue;
    next();
    const name = field();
    if (listed(next(), address)) return name;
  }
  return MISSING;
}

/** Whether the list that begins here has this item: the comma, and what ends a list, are less than all that an item is made of. */
export function listed(start: usize, item: Bytes): bool {
  let end = start - 1;
  do {
    start = ++end;
    while (load<u8>(end) > COMMA) end++;
    if (end - start == lengthOf(item) && same(start, pointerOf(item), end - start)) return true;
  } while (load<u8>(end) == COMMA);
  return false;
}

/**
 * Take a configuration; false when it cannot be understood, with a log line that ends with what was read of the line that is wrong, or
 * with nothing when it is empty or too long, lacks a policy, or has no room beside others in use. `names` end in newlines.
 */
export function configure(root: u32, size: usize, names: Bytes): bool {
  // The new block is written behind the others, and is one of them only once it is understood.
  const block = region() + used;
  const text = block + HEAD;
  at = text;
  let line = text;
  if (size - 1 < LONGEST) {
    store<u64>(cell, 0);
    proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, cell + 4, cell);
    const end = text + load<u32>(cell);
    memory.copy(text, load<u32>(cell, 4), load<u32>(cell));
    store<u8>(end, NEWLINE);
    let entry = end + 1;
    let name = pointerOf(names);
    for (; at < end; line = at) {
      if (load<u8>(at) != FACT) {
        const size = readPolicy(block, entry, name);
        if (size == 0) break;
        name += size;
        entry += ENTRY;
      }
      skipLine();
    }
    const total = entry - block;
    if (at >= end && name == pointerOf(names) + lengthOf(names) && used + total <= CAPACITY) {
      store<u32>(block, root);
      store<u32>(block, <u32>total, 4);
      store<u32>(block, <u32>(end + 1 - block), 8);
      const old = blockOfRoot(root);
      used += total;
      remove(old);
      return true;
    }
  }
  memory.copy(line - REFUSED_SIZE, REFUSED, REFUSED_SIZE);
  log(4, bytes(line - REFUSED_SIZE, at - line + REFUSED_SIZE));
  return false;
}

/** Understand the line of the policy that is called this. How far the next name is; 0 when the field read last is wrong. */
function readPolicy(block: usize, entry: usize, name: usize): usize {
  const said = next();
  const size = at - said;
  if (load<u8>(name + size) != NEWLINE || !same(name, said, size)) return 0;
  const way = load<u8>(next());
  if (way != I_NBOUND && way != O_UTBOUND) return 0;
  let flags = way == O_UTBOUND ? OUTBOUND : 0;
  let peers = next();
  if (at == peers) return 0;
  const sign = load<u8>(peers);
  if (sign == EVERYBODY) flags |= ALL;
  if (sign == BUT) {
    flags |= COMPLEMENT;
    peers++;
  }
  store<u32>(entry, <u32>(peers - block), 4);
  const mode = load<u8>(next());
  if (mode == A_UDIT) {
    flags |= AUDIT;
    // `wire.audit.POLICY`, which Envoy keeps for all its workers. One that it knows already is the same counter again.
    memory.copy(entry + ENTRY, AUDIT_COUNTER, 11);
    memory.copy(entry + ENTRY + 11, said, size);
    proxy_define_metric(0, entry + ENTRY, 11 + size, entry + 8);
  } else if (mode != E_NFORCE && mode != NEWLINE) return 0;
  store<u32>(entry, flags);
  return size + 1;
}

/** Where the next field of a line begins, with `at` where it ends; there is none where both are one. */
function next(): usize {
  if (load<u8>(at) == TAB) at++;
  const start = at;
  while (<u32>load<u8>(at) - TAB > 1) at++;
  return start;
}

function field(): Bytes {
  const start = next();
  return bytes(start, at - start);
}

function skipLine(): void {
  while (load<u8>(at++) != NEWLINE) {}
}

function remove(block: usize): void {
  if (block == 0) return;
  const size = load<u32>(block, 4);
  used -= size;
  memory.copy(block, block + size, region() + used - block);
}

function rootOf(context: u32): usize {
  return region() + REGION + (<usize>(context & (STREAMS - 1)) << 2);
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function region(): usize {
  // The arena leaves room for it behind what is static, where its address makes no other one long.
  return ASC_RUNTIME == 0 ? __room() : reserved();
}

function reserved(): usize {
  return memory.data(1015808);
}
