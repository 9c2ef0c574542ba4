import { addRecord, createSlab, findRecord } from "./slab";

/** Which root context each stream is of. */
let slab: usize = 0;

/** A context begins. */
export function created(context: u32, parent: u32): void {
  if (parent == 0) return;
  if (slab == 0) slab = createSlab(4);
  store<u32>(addRecord(slab, context), parent);
}

/** The configurations that there are, where `onDelete` has to be told from whose end it is called. */
let roots: usize = 0;

/** A plugin configuration begins. */
export function beginRoot(root: u32): void {
  if (roots == 0) roots = createSlab(0);
  if (!isRoot(root)) addRecord(roots, root);
}

/** Whether this context is a plugin configuration's, not a stream's. */
export function isRoot(context: u32): bool {
  return roots != 0 && findRecord(roots, context) != 0;
}

/** The root context of a stream; of a root context itself. */
export function rootOf(context: u32): u32 {
  const record: usize = slab == 0 ? 0 : findRecord(slab, context);
  return record == 0 ? context : load<u32>(record);
}
