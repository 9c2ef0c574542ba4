import type { CopperPolicy, Side } from "../../controlplane/language/policy.ts";
import type { Bytes } from "./bytes.ts";
import type { Exchange, Header, Level, Memory, Response } from "./exchange.ts";

/** What a value can be; undefined is absent. A `string` or `bytes` is `Bytes`, an `int` or `duration` a bigint. */
export type Value = Bytes | bigint | number | boolean | undefined;

/** Decides what is left to chance: an event of a probability above 0 and below 1. */
export type Choose = () => boolean;

/** A request or response on its way through the policies of one proxy: what they have made of it so far. */
export interface Travel {
  readonly exchange: Exchange;
  /** Where it is a response that is on its way. */
  readonly response?: Response;
  readonly now: bigint;
  readonly memory: Memory;
  readonly choose: Choose;
  /** Called for each action done and each operator evaluated, by its name. */
  readonly tally: (name: string) => void;
  headers: Header[];
  /** Milliseconds that a deadline leaves. */
  restMs: bigint | undefined;
  /** What the last timeout was, or what a deadline left of it, in milliseconds; 0 is no limit. */
  timeoutMs: bigint | undefined;
  reply: { readonly status: number; readonly body: Bytes } | undefined;
  readonly logs: { readonly level: Level; readonly message: Bytes }[];
  readonly tags: Map<string, Bytes>;
  readonly counts: Map<string, bigint>;
  readonly records: [name: string, value: bigint][];
  /** Counters of the bytes that will pass, each with what comes behind its name. */
  readonly metered: string[];
  /** What it has acquired until the answer is through. */
  readonly held: Set<string>;
}

/** One policy at work on it. */
export interface Run {
  readonly travel: Travel;
  readonly policy: CopperPolicy;
  readonly section: Side;
  /** Set where an audited policy would have changed something. */
  wouldAct: boolean;
  /** Set by an \`Allow\` that admits the call. */
  admits: boolean;
}

/** Ends the policy that runs. */
export class Done extends Error {}

/** Whether the policy is about the response. */
export function isOfResponse(policy: CopperPolicy): boolean {
  return policy.act === "Response" || policy.act === "RPCResponse";
}

/** The body that the policy is about; none is an empty one. */
export function bodyOf({ travel }: Run): Bytes {
  return (travel.response === undefined ? travel.exchange.body : travel.response.body) ?? "";
}
