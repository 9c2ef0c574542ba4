import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { emulatedServices } from "../cli/emulated-services.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput } from "../pipeline/build.ts";
import { place } from "../placement/solve.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { applicationNames } from "./application-names.ts";
import { loaded } from "./loaded.test-helper.ts";
import { servicesOf } from "./services-of.ts";

const folder = join(import.meta.dirname, "applications");

test("each folder is of an application that is named", () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...applicationNames]);
});

/** The paths of all calls that a request by this path leads to, as the emulator makes them. */
function pathsOf(
  services: readonly EmulatedService[],
  requested: string,
  passed: readonly string[],
): readonly string[] {
  const own = services.filter(({ service }) => service === passed.at(-1));
  const callees = own.flatMap(({ calls }) =>
    calls
      .filter(({ to, paths }) => !passed.includes(to) && (paths?.includes(requested) ?? true))
      .map(({ to }) => to),
  );
  return [
    passed.join(" "),
    ...[...new Set(callees)].flatMap((to) => pathsOf(services, requested, [...passed, to])),
  ];
}

/** A second reading of contexts, as far as these go: names, `.*` and sets. */
function regexOf(context: string): RegExp {
  const parts = [...context.matchAll(/\.\*|\[([^\]]*)\]|[a-z][\w-]*|->|\s+|./gu)].map(([token, names]) => {
    if (token === ".*") return "(?:\\S+ )*";
    if (names !== undefined)
      return `(?:${names
        .split(",")
        .map((name) => `${name.trim()} `)
        .join("|")})`;
    if (token === "->" || token.trim() === "") return "";
    expect(token).toMatch(/^[a-z]/u);
    return `${token} `;
  });
  return new RegExp(`^(?:\\S+ )*${parts.join("")}$`, "u");
}

describe.each(applicationNames)("%s", (name) => {
  test("its services and calls are those of the example mesh, with versions where policies choose one", async () => {
    const { mesh } = await loaded(name, "p1");
    const path = join(folder, `../../../examples/meshes/${name}.yaml`);
    const { mesh: example } = fromYaml({ path, text: readFileSync(path, "utf8") });
    const shapeOf = (of: Mesh | undefined) => ({
      services: [...(of?.services.values() ?? [])].map(({ name: service, protocol, entry }) => ({
        service,
        protocol,
        entry,
      })),
      calls: of?.calls.map(({ from, to }) => `${from} ${to}`),
    });
    const { services, calls } = shapeOf(mesh);
    const expected = shapeOf(example);
    // Its store is not in the example.
    const isExtra = (text: string) => name === "bookinfo" && text.endsWith("mongodb");
    expect(services.filter(({ service }) => !isExtra(service))).toEqual(expected.services);
    expect(calls?.filter((call) => !isExtra(call))).toEqual(expected.calls);
  });

  test("the calls that are listed as covered are those of its requests that the policies are for", async () => {
    const { application, mesh, policies, meshFile } = await loaded(name, "p1");
    const services = servicesOf(emulatedServices(mesh, addressPlan(mesh)), application);
    const all = application.requests.flatMap(({ path }) => pathsOf(services, path, [application.entry]));
    const checked = checkInput({ policies, mesh: meshFile }).policies;
    const { p1 } = application.covered;
    expect([...new Set(p1.map(({ policy }) => policy))].sort()).toEqual(
      checked.map((each) => each.name).sort(),
    );
    for (const { policy, paths } of p1) {
      const { source, contextSpan } = checked.find((each) => each.name === policy) ?? {};
      const text = source?.text.slice(contextSpan?.start, contextSpan?.end).replace(/^'|'$/gu, "") ?? "";
      const isFor = regexOf(text);
      expect([...new Set(all.filter((path) => isFor.test(`${path} `)))].sort()).toEqual([...paths].sort());
    }
  });

  test("who may open connections to its stores is who the policies allow, and each caller of its mesh", async () => {
    const { application, mesh, policies } = await loaded(name, "p1p2");
    const text = policies.find(({ path }) => path.endsWith("p2.cup"))?.text ?? "";
    const allowed = [...text.matchAll(/Allow\(connection, "(.*?)", "(.*?)"\)/gu)].map(
      ([, from, to]) => `${from} ${to}`,
    );
    const listed = Object.entries(application.covered.p2?.allowed ?? {}).flatMap(([store, callers]) =>
      callers.map((caller) => `${caller} ${store}`),
    );
    const called = mesh.calls
      .filter(({ to }) => mesh.services.get(to)?.protocol === "tcp")
      .map(({ from, to }) => `${from} ${to}`);
    expect(listed.sort()).toEqual(allowed.sort());
    expect(listed.sort()).toEqual(called.sort());
  });
});

test.each([
  ["bookinfo", ["productpage", "ratings"]],
  ["hotel-reservation", ["search"]],
  ["online-boutique", ["checkoutservice", "productcatalogservice"]],
  ["social-network", ["compose-post-service", "nginx-thrift", "post-storage-service"]],
])("of %s %j have a proxy", async (name, expected) => {
  const { mesh, policies, meshFile } = await loaded(name, "p1");
  const { policies: checked, dataplanes } = checkInput({ policies, mesh: meshFile });
  const { placement } = await place(checked, mesh, { dataplanes });
  expect(placement?.status).toBe("optimal");
  expect(placement?.proxies.map(({ service }) => service).sort()).toEqual(expected);
});
