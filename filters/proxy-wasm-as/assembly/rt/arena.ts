// A runtime for code whose memory lives as long as one callback: allocation moves a pointer, and `__collect`,
// called when a callback ends, moves it back. What must outlive a callback stands in static memory.
const HEADER: usize = 20;
// Memory that the SDK keeps between callbacks.
const ROOM: usize = 1015808;

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline @global
export function __room(): usize {
  return (__heap_base + 15) & ~15;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function base(): usize {
  return __room() + ROOM;
}


// How much is in use above what is static, and how much of it stays.
let used: usize = 0;
let kept: usize = 0;
// What stays, too, and stands above what a callback had made by then: where each one ends, the next one further up, and what it is. What is
// allocated later goes around them. The lowest, the next one ahead, and the one that was gone around last.
const ISLAND: usize = 8;
let islands: usize = 0;
let ahead: usize = 0;
let behind: usize = 0;

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __alloc(size: usize): usize {
  let start = base() + used;
  while (true) {
    // Where nothing sets `islands`, since there is no `__persist`, this is left out.
    if (islands != 0 && ahead != 0 && size > ahead - start) {
      used = load<u32>(ahead);
      start = base() + used;
      behind = ahead;
      ahead = load<u32>(ahead, 4);
      continue;
    }
    // In pages, where no sum is too large; each of the two may end in another page than it begins in.
    if ((start >>> 16) + (size >>> 16) + 2 <= <usize>memory.size()) break;
    if (memory.grow(1) < 0) unreachable();
  }
  // Nothing is aligned: WebAssembly reads and writes anywhere.
  used += size;
  return start;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __realloc(pointer: usize, size: usize): usize {
  // The old size is not kept, so this copies up to the end of what was used; it stays inside memory.
  const rest = base() + used - pointer;
  const moved = __alloc(size);
  memory.copy(moved, pointer, min(size, rest));
  return moved;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __free(_pointer: usize): void {}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __new(size: usize, id: u32): usize {
  const block = __alloc(size + HEADER + 12) + 12;
  const pointer = block + HEADER;
  store<u32>(pointer - 8, id);
  store<u32>(pointer - 4, <u32>size);
  memory.fill(pointer, 0, size);
  return pointer;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __renew(old: usize, size: usize): usize {
  const pointer = __new(size, load<u32>(old - 8));
  memory.copy(pointer, old, min(size, <usize>load<u32>(old - 4)));
  return pointer;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __link(_parent: usize, _child: usize, _multiple: bool): void {}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __pin(pointer: usize): usize {
  return pointer;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __unpin(_pointer: usize): void {}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
function __visit(_pointer: usize, _cookie: u32): void {}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __collect(): void {
  used = kept;
  if (islands == 0) return;
  ahead = islands;
  behind = 0;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __keep(): void {
  kept = used;
  islands = 0;
  behind = 0;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@unsafe @global
export function __persist(size: usize): usize {
  const island = __alloc(ISLAND + size);
  if (island == base() + kept) {
    // Nothing is below that would go.
    kept = used;
  } else {
    store<u32>(island, <u32>used);
    store<u32>(island, <u32>ahead, 4);
    if (behind == 0) islands = island;
    else store<u32>(behind, <u32>island, 4);
    behind = island;
  }
  return island + ISLAND;
}
