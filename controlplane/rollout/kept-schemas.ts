import * as z from "zod/mini";
import type { Revision } from "../history/revision.ts";
import type { Source } from "../language/source.ts";
import type { Placement } from "../placement/placement.ts";
import type { Layout } from "../xds/laid-chain.ts";
import type { Kept, KeptPaths, State } from "./state-file.ts";

/** A revision with hashes of texts in the place of texts. */
export type StoredRevision = Omit<Revision, "input" | "placement"> & {
  readonly policies: readonly Source[];
  readonly mesh: Source;
  readonly placement: string;
};

/** How files are written from now on. Those without a number are from before there was one, and are the same. */
export const format = 1;

const texts = z.array(z.string());
const count = z.int().check(z.nonnegative());
const hash = z.string().check(z.regex(/^[\da-f]{64}$/));
const source = z.object({ path: z.string(), text: z.string() });

export const placementSchema: z.ZodMiniType<Placement> = z.object({
  status: z.enum(["optimal", "feasible"]),
  cost: z.number(),
  bound: z.number(),
  unmatched: texts,
  proxies: z.array(
    z.object({
      service: z.string(),
      dataplane: z.string(),
      stamps: z.boolean(),
      policies: z.array(
        z.object({
          policy: z.string(),
          side: z.enum(["egress", "ingress"]),
          section: z.enum(["egress", "ingress", "either"]),
          calls: z.array(
            z.union([
              z.tuple([z.nullable(z.string()), z.string()]),
              z.tuple([z.nullable(z.string()), z.string(), texts]),
            ]),
          ),
        }),
      ),
    }),
  ),
});

const layout: z.ZodMiniType<Layout> = z.object({
  way: z.string(),
  generation: z.string(),
  places: z.array(z.object({ name: z.string(), failure: z.enum(["closed", "open"]) })),
  taken: texts,
});

const states = z.union([texts, z.literal("all")]);

const paths: z.ZodMiniType<KeptPaths> = z.object({
  begin: z.exactOptional(z.string()),
  own: z.exactOptional(z.string()),
  known: z.array(
    z.object({
      revision: z.string(),
      stamps: z.array(
        z.object({
          service: z.string(),
          version: z.exactOptional(z.string()),
          first: z.exactOptional(z.string()),
          steps: z.array(z.tuple([z.string(), z.string()])),
        }),
      ),
      asks: z.array(
        z.object({
          policy: z.string(),
          section: z.enum(["egress", "ingress", "either"]),
          side: z.enum(["egress", "ingress"]),
          from: z.exactOptional(z.string()),
          to: z.string(),
          version: z.exactOptional(z.string()),
          states,
          others: states,
        }),
      ),
    }),
  ),
});

const kept: z.ZodMiniType<Kept> = z.object({
  input: z.object({ policies: z.array(source), mesh: source }),
  placement: placementSchema,
  paths: z.exactOptional(paths),
  layout: z.array(layout),
});

const wave = z
  .object({ waves: z.array(texts), index: count })
  .check(z.refine(({ waves, index }) => index < waves.length, "there is no such wave"));

export const stateSchema: z.ZodMiniType<State> = z.object({
  from: z.exactOptional(kept),
  to: kept,
  goal: z.exactOptional(kept),
  stage: count.check(z.maximum(2)),
  wave: z.exactOptional(wave),
  isReturn: z.exactOptional(z.literal(true)),
  followers: texts,
  off: z._default(texts, []),
  former: z._default(z.record(z.string(), texts), {}),
  left: z._default(texts, []),
});

export const revisionSchema: z.ZodMiniType<StoredRevision> = z.object({
  number: count,
  atMs: z.number(),
  hash,
  off: texts,
  cause: z.discriminatedUnion("kind", [
    z.object({ kind: z.enum(["start", "files", "switch"]) }),
    z.object({
      kind: z.literal("rollback"),
      to: count,
      policiesOnly: z.exactOptional(z.boolean()),
    }),
    z.object({ kind: z.literal("taken back"), of: count }),
  ]),
  outcome: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("rolling out") }),
    z.object({
      ...{ kind: z.literal("converged"), atMs: z.number(), ms: z.number() },
      without: z.exactOptional(texts),
    }),
    z.object({ kind: z.literal("rejected"), atMs: z.number(), reason: z.string() }),
    z.object({ kind: z.enum(["superseded", "rolled back"]), atMs: z.number(), by: count }),
  ]),
  files: z.object({ policies: z.string(), mesh: z.string() }),
  policies: z.array(z.object({ path: z.string(), text: hash })),
  mesh: z.object({ path: z.string(), text: hash }),
  placement: hash,
});

/** What a file says, or what is wrong with it, in words that end a sentence. */
export function readKept<T>(
  schema: z.ZodMiniType<T>,
  text: string,
): { readonly value: T } | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `it is no whole JSON: ${error instanceof Error ? error.message : error}` };
  }
  const number = typeof value === "object" && value !== null && "format" in value ? value.format : format;
  if (number !== format)
    return { fault: `it is of format ${JSON.stringify(number)}, and this Wire knows format ${format}` };
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data };
  const [issue] = read.error.issues;
  const where = issue?.path.map(String).join(".") ?? "";
  return { fault: `${where === "" ? "it" : `\`${where}\``} is not as it was written: ${issue?.message}` };
}
