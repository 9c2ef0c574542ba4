import type { Protocol } from "../mesh/mesh.ts";
import type { Address } from "../xds/address-plan.ts";
import type { Sights } from "./sights.ts";

/** What is to be asked of which services, and who looks at what comes of it. JSON. */
export interface Examination extends Sights {
  /** By which what has been seen is asked for. */
  readonly id: string;
  /** As in the mesh file. */
  readonly stateHeader: string;
  /** Those that have to hand on states; also what lies behind one that was named. */
  readonly services: readonly Examined[];
}

export interface Examined {
  readonly service: string;
  readonly protocol: Protocol;
  /** Where it is itself, and not its proxy. */
  readonly endpoints: readonly Address[];
  /** Of its probe. */
  readonly probe: string;
  /** What its probe says. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands for the state where all is handed on. */
  readonly state: string;
  /** The header with the id that it is to hand on, where that is all: its own proxy gives the state back. */
  readonly forwards?: string;
}

/** A request that a probe has led to, as a proxy saw it come. JSON. */
export interface Sighting {
  readonly probe: string;
  /** Whose proxy it was. */
  readonly service: string;
  readonly direction: "inbound" | "outbound";
  /** Of inbound requests, where the address says it. */
  readonly from?: string;
  /** The headers by which it was known. */
  readonly by: readonly string[];
  readonly state?: string;
}

/** What a service said to its probe. */
export type Answered =
  | { readonly kind: "status"; readonly status: number }
  /** It cannot be asked. */
  | { readonly kind: "failed"; readonly why: string };

/** What is known of a service. */
export type Verdict =
  | { readonly kind: "forwards" }
  /** It hands on these headers, and not the state, to these services, or, where none is named, to all that its own proxy sees; to others it may. */
  | { readonly kind: "drops"; readonly headers: readonly string[]; readonly to: readonly string[] }
  /** No proxy has seen anything of its probe: it hands on nothing, or has called nobody. */
  | { readonly kind: "silent"; readonly status: number }
  /** What becomes of what it sends is seen behind these alone, and they do not hand it on, or nobody knows whether they do. */
  | { readonly kind: "behind"; readonly services: readonly string[] }
  | { readonly kind: "unasked"; readonly why: string }
  /** No proxy behind it looks. */
  | { readonly kind: "unseen" };
