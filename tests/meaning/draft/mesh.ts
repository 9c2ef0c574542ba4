import fc from "fast-check";
import { store, versioned, versions } from "./words.ts";

/** A call as a policy may match it. */
export interface CallDraft {
  /** Null for a request from outside. */
  readonly from: string | null;
  readonly to: string;
}

export interface MeshDraft {
  readonly yaml: string;
  readonly identity: "none" | "address";
  readonly services: readonly string[];
  /** Those from outside too. */
  readonly calls: readonly CallDraft[];
  /** Contexts that tell calls apart by caller, callee and the callee's version, and what they mean. */
  readonly contexts: ReadonlyMap<string, (call: CallDraft, version: string) => boolean>;
}

const services = ["a", "b", "c", "d", store] as const;

/** A few services around `b`, which has two versions, and a store. */
export const mesh: fc.Arbitrary<MeshDraft> = fc
  .record({
    identity: fc.constantFrom("address" as const, "address" as const, "address" as const, "none" as const),
    more: fc.subarray(["a c", "c b", "c d", "b d", "b s", "c s"]),
    isEntry: fc.boolean(),
    protocol: fc.constantFrom("http", "grpc"),
  })
  .map(({ identity, more, isEntry, protocol }): MeshDraft => {
    const edges = [["a", "b"], ["a", store], ...more.map((edge) => edge.split(" "))] as [string, string][];
    // What nobody calls would be a mistake in the mesh.
    const called = new Set(edges.map(([, to]) => to));
    const there = services.filter(
      (name) => name === "a" || called.has(name) || edges.some(([from]) => from === name),
    );
    const entries = there.filter((name) => name === "a" || !called.has(name) || (isEntry && name === "b"));
    const yaml = [
      "name: meaning",
      `identity: ${identity}`,
      'jwt: { providers: { us: { issuer: "https://us.example", jwks: { keys: [{ kty: OKP, crv: Ed25519, x: abc }] } } } }',
      "services:",
      ...there.map(
        (name) =>
          `  ${name}: { protocol: ${name === store ? "tcp" : protocol}${entries.includes(name) ? ", entry: true" : ""}${name === versioned ? `, versions: { ${versions.map((version) => `${version}: {}`).join(", ")} }` : ""} }`,
      ),
      "calls:",
      ...there
        .map((name) => [name, edges.filter(([from]) => from === name).map(([, to]) => to)] as const)
        .filter(([, to]) => to.length > 0)
        .map(([from, to]) => `  ${from}: [${to.join(", ")}]`),
      "",
    ].join("\n");
    const calls: readonly CallDraft[] = [
      ...entries.map((to): CallDraft => ({ from: null, to })),
      ...edges.map(([from, to]): CallDraft => ({ from, to })),
    ];
    return { yaml, identity, services: there, calls, contexts: contextsOf(there, edges, identity) };
  });

function contextsOf(
  there: readonly string[],
  edges: readonly (readonly [string, string])[],
  identity: MeshDraft["identity"],
): MeshDraft["contexts"] {
  const contexts = new Map<string, (call: CallDraft, version: string) => boolean>();
  // A context is about the end of the path: that of a request from outside is its entry alone.
  for (const to of there) contexts.set(to, (call) => call.to === to);
  for (const to of new Set(edges.map(([, callee]) => callee)))
    contexts.set(`. -> ${to}`, (call) => call.to === to && call.from !== null);
  if (identity === "none") return contexts;
  for (const [from, to] of edges)
    contexts.set(`${from} -> ${to}`, (call) => call.from === from && call.to === to);
  contexts.set("a -> .", (call) => call.from === "a");
  if (there.includes("c"))
    contexts.set("[a, c] -> b", (call) => (call.from === "a" || call.from === "c") && call.to === "b");
  contexts.set("^a", (call) => call.from === null && call.to === "a");
  if (there.includes("c")) contexts.set("[^a] -> .", (call) => call.from !== null && call.from !== "a");
  contexts.set(". -> b@v2", (call, version) => call.from !== null && call.to === "b" && version === "v2");
  return contexts;
}
