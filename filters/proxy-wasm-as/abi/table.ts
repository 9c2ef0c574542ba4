// The one table of Proxy-Wasm ABI 0.2.1 and of what Envoy adds. From it come the filters' raw imports and enumerations and the reference
// page (`npm run gen:abi`), the types of the host's functions, and what a module is checked against.
import { callbackRows } from "./callbacks.ts";
import { hostRows, wasiRows } from "./host-functions.ts";
import { type AbiFunction, type HostFunction, type Row, withSignatures } from "./notation.ts";

export { enums, status } from "./enums.ts";
export type {
  AbiFunction,
  EnumName,
  ParameterType,
  ResultType,
  Row,
  Signature,
  ValueType,
} from "./notation.ts";

export type HostFunctionName = keyof typeof hostRows;
export type WasiFunctionName = keyof typeof wasiRows;
export type CallbackName = keyof typeof callbackRows;

/** What a host function is in JavaScript, pointers and all: of `bytes` a pointer and a size. A host that lacks one does not compile. */
export type HostFunctions = {
  readonly [Name in HostFunctionName]: HostFunction<(typeof hostRows)[Name]>;
};

/** The same of the WASI functions. */
export type WasiFunctions = {
  readonly [Name in WasiFunctionName]: HostFunction<(typeof wasiRows)[Name]>;
};

/** Host functions of the ABI, module `env`, in the order of its specification. */
export const hostFunctions: Readonly<Record<string, AbiFunction>> = withSignatures(
  hostRows satisfies Readonly<Record<string, Row>>,
);

/** WASI functions that Envoy offers, module `wasi_snapshot_preview1`. */
export const wasiFunctions: Readonly<Record<string, AbiFunction>> = withSignatures(
  wasiRows satisfies Readonly<Record<string, Row>>,
);

/** What a module may export for the host to call. The ABI marker is the only one that it must. */
export const callbacks: Readonly<Record<string, AbiFunction>> = withSignatures(
  callbackRows satisfies Readonly<Record<string, Row>>,
);

/** Foreign functions that Envoy registers, for `proxy_call_foreign_function`. */
export const foreignFunctions: Readonly<Record<string, string>> = {
  clear_route_cache: "Choose the route again, after headers were changed. No argument, no result.",
  verify_signature: "Verify a signature; the argument and the result are messages of protobuf.",
  sign: "Sign; the argument and the result are messages of protobuf.",
  compress: "Compress with zlib; bytes in, bytes out.",
  uncompress: "Uncompress what zlib has compressed; bytes in, bytes out.",
  set_envoy_filter_state: "Write filter state with a life span; the argument is a message of protobuf.",
  declare_property:
    "Say of which type and for how long a property is; the argument is a message of protobuf.",
  expr_create: "Compile an expression of CEL; a number out.",
  expr_evaluate: "Evaluate one; its number in, the serialized value out.",
  expr_delete: "Forget one; its number in.",
};
