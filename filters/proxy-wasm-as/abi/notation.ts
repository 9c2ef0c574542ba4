/** A WebAssembly value type, as the ABI uses them. */
export type ValueType = "i32" | "i64" | "f32" | "f64";

/** What a function takes and gives back, as WebAssembly sees it. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The enumerations of the ABI, which `enums.ts` lists. All are an `i32`. */
export type EnumName =
  | "Status"
  | "LogLevel"
  | "BufferType"
  | "MapType"
  | "StreamType"
  | "MetricType"
  | "Peer"
  | "Flow"
  | "Errno"
  | "ClockId"
  | "FileDescriptor";

/**
 * What a parameter is. `bytes` and `pairs` (a serialized map) are a pointer and a size; what begins with `out` is where the host writes
 * its answer: one pointer for a number, two for bytes, of which the host allocates the memory in the module.
 */
export type ParameterType =
  | EnumName
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "size"
  | "bool"
  | "pointer"
  | "bytes"
  | "pairs"
  | "out u32"
  | "out u64"
  | "out size"
  | "out LogLevel"
  | "out bytes"
  | "out pairs";

/** What a function gives back: nothing, or an `i32`. */
export type ResultType = "none" | "bool" | "pointer" | "u32" | "Status" | "Flow" | "Errno";

/** A row of the table as it is written down. */
export interface Row {
  /** One sentence or two: what it does, when it may be called, and which statuses it has besides `Ok`. */
  readonly doc: string;
  readonly takes: readonly (readonly [name: string, type: ParameterType])[];
  readonly gives: ResultType;
  /** Not in the ABI's specification: Envoy's own. */
  readonly envoy?: true;
}

/** A row, with the signature that follows from it. */
export interface AbiFunction extends Row, Signature {
  /** One for each parameter of the signature, in its order. */
  readonly names: readonly string[];
}

/** What a parameter is in JavaScript: one value or two. */
type Values<Type extends ParameterType> = Type extends "u64" | "i64"
  ? [value: bigint]
  : Type extends "bytes" | "pairs"
    ? [data: number, size: number]
    : Type extends "out bytes" | "out pairs"
      ? [returnData: number, returnSize: number]
      : [value: number];

/** The arguments that a host function gets in JavaScript, from the `takes` of its row. */
type Arguments<Takes extends Row["takes"]> = Takes extends readonly [
  readonly [string, infer Type extends ParameterType],
  ...infer Rest extends Row["takes"],
]
  ? [...Values<Type>, ...Arguments<Rest>]
  : [];

/** A host function in JavaScript, from its row. */
export type HostFunction<Function extends Row> = (
  ...args: Arguments<Function["takes"]>
) => Function["gives"] extends "none" ? void : number;

/** The parameters of one parameter of the table: their names and types in WebAssembly. */
function flatten([name, type]: readonly [string, ParameterType]): readonly (readonly [string, ValueType])[] {
  switch (type) {
    case "u64":
    case "i64":
      return [[name, "i64"]];
    case "bytes":
    case "pairs":
      return [
        [`${name}Data`, "i32"],
        [`${name}Size`, "i32"],
      ];
    case "out bytes":
    case "out pairs":
      return [
        [`return${capital(name)}Data`, "i32"],
        [`return${capital(name)}Size`, "i32"],
      ];
    default:
      return [[type.startsWith("out ") ? `return${capital(name)}` : name, "i32"]];
  }
}

/** The rows with their signatures. */
export function withSignatures(rows: Readonly<Record<string, Row>>): Readonly<Record<string, AbiFunction>> {
  const functions = Object.entries(rows).map(([name, row]): readonly [string, AbiFunction] => {
    const flat = row.takes.flatMap(flatten);
    return [
      name,
      {
        ...row,
        names: flat.map(([each]) => each),
        parameters: flat.map(([, type]) => type),
        results: row.gives === "none" ? [] : ["i32"],
      },
    ];
  });
  return Object.fromEntries(functions);
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
