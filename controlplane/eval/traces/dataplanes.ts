import { declaredDataplanes } from "../../language/check-imports.ts";
import type { Source } from "../../language/source.ts";
import { type PricedDataplane, priced } from "../../placement/priced.ts";

/** The kind of proxy that only sees connections. */
export const tcpDataplane = "tcp";

/** An Envoy that can do everything, and one without HTTP and without Wasm, which is taken to cost half of it. */
export const interfaces: Source = {
  path: "dataplanes.cui",
  text: `import "standard.cui";
dataplane envoy
cost: 2
---
dataplane ${tcpDataplane}
cost: 1

act Connection {
    action Allow(self, const service caller = "*", const service callee = "*"),
    action Deny(self),
}
`,
};

export const dataplanes: readonly PricedDataplane[] = priced(declaredDataplanes([interfaces]));
