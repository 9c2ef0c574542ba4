/** What is given as a literal, of which what is left out is as its class says: so it is in AssemblyScript of any class, for which the build puts `T`. */
export type Given<T> = { [K in keyof T]?: T[K] };
