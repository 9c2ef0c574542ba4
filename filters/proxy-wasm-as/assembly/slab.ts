import { persist } from "./memory";

// Records of one size for contexts, in memory that stays: found by the context, and used again when it has gone. A slab is where the next
// slab is, the size of its records, those that are free, where the next one would begin, for how many there is room, how
// many the last piece had, and a list for each bucket.
const BUCKETS: u32 = 256;
const SLAB: usize = 24;
const FIRST: u32 = 16;
const LARGEST: u32 = 4096;

// A record is its context, the next one of its list, a header of an object that the garbage collector never looks at, and what it holds.
const HEADER: usize = 28;
/** The color of what is pinned. */
const TRANSPARENT: u32 = 3;

let slabs: usize = 0;

/** A slab of records of this size. Made while the module starts. */
export function createSlab(size: usize): usize {
  const slab = persist(SLAB + <usize>BUCKETS * 4);
  store<u32>(slab, <u32>slabs);
  store<u32>(slab, <u32>(HEADER + size), 4);
  slabs = slab;
  return slab;
}

/**
 * Said first in a callback, while nothing of it is in memory: each slab has room for one record more. A slab that grew later in it would stand
 * above what the callback has made so far, such as the text of a body, and what is made later has to go around it.
 */
export function reserveRecords(): void {
  for (let slab: usize = slabs; slab != 0; slab = load<u32>(slab)) {
    if (load<u32>(slab, 8) == 0 && load<u32>(slab, 16) == 0) grow(slab);
  }
}

/** What is kept for a context; 0 when nothing is. */
export function findRecord(slab: usize, context: u32): usize {
  for (let record: usize = load<u32>(bucketOf(slab, context)); record != 0; record = load<u32>(record, 4)) {
    if (load<u32>(record) == context) return record + HEADER;
  }
  return 0;
}

/** Room for what is to be kept for a context that has none. */
export function addRecord(slab: usize, context: u32): usize {
  let record: usize = load<u32>(slab, 8);
  if (record != 0) {
    store<u32>(slab, load<u32>(record, 4), 8);
  } else {
    if (load<u32>(slab, 16) == 0) grow(slab);
    record = load<u32>(slab, 12);
    store<u32>(slab, <u32>record + load<u32>(slab, 4), 12);
    store<u32>(slab, load<u32>(slab, 16) - 1, 16);
  }
  const bucket = bucketOf(slab, context);
  store<u32>(record, context);
  store<u32>(record, load<u32>(bucket), 4);
  store<u32>(record, TRANSPARENT, 12);
  store<u32>(bucket, <u32>record);
  return record + HEADER;
}

/** Nothing is kept any longer for this context, in no slab. */
export function forgetRecords(context: u32): void {
  for (let slab: usize = slabs; slab != 0; slab = load<u32>(slab)) {
    let link = bucketOf(slab, context);
    for (let record: usize = load<u32>(link); record != 0; record = load<u32>(link)) {
      if (load<u32>(record) != context) {
        link = record + 4;
        continue;
      }
      store<u32>(link, load<u32>(record, 4));
      store<u32>(record, load<u32>(slab, 8), 4);
      store<u32>(slab, <u32>record, 8);
      break;
    }
  }
}

function grow(slab: usize): void {
  const before = load<u32>(slab, 20);
  const count = before == 0 ? FIRST : min(before * 2, LARGEST);
  store<u32>(slab, <u32>persist(<usize>load<u32>(slab, 4) * count), 12);
  store<u32>(slab, count, 16);
  store<u32>(slab, count, 20);
}

function bucketOf(slab: usize, context: u32): usize {
  return slab + SLAB + (<usize>(context % BUCKETS) << 2);
}
