import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { startMesh } from "./start-mesh.ts";

const policies = [
  {
    path: "body.cup",
    text: `policy no-admins (act (Request r) context ('^frontend')) {
  [Ingress]
  SetHeader(r, "x-size", GetBodySize(r, 20000).ToString());
  if (GetJsonField(r, "user.role", 20000) == "admin") { Deny(r, 403, "no admins") }
}`,
  },
];
const mesh = {
  path: "mesh.yaml",
  text: `name: one
services:
  frontend: { entry: true, protocol: http, port: 5000 }
calls: {}
`,
};

test("a policy sees the whole of a body that comes in pieces, before the service sees any of it", async () => {
  const { build: built, diagnostics } = await build({ policies, mesh }, { cache: createChainCache() });
  if (built === undefined) throw new Error(JSON.stringify(diagnostics.map(({ message }) => message)));
  await using running = await startMesh(built);
  const target = running.outside("frontend");
  if (target === undefined) throw new Error("nobody outside may call frontend");
  const post = async (pieces: readonly string[]): Promise<{ status: number | undefined; body: string }> => {
    const { address: host, port } = target;
    const headers = { host: "frontend" };
    const sent = request({ host, port, method: "POST", path: "/", headers, agent: false });
    const answer = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      sent.on("error", reject);
      sent.on("response", (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      });
    });
    for (const piece of pieces) {
      sent.write(piece);
      await sleep(30);
    }
    sent.end();
    return answer;
  };
  expect(await post(['{"user": {"ro', 'le": "adm', 'in"}}'])).toEqual({ status: 403, body: "no admins" });
  expect((await post(['{"user": {"role": "guest"}}'])).status).toBe(200);
  expect((await post([])).status).toBe(200);
  // Longer than what the policy looks at: it goes on as it comes.
  expect((await post(Array<string>(4).fill("x".repeat(16_000)))).status).toBe(200);
});
