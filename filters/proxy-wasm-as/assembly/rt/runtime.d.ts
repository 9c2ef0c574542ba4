// What asc links every module with, for the editor's view: `arena.ts` for generated code, asc's own `minimal` for filter code.
declare function __new(size: usize, id: u32): usize;
declare function __collect(): void;
/** Bytes of all objects that there are; of `minimal` alone. */
declare function __total(): usize;
declare function __room(): usize;
declare function __keep(): void;
declare function __persist(size: usize): usize;
