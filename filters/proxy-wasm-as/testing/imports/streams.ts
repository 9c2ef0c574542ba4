import { type HostFunctions, status } from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import { readPairs } from "../pairs.ts";
import type { Vm } from "../vm.ts";

const UPSTREAM = 3;

/** What becomes of a request or a connection. */
export function streamImports(
  vm: Vm,
): Pick<HostFunctions, "proxy_continue_stream" | "proxy_close_stream" | "proxy_send_local_response"> {
  const { guest } = vm;
  return {
    proxy_continue_stream: (kind) =>
      kind > UPSTREAM ? status.badArgument : (vm.context?.resume(kind) ?? status.ok),
    proxy_close_stream: (kind) =>
      kind > UPSTREAM ? status.badArgument : (vm.context?.close(kind) ?? status.ok),
    proxy_send_local_response(code, details, detailsSize, body, bodySize, headers, headersSize, grpcStatus) {
      vm.context?.reply({
        status: code,
        details: textOf(guest.read(details, detailsSize)).replace(/[ \t\n\v\f\r]/g, "_"),
        body: guest.read(body, bodySize),
        headers: readPairs(guest.read(headers, headersSize)),
        grpcStatus: grpcStatus | 0,
      });
      vm.stopNext();
      return status.ok;
    },
  };
}
