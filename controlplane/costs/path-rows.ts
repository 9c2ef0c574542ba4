import { strict as assert } from "node:assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Row } from "../../envoy/measure/side-by-side.ts";
import { wasm } from "../../envoy/measure/wasm-row.ts";
import { type Build, build } from "../pipeline/build.ts";

/** What stamping and looking at a request's path take, each beside what it is held against. */
export interface PathRows {
  /** A service that a path begins at writes the first state, one on its way another one. Held against a proxy whose module does nothing. */
  readonly begin: Row;
  readonly stamp: Row;
  /** One policy on the same call: for requests of some paths, for all, and one that looks at one header before it writes another. */
  readonly check: Row;
  readonly unchecked: Row;
  readonly oneHeader: Row;
}

/** Two ways lead to `c`, so that `b` stamps what goes by it and `c` looks at what it sends on. */
const mesh = {
  path: "mesh.yaml",
  text: `name: measured
identity: address
services: { a: { entry: true }, b: {}, c: { replicas: 2 }, d: { replicas: 9 } }
calls: { a: [b, c], b: [c], c: [d] }
`,
};

/** The rows, of modules and configurations as they are shipped, which are written into a folder. */
export async function pathRows(folder: string): Promise<PathRows> {
  const asking = await built("b -> c -> d", "");
  const always = await built("c -> d", "");
  const reading = await built("c -> d", 'if (GetHeader(request, "x-tenant") == "acme") ');
  const { revision, stamps } = onlyRevision(asking);
  const [first = "", behind = ""] =
    [...(stamps.find(({ service }) => service === "b")?.steps ?? [])][0] ?? [];
  assert(first !== "" && behind !== first, "the stamp changes the state");
  const state = (token: string): readonly (readonly [string, string])[] => [
    ["tracestate", `wire=${revision}.${token},vendor=t61rcWkgMzE`],
  ];
  const row = async (name: string, of: Build, place: Place): Promise<Row> => {
    const { module, configuration } = slotAt(of, place);
    const path = join(folder, `${name}.wasm`);
    await writeFile(path, module.bytes);
    return wasm(name, path, configuration);
  };
  const outOfC = { service: "c", direction: "outbound" } as const;
  return {
    begin: await row("begin", asking, { service: "a", direction: "inbound" }),
    stamp: {
      ...(await row("stamp", asking, { service: "b", direction: "inbound" })),
      headers: state(first),
    },
    check: { ...(await row("check", asking, outOfC)), headers: state(behind) },
    unchecked: { ...(await row("unchecked", always, outOfC)), headers: state(behind) },
    oneHeader: await row("one header", reading, outOfC),
  };
}

interface Place {
  readonly service: string;
  readonly direction: "inbound" | "outbound";
}

async function built(context: string, condition: string): Promise<Build> {
  const text = `policy measured ( act (Request request) context ('${context}') ) {\n  [Egress] ${condition}SetHeader(request, "x-measured", "yes");\n}\n`;
  const { build: found, diagnostics } = await build({ policies: [{ path: "measured.cup", text }], mesh });
  assert(found !== undefined, diagnostics.map(({ message }) => message).join("\n"));
  return found;
}

function onlyRevision({ paths: { known } }: Build): Build["paths"]["known"][number] {
  const [tables] = known;
  assert(tables !== undefined, "the context is decided by paths");
  return tables;
}

function slotAt({ chains }: Build, { service, direction }: Place): Build["chains"][number]["slots"][number] {
  const slots = chains
    .filter((chain) => chain.service === service && chain.direction === direction)
    .flatMap((chain) => chain.slots);
  const [slot] = slots;
  assert(slot !== undefined && slots.length === 1, `${service} has one module ${direction}`);
  return slot;
}
