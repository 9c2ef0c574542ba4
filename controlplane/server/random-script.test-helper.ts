import fc from "fast-check";
import { byName, type Resource, type Resources } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { Form } from "./methods.ts";
import { rootTypes } from "./session.ts";
import type { Snapshot } from "./snapshot.ts";

/** How many scripts, and which. */
export interface Extent {
  readonly seed: number;
  readonly numRuns: number;
  /** Repeats one failure. */
  readonly path: string | undefined;
}

/** What happens to a node that has two streams at most. */
export interface Script {
  /** There are no others: with few of them more happens to each. */
  readonly types: readonly TypeUrl[];
  /** Four; what they hold of a type are often the very same resources. */
  readonly snapshots: readonly Snapshot[];
  /** Whether the clients refuse what they are to refuse, or take it after all. */
  readonly isPicky: boolean;
  /** How the first stream is opened. */
  readonly first: Opening;
  readonly steps: readonly Step[];
}

export interface Opening {
  readonly form: Form;
  /** Of the types of the script; undefined: for all of them. */
  readonly type: number | undefined;
  readonly takesTtl: boolean;
}

/** One thing that happens, mostly to one of the streams that there are: by number, so that a failure shrinks. */
export type Step =
  | { readonly kind: "set"; readonly snapshot: number }
  | {
      readonly kind: "ask";
      readonly who: number;
      /** Of the types of the script, where the stream is for all of them. */
      readonly type: number;
      /** Of the names that may be asked for: in the state of the world all that it wants from now on. */
      readonly names: readonly number[];
      /** What it wants no more; in the incremental form alone. */
      readonly less: readonly number[];
      /** Whether it asks before it looks at what it was sent; in the state of the world alone. */
      readonly early: boolean;
    }
  /** One of the responses without an answer is answered. */
  | { readonly kind: "accept"; readonly who: number; readonly which: number }
  /** With words that name one resource, or none. */
  | { readonly kind: "refuse"; readonly who: number; readonly which: number; readonly naming: number }
  /** Both clients take all that comes. */
  | { readonly kind: "accept all" }
  | { readonly kind: "wait"; readonly ms: number }
  /** Whether the client reads what is written to it. */
  | { readonly kind: "read"; readonly who: number; readonly reads: boolean }
  /** The stream ends and another begins: of the same client, which says what it has, where it `resumes`, or of a new one. */
  | {
      readonly kind: "connect";
      readonly who: number;
      readonly opening: Opening;
      readonly resumes: boolean;
    };

const types = Object.values(typeUrl);

/** Few, so that what happens meets the same ones again and again. */
export const namesOf: Readonly<Record<TypeUrl, readonly string[]>> = {
  [typeUrl.cluster]: ["c", "a/x", "a/y"],
  [typeUrl.endpoints]: ["c", "a/x", "a/y"],
  [typeUrl.secret]: ["s"],
  [typeUrl.runtime]: ["t"],
  [typeUrl.extension]: ["f", "g"],
  [typeUrl.listener]: ["l", "a/m"],
  [typeUrl.scopedRoutes]: ["sc"],
  [typeUrl.route]: ["r", "q"],
  [typeUrl.virtualHost]: ["r/h", "r/k"],
};

/** What else resources may be asked for by (xds.md P19). Those of types of which a client is told what is gone have no other names. */
export function aliasesOf(type: TypeUrl): readonly string[] {
  if (rootTypes.has(type)) return [];
  return type === typeUrl.virtualHost ? ["r/al"] : ["al"];
}

/** What may be asked for. */
const askedFor = new Map(
  types.map((type) => [type, [...namesOf[type], ...aliasesOf(type), "a/*", "*"]] as const),
);

export function pick(type: TypeUrl, picks: readonly number[]): readonly string[] {
  return picks.flatMap((index) => askedFor.get(type)?.[index] ?? []);
}

/** A resource whose bytes say what it is. */
export function scriptedResource(typeUrl: TypeUrl, name: string, version: string): Resource {
  return { name, typeUrl, version, bytes: new TextEncoder().encode(`${name}=${version}`) };
}

function resourceOf(type: TypeUrl, name: string): fc.Arbitrary<Resource> {
  return fc
    .record({
      // Often the same, as something else of it may change.
      version: fc.constantFrom("1", "1", "2", "3"),
      isAliased: fc.constantFrom(false, false, false, true),
      ttlMs: fc.constantFrom(0, 0, 0, 1_000, 3_000),
    })
    .map(({ version, isAliased, ttlMs }) => ({
      ...scriptedResource(type, name, version),
      ...(isAliased ? { aliases: aliasesOf(type) } : {}),
      ...(ttlMs > 0 ? { ttlMs } : {}),
    }));
}

function setOf(type: TypeUrl): fc.Arbitrary<Resources> {
  return fc
    .tuple(...namesOf[type].map((name) => fc.option(resourceOf(type, name), { freq: 4, nil: undefined })))
    .map((some) => byName(some.filter((each) => each !== undefined)));
}

/** Of each type there are two sets of resources, of which a snapshot has one or none. */
const sets = fc.tuple(...types.map((type) => fc.tuple(setOf(type), setOf(type))));
const chosen = fc.tuple(...types.map(() => fc.option(fc.nat(1), { freq: 5, nil: undefined })));

const opening: fc.Arbitrary<Opening> = fc.record({
  form: fc.constantFrom("delta", "sotw"),
  type: fc.option(fc.nat(types.length - 1), { freq: 2, nil: undefined }),
  takesTtl: fc.boolean(),
});

const who = fc.nat(1);
const which = fc.nat(3);
const whichType = fc.nat(types.length - 1);
const all = [0, 1, 2, 3, 4, 5];
const picks = fc.subarray(all);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("set" as const), snapshot: fc.nat(3) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      ...{ kind: fc.constant("ask" as const), who, type: whichType },
      names: fc.oneof(picks, fc.constant(all)),
      less: fc.oneof(fc.constant([]), picks),
      early: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("accept" as const), who, which }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("refuse" as const), who, which, naming: fc.nat(3) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("accept all" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant("wait" as const) },
      ms: fc.constantFrom(100, 400, 1_200, 6_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("read" as const), who, reads: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("connect" as const), who, opening, resumes: fc.boolean() }),
  },
);

export const randomScript: fc.Arbitrary<Script> = fc
  .record({
    // One of them is asked for in either form.
    types: fc.subarray(types, { minLength: 2 }),
    sets,
    snapshots: fc.array(chosen, { minLength: 4, maxLength: 4 }),
    isPicky: fc.boolean(),
    first: opening,
    steps: fc.array(step, { maxLength: 60, size: "max" }),
  })
  .map((drawn) => ({
    ...drawn,
    snapshots: drawn.snapshots.map(
      (which) =>
        new Map(
          types.flatMap((type, index) => {
            const one = which[index];
            const resources = one === undefined ? undefined : drawn.sets[index]?.[one];
            return resources === undefined || !drawn.types.includes(type) ? [] : [[type, resources] as const];
          }),
        ),
    ),
  }));
