import { type HostFunctions, status } from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import type { Vm } from "../vm.ts";

/** Counters, gauges and histograms. */
export function metricImports(
  vm: Vm,
): Pick<
  HostFunctions,
  "proxy_define_metric" | "proxy_record_metric" | "proxy_increment_metric" | "proxy_get_metric"
> {
  const { guest, metrics } = vm;
  return {
    proxy_define_metric(kind, name, size, out) {
      const id = metrics.define(kind, textOf(guest.read(name, size)));
      if (id === undefined) return status.badArgument;
      guest.store32(out, id);
      return status.ok;
    },
    proxy_record_metric: (id, value) => metrics.record(id, BigInt.asUintN(64, value)),
    proxy_increment_metric: (id, by) => metrics.increment(id, by),
    proxy_get_metric(id, out) {
      const found = metrics.get(id);
      if ("status" in found) return found.status;
      guest.store64(out, found.value);
      return status.ok;
    },
  };
}
