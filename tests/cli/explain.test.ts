import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, hotel, runWire } from "./run-wire.ts";

const files = {
  "hot.cup": `policy hot ( act (Request r) context ('frontend -> .* -> [rate, geo]') ) {\n  [Ingress]\n  SetHeader(r, 'critical', 'true');\n}\n`,
  "all.cup": `policy all ( act (Request r) context ('. -> .') ) {\n  SetHeader(r, 'x-all', 'true');\n}\n`,
};

test("explain says what forces a proxy, what frees it, and what a policy leads to", async () => {
  using folder = folderWith(files);
  const { code, stdout, stderr } = await runWire(["explain", folder.path, "--mesh", hotel, "geo", "hot"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    [
      "geo has a proxy because of `hot` on search -> geo",
      "  without a proxy on `geo` that is impossible",
      "  to free it, leave out the heading for ingress of `hot`: cost 2 instead of 4",
      "hot is enforced on 2 calls; without it all would cost 2 less",
      "  search -> geo at ingress",
      "  search -> rate at ingress",
      "",
    ].join("\n"),
  );
});

test("explain --json: reasons by proxy and policy, and names that need no proxy", async () => {
  using folder = folderWith(files);
  const args = ["explain", folder.path, "--mesh", hotel, "--json", "frontend", "user"];
  const { code, stdout } = await runWire(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    status: "optimal",
    cost: 4,
    bound: 4,
    proxies: [
      {
        service: "frontend",
        dataplane: "envoy",
        need: "forced",
        forcedBy: [
          { policy: "all", section: "either", call: ["frontend", "search"] },
          { policy: "all", section: "either", call: ["frontend", "profile"] },
        ],
        size: "smallest",
        cost: 1,
        without: 2,
        proved: true,
        freedBy: [{ kind: "remove", policy: "all", text: "remove `all`", cost: 3 }],
        complete: true,
        untried: 0,
      },
    ],
    policies: [],
    without: ["user"],
  });
});

const paths = {
  "late.cup": `policy late ( act (Request r) context ('b -> c -> d') ) {\n  SetHeader(r, 'late', 'yes');\n}\n`,
  "mesh.yaml": `name: detour
identity: address
services: { a: { entry: true }, b: { replicas: 2 }, c: {}, d: {} }
calls: { a: [b, c], b: [c], c: [d] }
`,
};

test("explain says why services stamp, and where the path of a request decides", async () => {
  using folder = folderWith(paths);
  const args = ["explain", folder.path, "--mesh", join(folder.path, "mesh.yaml"), "a", "b", "late"];
  expect((await runWire(args)).stdout).toBe(
    [
      "a has a proxy because of `late` on c -> d",
      "  it stamps requests: paths of requests begin here",
      "  without a proxy on `a` that is impossible",
      "  to free it, remove `late`: cost 0 instead of 4",
      "b has a proxy because of `late` on c -> d",
      "  it stamps requests: its stamp tells a -> b -> c -> d, which late is for, from a -> c -> d",
      "  without a proxy on `b` that is impossible",
      "  to free it, remove `late`: cost 0 instead of 4",
      "late is enforced on 1 call; without it all would cost 4 less",
      "  c -> d at egress, if the path of the request is one that it is for",
      "",
    ].join("\n"),
  );
  const { proxies, policies } = JSON.parse((await runWire([...args, "--json"])).stdout);
  expect(proxies.map(({ service, stamp }: Readonly<Record<string, unknown>>) => [service, stamp])).toEqual([
    ["a", { kind: "origin" }],
    [
      "b",
      {
        kind: "apart",
        policy: "late",
        call: ["c", "d"],
        matching: ["a", "b", "c", "d"],
        other: ["a", "c", "d"],
      },
    ],
  ]);
  expect(policies).toMatchObject([{ policy: "late", calls: [{ from: "c", to: "d", byPath: true }] }]);
});

const inUnits = {
  "planes.cui": `import "standard.cui";
dataplane envoy
cost: { cpu: 1.1mCPU, memory: 8MiB, request: 2us }
act Request { action SetHeader(self, const header name, string value) cost 300ns, }
`,
  "p.cup": `import "planes.cui";
policy both ( act (Request r) context ('a -> b') ) {
  [Egress] SetHeader(r, "x-out", "1");
  [Ingress] SetHeader(r, "x-in", "1");
}
---
policy mark ( act (Request r) context ('b -> c') ) { SetHeader(r, "x-mark", "1"); }
`,
  "mesh.yaml": `name: m
identity: address
prices: { cpu: 8, memory: 1 }
services: { a: { entry: true }, b: {}, c: {} }
calls: { a: [{ to: b, rate: 700 }], b: [{ to: c, rate: 1100 }] }
`,
};

test("explain: costs have the units of the data planes, and a call with two headings is one", async () => {
  using folder = folderWith(inUnits);
  const args = ["p.cup", "--mesh", "mesh.yaml", "b", "both"].map((each) =>
    each in inUnits ? join(folder.path, each) : each,
  );
  const { code, stdout } = await runWire(["explain", ...args]);
  expect(code).toBe(0);
  expect(stdout).toBe(`b has a proxy because of \`both\` on a -> b
  without a proxy on \`b\` that is impossible
  to free it, leave out the heading for ingress of \`both\`: cost 8.505 mCPU instead of 9.905 mCPU
both is enforced on 1 call; without it all would cost 5.299 mCPU less
  a -> b at egress
  a -> b at ingress
costs are in mCPU, memory at 0.122 for each MiB
`);
  const told = JSON.parse((await runWire(["explain", ...args, "--json"])).stdout);
  expect(told).toMatchObject({ unit: "mCPU", cost: 9.905126, policies: [{ cost: 5.298563 }] });
});

test("place and what-if: what a sum of fractions is off by is not printed", async () => {
  using folder = folderWith(inUnits);
  const args = ["place", join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml"), "--json"];
  const amounts = { cpuMilli: 7.952, memoryMib: 16 };
  expect(JSON.parse((await runWire(args)).stdout).amounts).toEqual(amounts);
  expect(JSON.parse((await runWire([...args, "--what-if", "c.proxy=never"])).stdout).amounts).toEqual({
    before: amounts,
    after: amounts,
  });
});

test("explain says how many changes it has not tried", async () => {
  const policies = Array.from(
    { length: 15 },
    (_, n) => `policy p${n} ( act (Request r) context ('a -> b${n}') ) { [Ingress] SetHeader(r, 'x', '1'); }`,
  );
  const services = policies.map((_, n) => `b${n}`);
  using folder = folderWith({
    "p.cup": policies.join("\n---\n"),
    "mesh.yaml": `name: m\nservices: { a: { entry: true }, ${services.map((name) => `${name}: {}`).join(", ")} }\ncalls: { a: [${services.join(", ")}] }\n`,
  });
  const args = [join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml"), "b3"];
  expect((await runWire(["explain", ...args])).stdout).toBe(`b3 has a proxy because of \`p3\` on a -> b3
  without a proxy on \`b3\` that is impossible
  to free it, leave out the heading for ingress of \`p3\`: cost 15 instead of 15
  28 single changes of what is farther away were not tried
`);
  expect(JSON.parse((await runWire(["explain", ...args, "--json"])).stdout).proxies).toMatchObject([
    { complete: false, untried: 28 },
  ]);
});

test("explain of a tie says what else would cost the same", async () => {
  using folder = folderWith({
    "mesh.yaml": "name: m\nidentity: address\nservices: {a: {entry: true}, b: {}}\ncalls: {a: [b]}\n",
    "p.cup": "policy p ( act (Request r) context ('a -> b') ) { SetHeader(r, 'x', '1'); }\n",
  });
  const args = ["explain", join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml")];
  const { code, stdout } = await runWire([...args, "a", "b"]);
  expect(code).toBe(0);
  const [tie, ...lines] = stdout.trimEnd().split("\n");
  const [has, other, at, not] = tie?.startsWith("a")
    ? ["a", "b", "ingress", "egress"]
    : ["b", "a", "egress", "ingress"];
  expect([tie, ...lines.slice(0, 3)]).toEqual([
    `${has} has a proxy, and some other placement is as cheap without it`,
    ...(has === "a"
      ? [`  - a: no proxy`, `  + b: a proxy (envoy)`]
      : [`  + a: a proxy (envoy)`, `  - b: no proxy`]),
    `  ~ p at ${at} instead of ${not} for a -> b`,
  ]);
  expect(lines.at(-1)).toBe(`${other} needs no proxy`);
});

test("explain keeps to the last placement, and to its time", async () => {
  using folder = folderWith({
    "mesh.yaml": "name: m\nidentity: address\nservices: {a: {entry: true}, b: {}}\ncalls: {a: [b]}\n",
    "p.cup": "policy p ( act (Request r) context ('a -> b') ) { SetHeader(r, 'x', '1'); }\n",
  });
  const path = (name: string): string => join(folder.path, name);
  const args = [path("p.cup"), "--mesh", path("mesh.yaml")];
  for (const [service, side, other] of [
    ["a", "egress", "b"],
    ["b", "ingress", "a"],
  ] as const) {
    const first = JSON.parse((await runWire(["place", ...args, "--json"])).stdout);
    const proxies = [
      { ...first.proxies[0], service, policies: [{ policy: "p", side, calls: [["a", "b"]] }] },
    ];
    writeFileSync(path("last.json"), JSON.stringify({ ...first, proxies }));
    const { stdout } = await runWire(["explain", ...args, "--from", path("last.json"), other]);
    expect(stdout).toBe(`${other} needs no proxy\n`);
  }
  const wrong = await runWire(["explain", ...args, "--from", path("mesh.yaml")]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("error[PLC0109]");
  const family = ["--family", "seed", "--size", "small", "--free", "--seed", "1"];
  using generated = folderWith({});
  expect((await runWire(["mesh", "generate", ...family, "--out", generated.path])).code).toBe(0);
  const hurried = [
    "explain",
    generated.path,
    "--mesh",
    join(generated.path, "mesh.yaml"),
    "--time-limit",
    "0",
  ];
  const { stdout } = await runWire(hurried);
  expect(stdout).toContain(
    "the placement is not proved to be the cheapest: cost 48 (not proved: at least 42)\n",
  );
  expect(stdout).toContain("has a proxy, and in the time it was not proved whether it needs one\n");
});

test("explain says what a policy is worth to others that need the version it chooses", async () => {
  const router = `policy q ( act (Request r) context ('. -> b') priority (3) ) { RouteToVersion(r, "b", "v2"); }\n`;
  const user = (heading: string): string =>
    `policy p ( act (Request r) context ('. -> b@v2') ) { ${heading} SetHeader(r, "x", "1"); }\n`;
  using folder = folderWith({
    "mesh.yaml":
      "name: m\nidentity: address\nservices: { f: { entry: true }, b: { versions: { v1: {}, v2: {} } } }\ncalls: { f: [b] }\n",
    "q.cup": router,
    "at-caller.cup": user("[Egress]"),
    "anywhere.cup": user(""),
  });
  const of = async (file: string, ...options: readonly string[]): Promise<string> => {
    const paths = [join(folder.path, "q.cup"), join(folder.path, file)];
    return (await runWire(["explain", ...paths, "--mesh", join(folder.path, "mesh.yaml"), "q", ...options]))
      .stdout;
  };
  expect(await of("at-caller.cup")).toContain(
    "q is enforced on 1 call; without it nothing could be placed\n",
  );
  expect(JSON.parse(await of("at-caller.cup", "--json")).policies).toMatchObject([
    { cost: null, proved: true },
  ]);
  expect(await of("anywhere.cup")).toContain("q is enforced on 1 call; without it all would cost 1 more\n");
});

test("a policy for versions: place and explain name them", async () => {
  using folder = folderWith({
    "mesh.yaml":
      "name: m\nidentity: address\nservices: { f: { entry: true }, g: { entry: true }, b: { versions: { v1: {}, v2: {} } } }\ncalls: { f: [b], g: [b] }\n",
    "p.cup": `policy p ( act (Request r) context ('f -> b@v2') ) { SetHeader(r, "x", "1"); }\n`,
  });
  const args = [join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml")];
  const placed = JSON.parse((await runWire(["place", ...args, "--json"])).stdout);
  expect(placed.proxies[0].policies).toEqual([{ policy: "p", side: "ingress", calls: [["f", "b", ["v2"]]] }]);
  expect((await runWire(["explain", ...args, "p"])).stdout).toBe(
    "p is enforced on 1 call; without it all would cost 2 less\n  f -> b@v2 at ingress, if it is this caller and version\n",
  );
  const told = JSON.parse((await runWire(["explain", ...args, "p", "--json"])).stdout);
  expect(told.policies[0].calls).toEqual([
    { from: "f", to: "b", versions: ["v2"], side: "ingress", check: "caller and version", byPath: false },
  ]);
});

test("explain warns, as place does, of a version that no request goes to", async () => {
  using folder = folderWith({
    "mesh.yaml":
      "name: m\nidentity: address\nservices: { f: { entry: true }, b: { versions: { v1: {}, v2: {} } } }\ncalls: { f: [b] }\n",
    "p.cup": `policy q ( act (Request r) context ('. -> b') priority (3) ) { RouteToVersion(r, "b", "v2"); }
---
policy p ( act (Request r) context ('. -> b@v1') ) { SetHeader(r, "x", "1"); }
---
policy z ( act (Request r) context ('f -> b') ) { SetHeader(r, "z", "1"); }
`,
  });
  const args = ["explain", join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml"), "p", "z"];
  const { code, stdout, stderr } = await runWire(args);
  expect(stdout).toBe(
    "p is enforced nowhere\nz is enforced on 1 call; without it all would cost the same\n  f -> b at egress\n",
  );
  expect(stderr).toContain(
    "warning[PLC0201]: `p` is enforced nowhere: `q`, which comes before it, sends all requests of `f -> b` to `b@v2`\n",
  );
  expect(code).toBe(0);
});

test("explain of a policy that is off says why it is nowhere", async () => {
  using folder = folderWith({ "off.cup": files["all.cup"].replace("context", "mode (off) context") });
  const { stdout } = await runWire(["explain", folder.path, "--mesh", hotel, "all"]);
  expect(stdout).toBe("all is enforced nowhere: its mode is off\n");
});

test("a name that is nowhere is a mistake in usage", async () => {
  using folder = folderWith(files);
  const named = (...names: readonly string[]) => runWire(["explain", folder.path, "--mesh", hotel, ...names]);
  const message = "`serch` is no file, no service of the mesh and no policy: did you mean `search`?";
  expect(await named("geo", "serch")).toEqual({ code: 2, stdout: "", stderr: `error: ${message}\n` });
  const told = await named("serch", "--json");
  expect({ code: told.code, json: JSON.parse(told.stdout) }).toEqual({ code: 2, json: { error: message } });
  expect((await named("quite-another")).stderr).toContain(
    "no policy: names are those of services and of policies\n",
  );
});

test("place --what-if prints the difference of another pin, cost or file", async () => {
  using folder = folderWith(files);
  // What counts is the name of the policy, and not that of the file.
  using other = folderWith({ "other.cup": files["hot.cup"].replace("  [Ingress]\n", "") });
  const what = (...changes: readonly string[]) =>
    runWire(["place", folder.path, "--mesh", hotel, "--what-if", ...changes]);
  const changed = await what(join(other.path, "other.cup"));
  expect(changed.code).toBe(0);
  expect(changed.stdout.split("\n").slice(0, 4)).toEqual([
    "cost 2 instead of 4",
    "  - geo: no proxy",
    "  - rate: no proxy",
    "  + search: a proxy (envoy)",
  ]);
  expect((await what("envoy.cost=3")).stdout).toBe("cost 12 instead of 4\n");
  expect((await what("envoy.cost=1")).stdout).toBe("nothing would be otherwise\n");
  const pinned = await what("rate.proxy=never");
  expect({ code: pinned.code, out: pinned.stdout }).toEqual({ code: 1, out: "" });
  expect(pinned.stderr).toContain("error[PLC0102]: `hot` cannot be enforced on the call `search -> rate`");
  for (const wrong of ["serch.proxy=never", "rate.proxy=thin", "rate.cost=1", "rate", "envoy.cost=-1"])
    expect((await what(wrong)).code).toBe(2);
});

test("place --what-if takes one change, and no policies after it", async () => {
  using folder = folderWith(files);
  using other = folderWith({ "other.cup": files["hot.cup"].replace("  [Ingress]\n", "") });
  const file = join(other.path, "other.cup");
  const both = ["--what-if", file, "--what-if", "envoy.cost=3"];
  expect((await runWire(["place", "--mesh", hotel, ...both, folder.path])).stdout).toMatch(
    /^cost 6 instead of 4\n/,
  );
  const at = await runWire(["place", folder.path, "--mesh", hotel, "--what-if", file, "envoy.cost=3"]);
  expect(at).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: `envoy.cost=3` is no policy: give each change by itself, as `--what-if envoy.cost=3`\n",
  });
});

test("place --what-if takes amounts where costs have units, and bare numbers where they have none", async () => {
  using folder = folderWith({
    "thin.cui": `import "standard.cui";\ndataplane thin\ncost: { cpu: 20mCPU, memory: 10MiB }\n\nact Request {\n    action SetHeader(self, const header name, string value),\n}\n`,
    "a.cup": files["hot.cup"],
  });
  const what = (change: string) =>
    runWire(["place", folder.path, "--mesh", hotel, "--what-if", change, "--what-if", "geo.proxy=any"]);
  const bare = await what("thin.cost=3");
  expect({ code: bare.code, stderr: bare.stderr }).toEqual({
    code: 2,
    stderr:
      "error: `thin` costs what it takes: give `thin.cpu=30mCPU`, `thin.memory=64MiB` or `thin.request=40us`\n",
  });
  const more = await what("thin.cpu=0.04CPU");
  expect(more).toMatchObject({ code: 0, stderr: "" });
  expect(more.stdout).toMatch(
    /^cost [\d.]+ mCPU instead of [\d.]+\n {2}together [\d.]+ mCPU and ([\d.]+) MiB instead of [\d.]+ mCPU and \1 MiB\n$/,
  );
  expect((await what("thin.cpu=40")).stderr).toBe(
    "error: `thin.cpu=40` has no amount of CPU: write it as `120mCPU` or `0.12CPU`\n",
  );
});

test("place --what-if says which of its costs are not proved", async () => {
  using folder = folderWith({});
  const mesh = join(folder.path, "mesh.yaml");
  const family = ["--family", "seed", "--size", "small", "--free", "--seed", "1"];
  expect((await runWire(["mesh", "generate", ...family, "--out", folder.path])).code).toBe(0);
  const args = [
    "place",
    folder.path,
    "--mesh",
    mesh,
    "--what-if",
    "svc-1-1.proxy=never",
    "--time-limit",
    "0",
  ];
  expect((await runWire(args)).stdout).toBe("cost 48 instead of 48 (not proved: at least 42)\n");
  expect(JSON.parse((await runWire([...args, "--json"])).stdout)).toMatchObject({
    bound: { before: 42, after: 48 },
    status: { before: "feasible", after: "optimal" },
  });
});

test("place --what-if says what was nearly meant, also as JSON", async () => {
  using folder = folderWith(files);
  const what = (...args: readonly string[]) =>
    runWire(["place", folder.path, "--mesh", hotel, "--what-if", ...args]);
  const { code, stdout, stderr } = await what("serch.proxy=never", "--json");
  const message = "there is no service `serch`: did you mean `search`?";
  expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${message}\n` });
  expect(JSON.parse(stdout)).toEqual({ error: message });
  expect((await what("zzzzzz.proxy=never")).stderr).toMatch(
    /^error: there is no service `zzzzzz`: there are \d+ others\n$/,
  );
  expect(JSON.parse((await what("rate", "--json")).stdout)).toEqual({
    error: expect.stringContaining("`rate` is nothing to assume"),
  });
  expect((await what("envoy.cost=2", "--json", "--time-limit", "")).stdout).toContain(
    "`` is not a number of seconds",
  );
});

test("place --what-if tries a change that makes an infeasible input feasible", async () => {
  using folder = folderWith({
    "mesh.yaml":
      "name: m\nidentity: address\nservices: {a: {entry: true, proxy: never}, b: {proxy: never}}\ncalls: {a: [b]}\n",
    "p.cup": "policy p ( act (Request r) context ('a -> b') ) { SetHeader(r, 'x', '1'); }\n",
  });
  const args = ["place", join(folder.path, "p.cup"), "--mesh", join(folder.path, "mesh.yaml")];
  const { code, stdout, stderr } = await runWire([...args, "--what-if", "a.proxy=any"]);
  expect(stderr).toContain("error[PLC0102]");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "cost 1, where nothing was placed\n  + a: a proxy (envoy)\n  + p at egress for a -> b\n",
  });
});

test("place --from stays near the last placement, and says what is none", async () => {
  using folder = folderWith({
    "p.cup": "policy p ( act (Request r) context ('a -> b') ) { SetHeader(r, 'h', 'v'); }\n",
    "mesh.yaml":
      "{ name: m, identity: address, services: { a: { entry: true }, b: {} }, calls: { a: [b] } }\n",
  });
  const path = (name: string) => join(folder.path, name);
  const args = ["place", path("p.cup"), "--mesh", path("mesh.yaml"), "--json"];
  const first = JSON.parse((await runWire(args)).stdout);
  const [{ service }] = first.proxies;
  const other = service === "a" ? "b" : "a";
  const side = other === "a" ? "egress" : "ingress";
  const moved = {
    ...first,
    proxies: [
      { ...first.proxies[0], service: other, policies: [{ policy: "p", side, calls: [["a", "b"]] }] },
    ],
  };
  writeFileSync(path("last.json"), JSON.stringify(moved));
  const again = await runWire([...args, "--from", path("last.json")]);
  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(again.stdout)).toEqual({ ...moved, ms: expect.any(Number) });
  const wrong = await runWire([...args, "--from", path("mesh.yaml")]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("error[PLC0109]: the last placement cannot be read: it is not JSON\n");
  expect(JSON.parse(wrong.stdout).diagnostics).toMatchObject([{ code: "PLC0109" }]);
  expect((await runWire([...args, "--from", path("none.json")])).code).toBe(3);
});
