import {
  type HostFunctions,
  hostFunctions,
  status,
  type WasiFunctions,
  wasiFunctions,
} from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import { OutOfBounds } from "../guest.ts";
import type { Vm } from "../vm.ts";
import { bufferImports } from "./buffers.ts";
import { fetchImports } from "./fetch.ts";
import { generalImports } from "./general.ts";
import { grpcImports } from "./grpc.ts";
import { headerImports } from "./headers.ts";
import { metricImports } from "./metrics.ts";
import { propertyImports } from "./properties.ts";
import { sharedImports } from "./shared.ts";
import { streamImports } from "./streams.ts";
import { wasiImports } from "./wasi.ts";

/** All that a module can import. One that is in the table and not here does not compile. */
export function importsFor(vm: Vm): Readonly<Record<string, object>> {
  const env: HostFunctions = {
    ...generalImports(vm),
    ...headerImports(vm),
    ...bufferImports(vm),
    ...streamImports(vm),
    ...fetchImports(vm),
    ...grpcImports(vm),
    ...sharedImports(vm),
    ...metricImports(vm),
    ...propertyImports(vm),
  };
  const wasi: WasiFunctions = wasiImports(vm);
  return {
    env: Object.fromEntries(
      Object.keys(hostFunctions).map((name) => [name, guarded(vm, name, asAny(env, name))]),
    ),
    wasi_snapshot_preview1: Object.fromEntries(
      Object.keys(wasiFunctions).map((name) => [name, checked(asAny(wasi, name), FAULT)]),
    ),
  };
}

type Any = (...args: (number | bigint)[]) => number | undefined;

/** WASI's EFAULT. */
const FAULT = 21;

/** WebAssembly gives arguments as its signatures say, which are those of the table. */
function asAny(functions: HostFunctions | WasiFunctions, name: string): Any {
  return Reflect.get(functions, name);
}

function guarded(vm: Vm, name: string, run: Any): Any {
  const checking = checked(run, status.invalidMemory);
  const short = name.slice("proxy_".length);
  return (...args) => {
    if (vm.guest.isRestricted && name !== "proxy_log") throw new Error(`restricted_callback: ${name}`);
    const isForeign = name === "proxy_call_foreign_function";
    vm.called(isForeign ? `${short}:${textOf(vm.guest.read(Number(args[0]), Number(args[1])))}` : short);
    return checking(...args);
  };
}

/** Signed as WebAssembly gives them, pointers and sizes are not. */
function checked(run: Any, fault: number): Any {
  return (...args) => {
    try {
      return run(...args.map((each) => (typeof each === "number" ? each >>> 0 : each)));
    } catch (error) {
      if (error instanceof OutOfBounds) return fault;
      throw error;
    }
  };
}
