// Written by `npm run gen:abi` from abi/table.ts: the host functions of the module `wasi_snapshot_preview1` as they are.

/** Log what the buffers hold: 1 at `Info`, 2 at `Error`. */
export declare function fd_write(descriptor: u32, buffers: usize, count: usize, returnWritten: usize): u32;

/** The time in nanoseconds. */
export declare function clock_time_get(clock: u32, precision: u64, returnTime: usize): u32;

/** Fill memory with random bytes. */
export declare function random_get(bufferData: usize, bufferSize: usize): u32;

/** How many environment variables there are, and how many bytes they need. */
export declare function environ_sizes_get(returnCount: usize, returnBytes: usize): u32;

/** The environment variables of the plugin. */
export declare function environ_get(pointers: usize, texts: usize): u32;

/** No arguments: two zeros. */
export declare function args_sizes_get(returnCount: usize, returnBytes: usize): u32;

/** Never called where there are none. */
export declare function args_get(pointers: usize, texts: usize): u32;

/** Ends the VM with a failure. */
export declare function proc_exit(code: u32): void;
