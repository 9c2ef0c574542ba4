/** A module as V8 has compiled it. By a name of its own, since who reads the declarations of the package may have the types of neither a browser nor Node. */
export type CompiledModule = object;
