import { describe, expect, test } from "vitest";
import type { Addresses } from "../codegen/module.ts";
import type { AddressPlan } from "../xds/address-plan.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { closing } from "./closing.ts";

/** Services are known by their first letter. */
const addresses: AddressPlan = {
  service: (name) => ({ address: `${name[0]}1`, port: 1 }),
  instances: (name) => [{ address: `${name[0]}1`, port: 1 }],
  proxy: (name) => `${name[0]}2`,
  listener: () => ({ address: "127.0.0.1", port: 1 }),
  sources: (name) => [`${name[0]}1`, `${name[0]}2`],
};
const module = {
  sha256: "",
  bytes: new Uint8Array(),
  policies: [],
  failure: "closed",
  imports: [],
  exports: [],
  actions: [],
  tags: [],
} as const;
const slots = [{ name: "slot", place: "slot", vmId: "vm", module, configuration: "@self\tx\n" }];
const nobody: Addresses = { except: false, list: [] };
const everybody: Addresses = { except: true, list: [] };

const laid = { generation: "00000000", places: [], slots };
const ingress = (refuses: Addresses): LaidChain => ({
  ...{ service: "db", direction: "inbound", refuses },
  ...laid,
});
const egress = (service: string, refuses: Addresses, callee = "db"): LaidChain => ({
  service,
  direction: "outbound",
  callee,
  refuses,
  ...laid,
});

const told = (chain: LaidChain, ...after: readonly LaidChain[]): string | undefined =>
  /@close\t(.*)\n/.exec(closing(chain, after, addresses).slots[0]?.configuration ?? "")?.[1];

describe("a chain on its way out closes what the next ones refuse", () => {
  test("at ingress", () => {
    const old = ingress(nobody);
    expect(told(old, ingress({ except: false, list: ["w1", "w2"] }))).toBe("w1,w2");
    expect(told(old, ingress({ except: true, list: ["a1", "a2"] }))).toBe("!a1,a2");
    expect(told(old, ingress(everybody))).toBe("!");
    expect(closing(old, [ingress(nobody)], addresses)).toBe(old);
  });

  test("at egress", () => {
    expect(told(egress("web", nobody), egress("web", everybody))).toBe("!");
    expect(told(egress("web", nobody), egress("api", everybody))).toBeUndefined();
    expect(told(egress("web", nobody), egress("web", everybody, "cache"))).toBeUndefined();
  });

  test("whichever side the next one is on", () => {
    expect(told(egress("web", nobody), ingress({ except: false, list: ["w1", "w2"] }))).toBe("!");
    expect(told(egress("web", nobody), ingress({ except: true, list: ["w1", "w2"] }))).toBeUndefined();
    expect(told(ingress(nobody), egress("web", everybody))).toBe("w1,w2");
  });

  test("whichever of several refuses it", () => {
    const both = (first: Addresses, second: Addresses): string | undefined =>
      told(ingress(nobody), ingress(first), ingress(second));
    expect(both({ except: false, list: ["w1"] }, { except: false, list: ["a1"] })).toBe("a1,w1");
    expect(both({ except: true, list: ["a1", "w1"] }, { except: true, list: ["a1", "j1"] })).toBe("!a1");
    expect(both({ except: true, list: ["a1", "w1"] }, { except: false, list: ["w1"] })).toBe("!a1");
  });

  test("and nothing of requests", () => {
    const requests: LaidChain = { service: "db", direction: "inbound", ...laid };
    expect(closing(requests, [ingress(everybody)], addresses)).toBe(requests);
  });
});
