/** The memory that the host writes what it hands over into, which goes when the callback ends: by itself, or as an object. */
export function allocate(size: usize): usize {
  return ASC_RUNTIME == 0 ? heap.alloc(size) : __new(size, idof<ArrayBuffer>());
}

/** Memory that stays, zeroed. In the arena, what is made later goes around it: so only for what grows a few times. */
export function persist(size: usize): usize {
  const start = ASC_RUNTIME == 0 ? __persist(size) : heap.alloc(size);
  memory.fill(start, 0, size);
  return start;
}
