import { describe, expect, test } from "vitest";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { plainMesh, plainService } from "../mesh/suite.ts";
import { carriesState } from "./dataplane.ts";
import { priced } from "./priced.ts";
import { place } from "./solve.ts";

function declared(text: string) {
  return priced(declaredDataplanes([{ path: "dataplanes.cui", text }]));
}

const connections = `dataplane tcp
cost: 1

act Connection {
    action Allow(self, const service caller = "*", const service callee = "*"),
    action Deny(self),
}
`;

describe("carriesState", () => {
  test.each([
    { what: "all that there is", text: 'import "standard.cui";\ndataplane full\n', carries: true },
    {
      what: "something of requests",
      text: "act Request {\n    action GetPath(self): string,\n}\n",
      carries: true,
    },
    { what: "denials of requests alone", text: "act Request {\n    action Deny(self),\n}\n", carries: true },
    {
      what: "something of responses",
      text: "act Response {\n    action GetStatus(self): int,\n}\n",
      carries: true,
    },
    // A policy for requests may be enforced there too, if it only has actions of connections.
    { what: "connections alone", text: connections, carries: false },
  ])("$what: $carries", ({ text, carries }) => {
    const [dataplane] = declared(text.startsWith("act") ? `dataplane one\n\n${text}` : text);
    expect(dataplane && carriesState(dataplane)).toBe(carries);
  });

  test("a service that only stamps gets a proxy that sees requests, whatever it costs", async () => {
    const services = ["entry", "one", "other", "middle", "end"].map((name) =>
      plainService(name, { entry: name === "entry" }),
    );
    const calls = [
      ["entry", "one"],
      ["entry", "other"],
      ["one", "middle"],
      ["other", "middle"],
      ["middle", "end"],
    ].map(([from = "", to = ""]) => ({ from, to, rate: 1 }));
    const mesh = plainMesh("stamps", services, calls);
    const text =
      'policy p (\n    act (Request r)\n    context (\'one -> middle -> end\')\n) {\n    [Ingress]\n    SetHeader(r, "a", "b");\n}\n';
    const { policies, diagnostics } = checkPolicies([{ path: "p.cup", text }], mesh);
    expect(diagnostics).toEqual([]);
    const dataplanes = declared(`import "standard.cui";\ndataplane full\ncost: 2\n---\n${connections}`);
    const { placement } = await place(policies, mesh, { dataplanes });
    const stamping = placement?.proxies.filter(({ stamps }) => stamps) ?? [];
    expect(stamping.length).toBeGreaterThan(0);
    expect(stamping.filter(({ dataplane }) => dataplane === "tcp")).toEqual([]);
  });
});
