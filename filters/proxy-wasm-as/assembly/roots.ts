import { addRecord, createSlab, findRecord } from "./slab";

/** Which root context each stream is of. */
let slab: usize = 0;

/** A context begins. */
export function created(context: u32, parent: u32): void {
  if (parent == 0) return;
  if (slab == 0) slab = createSlab(4);
  store<u32>(addRecord(slab, context), parent);
}

/** The root context of a stream; of a root context itself. */
export function rootOf(context: u32): u32 {
  const record: usize = slab == 0 ? 0 : findRecord(slab, context);
  return record == 0 ? context : load<u32>(record);
}
