import { type HostFunctions, status } from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import { createFetch } from "../fetches.ts";
import { createHeaderMap } from "../header-map.ts";
import { readPairs } from "../pairs.ts";
import type { Vm } from "../vm.ts";

const BROKEN_CONNECTION = 11;
const mandatory = [":method", ":path", ":authority"];

/** HTTP callouts, which are always the root context's. */
export function fetchImports(vm: Vm): Pick<HostFunctions, "proxy_http_call"> {
  const { guest, parts } = vm;
  return {
    proxy_http_call(
      cluster,
      clusterSize,
      headers,
      headersSize,
      body,
      bodySize,
      trailers,
      trailersSize,
      timeout,
      out,
    ) {
      guest.store32(out, 0);
      const name = textOf(guest.read(cluster, clusterSize));
      const root = vm.context?.root;
      if (root === undefined || (timeout | 0) < 0 || !parts.clusters.has(name)) return status.badArgument;
      const map = createHeaderMap([], "request");
      map.setAll(readPairs(guest.read(headers, headersSize)));
      if (mandatory.some((each) => map.get(each) === undefined)) return status.badArgument;
      const id = vm.nextCallId(0);
      const fetch = createFetch({
        cluster: name,
        headers: map,
        body: guest.read(body, bodySize),
        trailers: readPairs(guest.read(trailers, trailersSize)),
        timeoutMs: timeout,
        after: (nanoseconds, run) => parts.proxy.loop.after(nanoseconds, run),
        done(answer) {
          parts.proxy.loop.later(() => {
            if (answer === null) root.status = { code: BROKEN_CONNECTION, message: "reset" };
            else root.received = answer;
            const counts = [
              answer?.headers.count ?? 0,
              answer?.body.length ?? 0,
              answer?.trailers?.count ?? 0,
            ];
            vm.after(() => {
              root.received = {};
              if (answer === null) root.status = { ...root.status, message: "" };
            });
            vm.enter(root, "proxy_on_http_call_response", root.id, id, ...counts);
          });
          parts.proxy.loop.settle();
        },
      });
      parts.proxy.loop.later(() => parts.clusters.fetch(fetch));
      guest.store32(out, id);
      return status.ok;
    },
  };
}
