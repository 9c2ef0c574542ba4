import { type HostFunctions, status } from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import { callForeign } from "../foreign.ts";
import type { Vm } from "../vm.ts";

const CRITICAL = 5;

/** Logs, the clock, timers, contexts and foreign functions. */
export function generalImports(
  vm: Vm,
): Pick<
  HostFunctions,
  | "proxy_log"
  | "proxy_get_log_level"
  | "proxy_get_current_time_nanoseconds"
  | "proxy_set_tick_period_milliseconds"
  | "proxy_done"
  | "proxy_set_effective_context"
  | "proxy_get_status"
  | "proxy_call_foreign_function"
> {
  const { guest, parts } = vm;
  return {
    proxy_log(level, data, size) {
      if (level > CRITICAL) return status.badArgument;
      const message = textOf(guest.read(data, size));
      if (level >= parts.logLevel) vm.log({ level, message });
      return status.ok;
    },
    proxy_get_log_level(level) {
      guest.store32(level, parts.logLevel);
      return status.ok;
    },
    proxy_get_current_time_nanoseconds(time) {
      guest.store64(time, parts.proxy.loop.now);
      return status.ok;
    },
    proxy_set_tick_period_milliseconds(period) {
      const root = vm.context?.root;
      if (root === undefined) return status.badArgument;
      vm.ticks.get(root)?.cancel();
      vm.ticks.delete(root);
      const next = (): void => {
        const timer = parts.proxy.loop.after(BigInt(period) * 1_000_000n, () => {
          vm.enter(root, "proxy_on_tick", root.id);
          if (vm.ticks.get(root) === timer) next();
        });
        vm.ticks.set(root, timer);
      };
      if (period > 0) next();
      return status.ok;
    },
    proxy_done() {
      const root = vm.context?.root;
      if (root === undefined || !vm.waiting.delete(root)) return status.notFound;
      vm.after(() => {
        vm.enter(root, "proxy_on_delete", root.id);
        vm.ticks.get(root)?.cancel();
        // A tick that is at work begins the next one only where there is one.
        vm.ticks.delete(root);
        vm.contexts.delete(root.id);
      });
      return status.ok;
    },
    proxy_set_effective_context: (id) => (vm.actFor(id) ? status.ok : status.badArgument),
    proxy_get_status(code, data, size) {
      const found = vm.context?.root.status ?? { code: 0, message: "" };
      guest.store32(code, found.code);
      return guest.give(new TextEncoder().encode(found.message), data, size);
    },
    proxy_call_foreign_function(name, nameSize, argument, argumentSize, result, resultSize) {
      const answer = callForeign(vm, textOf(guest.read(name, nameSize)), guest.read(argument, argumentSize));
      if (answer === status.notFound) return answer;
      const bytes = typeof answer === "number" ? new Uint8Array() : answer;
      // Who wants no result gives no place for it.
      if (result !== 0) guest.store32(result, bytes.length === 0 ? 0 : guest.allocate(bytes));
      if (resultSize !== 0) guest.store32(resultSize, bytes.length);
      return typeof answer === "number" ? answer : status.ok;
    },
  };
}
