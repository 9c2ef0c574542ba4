import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { startMesh } from "./start-mesh.ts";

const filter = `import { Request, Response } from "proxy-wasm-as";
export const context = "a -> app";
export const side = "ingress";
export function onRequest(request: Request): void {
  const wanted = request.headers.get("x-loop");
  if (wanted === "deny") request.deny(403, "");
  if (wanted === "while") while (true) {}
  if (wanted === "recursion") request.headers.set("x-found", down(1).toString());
  if (wanted === "depth") request.headers.set("x-found", deeper(2).toString());
}
export function onResponse(response: Response): void { response.headers.set("x-filter", "ran"); }
function down(n: i32): i32 {
  return n % 40 == 0 ? 0 : down(n + 1) + down(n + 1) * n;
}
function deeper(n: i32): i32 { return n == 1 ? 0 : deeper(n + 2) + 1; }
`;
/** One that refuses nobody. */
const harmless = filter.replace(/.*request\.deny.*\n/, "");

test.each([
  ["access control", filter],
  ["what refuses nobody", harmless],
])(
  "a filter without an end answers 503 once, is named in the log, and is enforced again by a new VM: %s",
  async (_, text) => {
    const mesh = {
      path: "mesh.yaml",
      text: "name: two\nidentity: address\nservices:\n  a: { entry: true }\n  app: { port: 8080 }\ncalls:\n  a: [app]\n",
    };
    const { build: made, diagnostics } = await build({
      policies: [{ path: "filters/loops.ts", text }],
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
    const ask = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const signal = AbortSignal.timeout(5000);
      const answer = await fetch(`http://${target?.address}:${target?.port}/`, { headers, signal });
      return `${answer.status} ${answer.headers.get("x-filter")}`;
    };
    expect(await ask({})).toBe("200 ran");
    for (const [index, loop] of ["while", "recursion", "depth"].entries()) {
      expect(await ask({ "x-loop": loop }), loop).toBe("503 null");
      // Whatever passes has met the filter.
      const seen = new Set<string>();
      const again = async (): Promise<string> => {
        const answer = await ask({});
        seen.add(answer);
        return answer;
      };
      await expect.poll(again, { timeout: 10_000, interval: 50 }).toBe("200 ran");
      expect([...seen].filter((answer) => answer !== "200 ran" && answer !== "503 null")).toEqual([]);
      if (text === filter) expect(await ask({ "x-loop": "deny" })).toBe("403 null");
      const said = log.match(/loops: callback proxy_on_request_headers went over its .*/g) ?? [];
      const spent = ["budget of 50000000", "budget of 50000000", "stack of 512 KiB"];
      expect(said).toEqual(
        spent
          .slice(0, index + 1)
          .map((what) => `loops: callback proxy_on_request_headers went over its ${what}`),
      );
    }
  },
);
