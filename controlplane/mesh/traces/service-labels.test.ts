import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromYaml } from "../from-yaml.ts";
import { plainMesh, plainService } from "../suite.ts";
import { toYaml } from "../to-yaml.ts";
import { serviceLabels } from "./service-labels.ts";

const labelOf = (name: string) => serviceLabels([name]).labels.get(name);

describe("serviceLabels", () => {
  test.each([
    ["cart", "cart"],
    ["Cart_Service", "cart-service"],
    ["MS_58845", "ms-58845"],
    ["shop/Cart.v2", "shop/cart-v2"],
    ["--a..b--", "a-b"],
    ["a/b/c", "a-b-c"],
    ["/a", "a"],
    ["outside", "outside-c38eecc4"],
    ["客户", "svc-6ef91e56"],
    ["x".repeat(64), `${"x".repeat(54)}-d19b1ac5`],
  ])("%s is %s", (name, label) => {
    expect(labelOf(name)).toBe(label);
  });

  test("of those with one label the one that is it keeps it, and all are told", () => {
    const { labels, collisions } = serviceLabels(["Cart_Service", "cart-service", "cart.service", "rate"]);
    expect(labels.get("cart-service")).toBe("cart-service");
    expect(labels.get("rate")).toBe("rate");
    expect(labels.get("cart.service")).toMatch(/^cart-service-[0-9a-f]{8}$/);
    expect(collisions).toEqual([
      { label: "cart-service", names: ["Cart_Service", "cart-service", "cart.service"] },
    ]);
  });

  test("not even a name that looks like one that was marked is taken twice", () => {
    const { labels } = serviceLabels(["outside", "outside-c38eecc4"]);
    expect(labels.get("outside-c38eecc4")).toBe("outside-c38eecc4");
    expect(labels.get("outside")).toMatch(/^outside-(?!c38eecc4)[0-9a-f]{8}$/);
  });

  test("all are different, a mesh file takes them, and their order does not matter", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 70 }),
      fc.stringMatching(/^[aA_./-]{0,4}$/),
      fc.constantFrom("outside", "Outside", "null", "a/b", "A/b"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), (names) => {
        const { labels } = serviceLabels(names);
        const given = [...labels.values()];
        expect(new Set(given).size).toBe(names.length);
        const services = given.map((label) => plainService(label, { entry: true }));
        const { diagnostics } = fromYaml({ path: "m", text: toYaml(plainMesh("m", services, [])) });
        expect(diagnostics).toEqual([]);
        const turned = serviceLabels(names.toReversed()).labels;
        for (const each of names) expect(turned.get(each)).toBe(labels.get(each));
      }),
      { numRuns: 300 },
    );
  });
});
