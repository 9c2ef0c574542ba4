import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { format } from "../../language/format.ts";
import { comparables, notCompared } from "./comparables.ts";
import { claimedRatio, type PolicyLines, policyLines, ratioOf } from "./policy-lines.ts";

const root = resolve(import.meta.dirname, "../../..");
const yamlOf = (name: string): string => readFileSync(join(import.meta.dirname, name, "istio.yaml"), "utf8");

test("each folder is of one that is compared", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((each) =>
    each.isDirectory(),
  );
  expect(folders.map(({ name }) => name).sort()).toEqual(comparables.map(({ name }) => name).sort());
});

test("each policy of the examples is compared, and each file that is named is there", () => {
  const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
  for (const path of examples.filter((each) => each.endsWith(".cup")))
    expect(comparables.map(({ policy }) => policy)).toContain(`examples/${path}`);
  for (const { policy, mesh, imports } of comparables)
    for (const path of [policy, mesh, ...imports]) expect(existsSync(join(root, path)), path).toBe(true);
});

test.each(comparables)(
  "the YAML of $name is laid out as Istio's documentation lays it out, and says nothing twice",
  ({ name }) => {
    const documents = parseAllDocuments(yamlOf(name));
    const values = documents.map((document) => document.toJS());
    const objects = values.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(objects).size).toBe(objects.length);
    for (const { errors } of documents) expect(errors).toEqual([]);
    // One key and one item a line: what `yaml` writes by itself.
    const anew = values.map((value) => stringify(value, { lineWidth: 0 })).join("---\n");
    const written = yamlOf(name).replace(/^(#.*\n)+/, "");
    expect(written).toBe(anew);
  },
);

test("the policies are laid out as `wire fmt` lays them out", () => {
  for (const { policy } of comparables.filter((each) => each.policy.endsWith(".cup"))) {
    const text = readFileSync(join(root, policy), "utf8");
    expect(format({ path: policy, text }).text, policy).toBe(text);
  }
});

test("lines and kinds are those of the files", () => {
  const rows = policyLines();
  expect(rows.map(({ name }) => name)).toEqual(comparables.map(({ name }) => name));
  expect(rows.find(({ name }) => name === "hot-path")).toMatchObject({
    form: "Copper",
    own: 8,
    istio: 30,
    kinds: { VirtualService: 2 },
  });
  for (const { own, istio, kinds } of rows) {
    expect(own).toBeGreaterThan(0);
    const documents = Object.values(kinds).reduce((sum, count) => sum + count, 0);
    expect(istio).toBeGreaterThan(5 * documents);
  }
});

test("so many lines have policies, so many has their YAML, and of claims some are met", () => {
  const rows = policyLines();
  const table = rows.map(({ name, own, istio }) => `${name} ${own} ${istio} ${(istio / own).toFixed(2)}`);
  expect(table.join("\n")).toMatchInlineSnapshot(`
    "bookinfo-p1 14 37 2.64
    bookinfo-p2 8 13 1.63
    hotel-reservation-p1 21 52 2.48
    hotel-reservation-p2 19 156 8.21
    online-boutique-p1 16 92 5.75
    online-boutique-p2 8 13 1.63
    social-network-p1 16 107 6.69
    social-network-p2 22 171 7.77
    reviews-v2 9 29 3.22
    catalog-of-recommendation 7 21 3.00
    cart-of-checkout 6 21 3.50
    no-quotes-for-bots 9 21 2.33
    hot-path 8 30 3.75
    canary-rate 10 29 2.90
    no-scrapers 7 19 2.71
    canary-by-cookie 52 48 0.92
    redact-secrets 171 26 0.15
    sticky-hash 96 17 0.18
    jwt-claim 213 25 0.12
    request-size-guard 45 19 0.42
    token-bucket 169 37 0.22"
  `);
  const ratio = (form: PolicyLines["form"]): string =>
    ratioOf(rows.filter((row) => row.form === form)).toFixed(2);
  expect([ratio("Copper"), ratio("filter code")]).toMatchInlineSnapshot(`
    [
      "4.58",
      "0.25",
    ]
  `);
  const met = rows.filter(({ own, istio }) => istio / own >= claimedRatio);
  expect(met.map(({ name }) => name)).toEqual(["hotel-reservation-p2", "social-network-p2"]);
});

test("each ready-made policy stands beside YAML, or it is said why not", () => {
  const policies = readdirSync(join(root, "filters"), { withFileTypes: true })
    .filter((each) => each.isDirectory() && each.name !== "proxy-wasm-as" && each.name !== "node_modules")
    .map(({ name }) => name);
  const compared = comparables.flatMap(({ policy }) => /^filters\/([^/]+)/.exec(policy)?.[1] ?? []);
  expect([...compared, ...Object.keys(notCompared)].sort()).toEqual(policies.sort());
});
