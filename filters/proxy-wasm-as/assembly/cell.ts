/** Where the host writes what it says beside a status; what stands there holds until the next call. A view's size comes first, as in `Bytes`. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy export const cell: usize = memory.data(16);
