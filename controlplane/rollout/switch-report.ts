/** A policy that is switched off. */
export interface Off {
  readonly policy: string;
  /** Whether there is such a policy now. */
  readonly exists: boolean;
}

/** The answer to a switch. */
export interface SwitchReport {
  readonly off: readonly Off[];
  /** Policies that go by the version of a callee that one of these decided, and stay as they are. */
  readonly asBefore: readonly string[];
  /** Services whose proxies have not taken it yet. */
  readonly waitingFor: readonly string[];
  readonly milliseconds: number;
  /** Why it is done and not kept. */
  readonly unkept?: string;
}

/** What is off, for people; empty when none is off. */
export function offText(off: readonly Off[]): string {
  if (off.length === 0) return "";
  return `switched off: ${off
    .map(({ policy, exists }) => (exists ? policy : `${policy} (there is no such policy now)`))
    .join(", ")}`;
}

/** What is said of those that stay as they are; empty when there are none. */
export function asBeforeText({ asBefore }: Pick<SwitchReport, "asBefore">): string {
  if (asBefore.length === 0) return "";
  return `enforced as if the version of what is called were still decided: ${asBefore.join(", ")}`;
}

/** What is said of a switch that is not kept; empty where it is. */
export function unkeptText({ unkept }: Pick<SwitchReport, "unkept">): string {
  return unkept === undefined
    ? ""
    : `done, and forgotten by a restart of the control plane, since it cannot be kept: ${unkept}`;
}
