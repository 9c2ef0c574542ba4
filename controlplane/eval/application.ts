import { parse } from "yaml";
import * as z from "zod/mini";
import type { Work } from "../../envoy/emulator/service.ts";

/** An application that is measured: what comes to it, what its services do, and which calls its policies are about. */
export interface Application {
  /** The service that requests come to from outside. */
  readonly entry: string;
  readonly requests: readonly RequestKind[];
  readonly work: { readonly services: Work; readonly stores: Work };
  /** Services that make their calls all at once. */
  readonly parallel: readonly string[];
  readonly covered: Covered;
}

export interface RequestKind {
  readonly path: string;
  /** How many there are of them for those of the others. */
  readonly share: number;
  /** Whom a service, or one version of it (`reviews@v1`), calls for such a request, where it is not all that it calls at all. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
}

/** Which calls the policies of each scenario are about. */
export interface Covered {
  readonly p1: readonly (HeaderRule | VersionRule)[];
  /** Absent where there are no stores. */
  readonly p2?: {
    readonly policy: string;
    /** For each store who may open a connection to it. */
    readonly allowed: Readonly<Record<string, readonly string[]>>;
  };
}

export interface HeaderRule {
  readonly policy: string;
  /** What the policy writes. */
  readonly header: { readonly name: string; readonly value: string };
  /** Of its calls the services from the entry to the callee, with a blank between: `frontend search geo`. */
  readonly paths: readonly string[];
}

export interface VersionRule {
  readonly policy: string;
  /** Where the policy routes to. */
  readonly version: string;
  readonly paths: readonly string[];
}

const names = z.array(z.string());
const amount = z.number().check(z.nonnegative());
const work: z.ZodMiniType<Work> = z.strictObject({
  cpuUs: z.exactOptional(amount),
  // Timers know no parts of one.
  waitMs: z.exactOptional(z.int().check(z.nonnegative())),
});
const paths = z.array(z.string().check(z.regex(/^\S+( \S+)+$/u)));

const schema: z.ZodMiniType<Application> = z.strictObject({
  entry: z.string(),
  requests: z.array(
    z.strictObject({
      path: z.string().check(z.startsWith("/")),
      share: z.int().check(z.positive()),
      calls: z.record(z.string(), names),
    }),
  ),
  work: z.strictObject({ services: work, stores: work }),
  parallel: names,
  covered: z.strictObject({
    p1: z.array(
      z.union([
        z.strictObject({
          policy: z.string(),
          header: z.strictObject({ name: z.string(), value: z.string() }),
          paths,
        }),
        z.strictObject({ policy: z.string(), version: z.string(), paths }),
      ]),
    ),
    p2: z.exactOptional(z.strictObject({ policy: z.string(), allowed: z.record(z.string(), names) })),
  }),
});

/** Read an `application.yaml`, or what is wrong with it. */
export function applicationOf(text: string): Application | { readonly fault: string } {
  const read = schema.safeParse(yamlOf(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return { fault: `${issue?.path.join(".") || "the whole of it"}: ${issue?.message.toLowerCase()}` };
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
