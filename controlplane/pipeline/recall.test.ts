import { expect, test } from "vitest";
import { type Build, build, type Input } from "./build.ts";

const mesh = {
  path: "mesh.yaml",
  text: "name: m\nidentity: address\nservices: {a: {entry: true}, b: {}, c: {}}\ncalls: {a: [b], b: [c]}\n",
};
const policy = (name: string, context: string) => ({
  path: `${name}.cup`,
  text: `policy ${name} ( act (Request r) context ('${context}') ) { SetHeader(r, "x-${name}", "1"); }\n`,
});

async function built(input: Input, last?: Build): Promise<Build> {
  const result = await build(input, last === undefined ? {} : { last });
  if (result.build === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return result.build;
}

test("of two builds, what was made from the same texts is the same, and what changed is as if built afresh", async () => {
  const first = await built({ mesh, policies: [policy("p", "a -> b"), policy("q", "b -> c")] });
  const changed = { mesh: { ...mesh }, policies: [policy("p", "a -> b"), policy("q", "a -> b")] };
  const second = await built(changed, first);
  expect(second.mesh).toBe(first.mesh);
  expect(second.policies.map((each, index) => each === first.policies[index])).toEqual([true, false]);
  const afresh = await build(changed, { previous: JSON.parse(JSON.stringify(first.placement)) });
  expect(second.placement).toEqual(afresh.build?.placement);
});

test("another mesh, or another interface, leaves nothing as it was", async () => {
  const input = { mesh, policies: [policy("p", "a -> b")] };
  const first = await built(input);
  const other = await built(
    { ...input, mesh: { ...mesh, text: mesh.text.replace("name: m", "name: n") } },
    first,
  );
  expect(other.mesh).not.toBe(first.mesh);
  expect(other.policies[0]).not.toBe(first.policies[0]);
  const proxy = {
    path: "d.cui",
    text: "dataplane thin\ncost: 3\n\nact Request { action SetHeader(self, string, string) }\n",
  };
  const thin = await built({ ...input, policies: [...input.policies, proxy] }, first);
  expect(thin.mesh).not.toBe(first.mesh);
  expect(thin.placement.cost).toBe(3);
});
