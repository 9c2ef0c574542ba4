import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { startMesh } from "./start-mesh.ts";

const filter = `import { Request } from "proxy-wasm-as";
export const context = "a -> app";
export const side = "ingress";
export function onRequest(request: Request): void {
  const wanted = request.headers.get("x-loop");
  if (wanted === "deny") request.deny(403, "");
  if (wanted === "while") while (true) {}
  if (wanted === "recursion") request.headers.set("x-found", down(1).toString());
  request.headers.set("x-filter", "ran");
}
function down(n: i32): i32 {
  return n % 40 == 0 ? 0 : down(n + 1) + down(n + 1) * n;
}
`;

test("a filter without an end answers 503 once, is named in the log, and a new VM takes the next requests", async () => {
  const mesh = {
    path: "mesh.yaml",
    text: "name: two\nidentity: address\nservices:\n  a: { entry: true }\n  app: { port: 8080 }\ncalls:\n  a: [app]\n",
  };
  const { build: made, diagnostics } = await build({
    policies: [{ path: "filters/loops.ts", text: filter }],
    mesh,
  });
  expect(diagnostics).toEqual([]);
  if (made === undefined) throw new Error("the filter does not build");
  let log = "";
  await using running = await startMesh(made, {
    onLog: (service, chunk) => {
      if (service === "app") log += chunk;
    },
  });
  const target = running.target("a", "app");
  const ask = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const signal = AbortSignal.timeout(5000);
    return (await fetch(`http://${target?.address}:${target?.port}/`, { headers, signal })).status;
  };
  expect(await ask({})).toBe(200);
  for (const [index, loop] of ["while", "recursion"].entries()) {
    const start = performance.now();
    expect(await ask({ "x-loop": loop }), loop).toBe(503);
    expect(performance.now() - start).toBeLessThan(3000);
    await expect.poll(() => ask({}), { timeout: 10_000, interval: 100 }).toBe(200);
    // It is the filter that runs, not that it is left out.
    expect(await ask({ "x-loop": "deny" })).toBe(403);
    const said = log.match(/loops: callback proxy_on_request_headers went over its budget of \d+/g) ?? [];
    expect(said).toHaveLength(index + 1);
  }
});
